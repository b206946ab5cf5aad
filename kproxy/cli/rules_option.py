"""`--rules FILE`, repeatable: rules of noise beside the built-in ones."""

from pathlib import Path

import click

rules_option = click.option(
    "--rules",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="A file of rules of noise, of your own or from `kproxy learn`. Repeatable.",
)
