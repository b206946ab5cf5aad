"""`kproxy export FILE --to PATH`: a recording in another form."""

from pathlib import Path

import click

from kproxy.convert.otlp import export_traces
from kproxy.convert.text import export_recording


@click.command("export", short_help="A recording in another form.")
@click.argument("file")
@click.option(
    "--to", "target", required=True, metavar="PATH", help="text: the folder, new or empty; otlp: the file, or a URL."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "otlp"]),
    default="text",
    show_default=True,
    help="text: a folder for git; otlp: OpenTelemetry's traces.",
)
def command(*, file: str, target: str, form: str) -> None:
    """Write a recording in its text form, a folder that git can keep and diff; or as traces, for Jaeger or Tempo.

    \b
    Example: kproxy export session.kproxy --to recordings/session
      kproxy export session.kproxy --format otlp --to http://127.0.0.1:4318/v1/traces
    """
    if form == "otlp":
        export_traces(file, target, lambda sentence: click.echo(f"kproxy: {sentence}", err=True))
    else:
        export_recording(file, Path(target))
