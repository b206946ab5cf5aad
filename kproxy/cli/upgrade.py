"""`kproxy upgrade IN OUT`: an older recording in today's schema."""

from pathlib import Path

import click

from kproxy.store.copying import upgrade


@click.command("upgrade", short_help="An older recording in today's schema.")
@click.argument("old", metavar="IN", type=click.Path(path_type=Path))
@click.argument("new", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace an existing OUT.")
def command(*, old: Path, new: Path, force: bool) -> None:
    """Rewrite an older recording in today's schema; IN stays as it is.

    \b
    Example: kproxy upgrade old.kproxy new.kproxy
    """
    upgrade(old, new, force=force)
