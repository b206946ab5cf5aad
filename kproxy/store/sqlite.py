"""All that is SQLite's own: how a file is opened, what its first bytes say, how rows are said twice."""

import errno
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Column, Engine, MetaData, Table, Text, create_engine, event, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, StaticPool

from kproxy.errors import RecordingError

APPLICATION_ID = 0x6B707278  # "kprx": https://www.sqlite.org/fileformat.html#application_id
MAGIC = b"SQLite format 3\x00"
HEADER_SIZE = 100
BUSY_SECONDS = 5.0

TABLES = select(Table("sqlite_master", MetaData(), Column("name", Text), Column("type", Text)))
"""What the file holds."""

_FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
}


class StorageFullError(RecordingError):
    """The disk is full or cannot be written for now. What was committed stays; the batch may be committed again."""

    next_step = "make room there: it is tried again each second"

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
        raw = file.read(HEADER_SIZE)
    if len(raw) < HEADER_SIZE or not raw.startswith(MAGIC):
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


def writing_engine(path: Path) -> Engine:
    """One connection that writes. Commits survive the process's death; the disk is synced at checkpoints only."""
    engine = create_engine("sqlite://", creator=lambda: _connect(path, "rw"), poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        for pragma in ("synchronous=NORMAL", "wal_autocheckpoint=2000", "cache_size=-16384", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def reading_engine(path: Path, *, growing: bool) -> Engine:
    """Reads only. Of a growing file each question opens it anew, so that its writer can close it at any time."""
    engine = create_engine(
        "sqlite://", creator=lambda: _connect(path, "ro"), poolclass=NullPool if growing else StaticPool
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "cache_size=-32768"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)


def upsert(target: Table) -> str:
    """SQL that writes a row, or writes it over the one with the same key; parameters in the order of the columns."""
    keys = list(target.primary_key.columns)
    names = [column.name for column in target.columns]
    statement = insert(target).values(dict.fromkeys(names))
    changed = {name: statement.excluded[name] for name in names if name not in {key.name for key in keys}}
    return _positional(str(statement.on_conflict_do_update(index_elements=keys, set_=changed).compile(dialect=_QMARK)))


def insert_once(target: Table) -> str:
    """SQL that writes a row unless one with the same key is there; parameters in the order of the columns."""
    statement = insert(target).values(dict.fromkeys(column.name for column in target.columns))
    return _positional(str(statement.on_conflict_do_nothing().compile(dialect=_QMARK)))


_QMARK = sqlite.dialect(paramstyle="qmark")


def _positional(sql: str) -> str:
    return " ".join(sql.split())


def to_wal(engine: Engine) -> None:
    """From now on readers and the writer do not wait for each other."""
    _autocommit(engine, "PRAGMA journal_mode=WAL")


def to_single_file(engine: Engine) -> None:
    """Puts everything into the one file and takes -wal and -shm away. DBAPIError while others have it open."""
    _autocommit(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    _autocommit(engine, "PRAGMA journal_mode=DELETE")


def stamp(engine: Engine, schema: int) -> None:
    """Says in the file's first bytes that it is a kproxy recording, and of which schema."""
    _autocommit(engine, f"PRAGMA application_id={APPLICATION_ID}")
    _autocommit(engine, f"PRAGMA user_version={schema}")


def _autocommit(engine: Engine, statement: str) -> None:
    """Runs a pragma outside of any transaction, to its end."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        answer = connection.exec_driver_sql(statement)
        if answer.returns_rows:
            answer.fetchall()


def writing_failed(path: Path, error: DBAPIError | OSError) -> RecordingError:
    """What to raise for an error while writing: StorageFullError where trying again can help."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, OSError):
        return StorageFullError(f"{path} cannot be written: {original.strerror}.", original.errno or errno.EIO)
    code = getattr(original, "sqlite_errorcode", 0) & 0xFF
    if code in _FULL:
        number = errno.ENOSPC if code == sqlite3.SQLITE_FULL else errno.EIO
        return StorageFullError(f"{path} cannot be written: {os.strerror(number)} ({original}).", number)
    return RecordingError(f"{path} cannot be written: {original}; choose another place.")


def is_busy(error: DBAPIError) -> bool:
    """Whether it failed only because others have the file open."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def leftovers(path: Path) -> tuple[Path, Path]:
    """The files that SQLite keeps beside one that grows."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def remove(path: Path) -> None:
    """Takes a recording and what lies beside it away."""
    for part in (path, *leftovers(path)):
        with suppress(FileNotFoundError):
            part.unlink()
