"""The options that say how clients come in, and what is shown to them, for `record`."""

from collections.abc import Callable
from pathlib import Path

import click

from kproxy.config.upstream import Upstream
from kproxy.errors import UsageError
from kproxy.model.exchange import IdentityMode
from kproxy.proxy.settings import DEFAULT_LISTEN
from kproxy.proxy.ways.way import Mode, Way

_FILE = click.Path(path_type=Path)


def way_options[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """Adds them to a command."""
    options = (
        click.option(
            "--mode",
            type=click.Choice([mode.value for mode in Mode]),
            default=Mode.REVERSE.value,
            show_default=True,
            help="Clients name kproxy instead of the api-server (reverse), use it as their proxy (regular: "
            "HTTPS_PROXY, proxy-url), or are redirected by a firewall (transparent).",
        ),
        click.option(
            "--tunnel-others",
            is_flag=True,
            help="With regular and transparent: pass on, unrecorded, what goes to other servers.",
        ),
        click.option(
            "--serving-cert", metavar="FILE", type=_FILE, help="Show clients this certificate (its chain after it)."
        ),
        click.option("--serving-key", metavar="FILE", type=_FILE, help="The private key of --serving-cert."),
        click.option(
            "--serving-ca",
            metavar="FILE",
            type=_FILE,
            help="Show a certificate that this authority issues (its certificate and key in one file); "
            "with --serving-cert: what clients are told to trust.",
        ),
        click.option(
            "--serving-name",
            metavar="NAME",
            multiple=True,
            help="A name or address under which clients look for the api-server, beside those that kproxy knows.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def listener_of(way: Way, listen: str | None, server: Upstream) -> tuple[str, bool]:
    """Where to listen, and whether clients speak TLS with kproxy. UsageError where nobody can tell."""
    if way.mode is Mode.REGULAR:
        return listen or "http://127.0.0.1:0", server.tls is not None
    if way.mode is Mode.TRANSPARENT and listen is None:
        raise UsageError("--mode transparent needs --listen: the address to which a firewall redirects clients")
    listen = listen or DEFAULT_LISTEN
    return listen, listen.startswith("https:")


def default_identity(way: Way) -> str | None:
    """For clients that do not know of kproxy: their own credentials. Else what goes without saying."""
    return IdentityMode.PASS.value if way.mode is Mode.TRANSPARENT else None
