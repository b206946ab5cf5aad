"""Files that a command is going to write, looked at before it does anything else: its result must not be lost.

Nothing that a command reads is ever replaced by what it writes, with or without --force.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kproxy.errors import UsageError

_SQLITE = b"SQLite format 3\0"
"""What each .kproxy file begins with."""


def check_output(path: Path, inputs: Iterable[str | Path], *, force: bool, what: str = "the recording") -> None:
    """UsageError for an -o that cannot be written, that is one of the `inputs`, or that exists and not `force`."""
    with _said(what):
        _check(path, inputs, what)
        if path.exists() and not force:
            raise UsageError(f"{path} exists already: choose another -o, or replace it with --force")
        if not os.access(path.parent, os.W_OK | os.X_OK):  # a recording that is replaced is made beside it
            raise UsageError(f"{what} cannot be written: nothing can be made in {path.parent}; choose another folder")


def check_report(path: Path | None, inputs: Iterable[str | Path], *, what: str) -> None:
    """UsageError for a report's file that cannot be written, or that is one of the `inputs` or any recording.

    Any other file is replaced, as `>` would do. None: standard output.
    """
    if path is None:
        return
    with _said(what):
        _check(path, inputs, what)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise UsageError(f"{what} cannot be written to {path}: Permission denied; choose another file")
        if path.is_file() and _begins_as_recording(path):
            raise UsageError(
                f"{what} cannot be written to {path}: that is a recording, or another database; choose another file"
            )


@contextmanager
def _said(what: str) -> Iterator[None]:
    """What the system says of a path that it cannot even look at, as a sentence."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{what} cannot be written to {error.filename}: {error.strerror}; choose another file"
        ) from error


def _check(path: Path, inputs: Iterable[str | Path], what: str) -> None:
    if path.is_dir():
        raise UsageError(f"{what} cannot be written: {path} is a folder; choose a file")
    if not path.parent.is_dir():
        raise UsageError(f"{what} cannot be written to {path}: there is no folder {path.parent}; make it first")
    for each in inputs:
        if _is_of(path, Path(each)):
            raise UsageError(f"{what} cannot be written to {path}: that is what is read; choose another file")


def _is_of(path: Path, read: Path) -> bool:
    """Whether a path is what is read under whatever name, or a file of it, where that is a folder."""
    if read.is_dir():
        return path.exists() and path.resolve().is_relative_to(read.resolve())
    return path.resolve() == read.resolve() or (path.exists() and read.exists() and path.samefile(read))


def _begins_as_recording(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False  # it may be written and not read: nobody's recording
