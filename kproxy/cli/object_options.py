"""The options of what shows one object: when, and in which namespace."""

import click

at_option = click.option(
    "--at",
    metavar="SEQ|TIME",
    help="After this exchange, at this time (RFC 3339), +SECONDS since the start, or at a revision of etcd (rev:123); "
    "default: at the session's end.",
)

namespace_option = click.option(
    "-n", "--namespace", default="", metavar="NAMESPACE", help="Of an OBJECT that is named without one."
)
