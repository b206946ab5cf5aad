"""SQLite through SQLAlchemy, as a recording is written: the engine, how rows are said twice, what a failure means."""

import errno
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from kproxy.errors import RecordingError
from kproxy.store.sqlite import APPLICATION_ID, NotWritableNowError, connect

_MAY_PASS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
}
"""Failures of a write that may be gone the next time: a full disk, and what is like one to who waits."""


def writing_engine(path: Path) -> Engine:
    """One connection that writes. Commits survive the process's death; the disk is synced at checkpoints only."""
    engine = create_engine("sqlite://", creator=lambda: connect(path, "rw"), poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        for pragma in ("synchronous=NORMAL", "wal_autocheckpoint=2000", "cache_size=-16384", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


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
    """What to raise for an error while writing: NotWritableNowError where trying again can help."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, OSError):
        return NotWritableNowError(f"{path} cannot be written: {original.strerror}.", original.errno or errno.EIO)
    code = getattr(original, "sqlite_errorcode", 0) & 0xFF
    if code in _MAY_PASS:
        number = errno.ENOSPC if code == sqlite3.SQLITE_FULL else errno.EIO
        reason = os.strerror(number)
        return NotWritableNowError(f"{path} cannot be written: {reason} ({original}).", number)
    return RecordingError(f"{path} cannot be written: {original}; choose another place.")


def is_busy(error: DBAPIError) -> bool:
    """Whether it failed only because others have the file open."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
