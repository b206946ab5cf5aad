"""The options that say how clients come in, for `record`."""

from collections.abc import Callable
from pathlib import Path

import click

_FILE = click.Path(path_type=Path)


def way_options[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """Adds --serving-cert, --serving-key, --serving-ca and --serving-name."""
    for option in (
        click.option("--serving-cert", type=_FILE, help="Show clients this certificate (its chain after it)."),
        click.option("--serving-key", type=_FILE, help="The private key of --serving-cert."),
        click.option(
            "--serving-ca",
            type=_FILE,
            help="Show a certificate that this authority issues (a file with its certificate and key); "
            "with --serving-cert: what clients are told to trust.",
        ),
        click.option(
            "--serving-name",
            metavar="NAME",
            multiple=True,
            help="For which names and addresses clients may take kproxy, beside the listener's.",
        ),
    ):
        command = option(command)
    return command
