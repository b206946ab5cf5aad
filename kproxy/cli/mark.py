"""`kproxy mark TEXT`: a named point in a running recording."""

import os
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.session.marks import link_of, send_mark
from kproxy.session.recording import state_home


@click.command("mark", short_help="Write a named point into a running recording.")
@click.argument("text")
@click.option(
    "--recording",
    "file",
    type=click.Path(path_type=Path),
    help="The FILE that is recorded into (default: the recording around this command, KPROXY_MARK).",
)
def command(*, text: str, file: Path | None) -> None:
    """Write TEXT into a running recording, between the exchanges before it and those after it.

    Inside `kproxy record -- COMMAND` the recording is known; from anywhere else name it.

    \b
    Example: kproxy mark --recording session.kproxy "the upgrade begins"
    """
    if file is not None:
        place, what = link_of(file, os.environ, state_home(os.environ)), str(file)
    elif told := os.environ.get("KPROXY_MARK", ""):
        place, what = Path(told), "the recording that KPROXY_MARK names"
    else:
        raise UsageError("there is no recording around this command: name one with --recording")
    send_mark(text, place, what)
