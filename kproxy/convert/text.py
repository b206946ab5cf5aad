"""Recordings in their text form, out and in."""

from pathlib import Path

from kproxy.errors import UsageError
from kproxy.store.copying import import_text
from kproxy.store.reader import open_recording
from kproxy.store.text import export_text


def export_recording(where: str, target: Path) -> None:
    """Write the text form of a recording into a new or empty folder."""
    with open_recording(where) as recording:
        export_text(recording, target)


def import_recording(folder: Path, output: Path, *, force: bool) -> None:
    """Make one file of a text form. UsageError when it is no folder, or FILE exists and not `force`."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder, so no text form of a recording: `kproxy export` writes one")
    import_text(folder, output, force=force)
