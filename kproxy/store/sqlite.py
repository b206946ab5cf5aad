"""All that is SQLite's own: how a file is opened, what its first bytes say, which files lie beside it."""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kproxy.errors import RecordingError

APPLICATION_ID = 0x6B707278  # "kprx": https://www.sqlite.org/fileformat.html#application_id
MAGIC = b"SQLite format 3\x00"
_HEADER_SIZE = 100
_BUSY_SECONDS = 5.0
_PAGES_READ = 2 << 10
"""KiB of pages that a reader keeps: those on the way to a row. The rows themselves the system has at hand."""

KINDS = "SELECT name, type FROM sqlite_master"
"""What the file holds."""


class NotWritableNowError(RecordingError):
    """The disk is full, or cannot be written for now: recorders try it again (`kproxy/record/committer.py`).

    What was committed stays; the batch may be committed again.
    """

    next_step = "make room there, and run it again"

    def __init__(self, sentence: str, number: int) -> None:
        super().__init__(sentence)
        self.errno = number


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What the first 100 bytes of a SQLite file say (https://www.sqlite.org/fileformat.html#the_database_header)."""

    application_id: int
    schema: int
    wal: bool
    size: int  # bytes the file must have, 0 if the header does not tell


def read_header(path: Path) -> FileHeader | None:
    """The file's header; None if it is no SQLite file. OSError if it cannot be read."""
    with path.open("rb") as file:
        raw = file.read(_HEADER_SIZE)
    if len(raw) < _HEADER_SIZE or not raw.startswith(MAGIC):
        return None
    number = int.from_bytes
    page = number(raw[16:18]) if number(raw[16:18]) != 1 else 65536
    counted = raw[24:28] == raw[92:96]  # the page count is valid only if these two are equal
    return FileHeader(
        application_id=number(raw[68:72]),
        schema=number(raw[60:64]),
        wal=raw[18] == 2,
        size=page * number(raw[28:32]) if counted else 0,
    )


def reading(path: Path) -> sqlite3.Connection:
    """A connection that only reads a file which anybody may have made."""
    connection = connect(path, "ro")
    for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", f"cache_size=-{_PAGES_READ}"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that every thread may use: `mode` is SQLite's, rw or ro."""
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)


def leftovers(path: Path) -> tuple[Path, Path]:
    """The files that SQLite keeps beside one that grows."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def remove(path: Path) -> None:
    """Takes a recording and what lies beside it away."""
    for part in (path, *leftovers(path)):
        with suppress(FileNotFoundError):
            part.unlink()
