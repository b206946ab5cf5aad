"""`kproxy import PATH -o FILE`: a recording from another form."""

from pathlib import Path

import click

from kproxy.convert.text import import_recording


@click.command("import", short_help="A recording from its text form.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The recording to write.")
@click.option("--format", "form", type=click.Choice(["text"]), default="text", show_default=True, help="The form.")
@click.option("--force", is_flag=True, help="Replace an existing FILE.")
def command(*, path: Path, output: Path, form: str, force: bool) -> None:
    """Make a recording from its text form.

    \b
    Example: kproxy import recordings/session -o session.kproxy
    """
    del form  # click has checked it, and there is one
    import_recording(path, output, force=force)
