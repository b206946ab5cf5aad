"""`kproxy export FILE --to PATH`: a recording in another form."""

from pathlib import Path

import click

from kproxy.session.convert import FORMATS, export_recording


@click.command("export", short_help="A recording in its text form.")
@click.argument("file")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="The folder, new or empty.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="The form.")
def command(*, file: str, target: Path, form: str) -> None:
    """Write a recording in its text form: a folder that git can keep and diff, exact both ways.

    \b
    Example: kproxy export session.kproxy --to recordings/session
    """
    del form  # click has checked it, and there is one
    export_recording(file, target)
