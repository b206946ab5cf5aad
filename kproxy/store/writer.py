"""Writes a recording: one file, one transaction a batch, everything said twice is the same rows."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from tempfile import mkstemp
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.exc import DBAPIError

from kproxy.errors import RecordingError, UsageError
from kproxy.model.attribution import Ledger
from kproxy.model.etcd import ClusterId, EtcdCall, EtcdStore, KeyChange, Revision
from kproxy.model.exchange import Digest, Exchange, Frame, Nanos
from kproxy.model.session import SCHEMA, Gap, Mark, Session
from kproxy.model.start import StartEntry, StartKey, StartObject
from kproxy.model.trace import Span
from kproxy.store import engines, etcdrows, exchangerows, ledgerrows, schema, sessionrows, sqlite, startrows
from kproxy.store.bodies import Known, pack
from kproxy.store.cells import Row
from kproxy.store.lock import WriterLock

_CLOSE_PATIENCE = 10.0
"""Seconds that closing waits for readers to let go of the file."""

UPSERT_EXCHANGE = engines.upsert(schema.exchanges)
UPSERT_FRAME = engines.upsert(schema.frames)
UPSERT_CHANGE = engines.upsert(schema.key_changes)
UPSERT_SESSION = engines.upsert(schema.session)
UPSERT_PROGRESS = engines.upsert(schema.progress)
UPSERT_CALL = engines.upsert(schema.etcd_calls)
UPSERT_STORE = engines.upsert(schema.etcds)
UPSERT_ENTRY = engines.upsert(schema.ledger)
UPSERT_NO_OP = engines.upsert(schema.no_op_writes)
UPSERT_START_KEY = engines.upsert(schema.start_keys)
UPSERT_START_OBJECT = engines.upsert(schema.start_objects)
INSERT_SPAN = engines.insert_once(schema.spans)
INSERT_BODY = engines.insert_once(schema.bodies)
INSERT_GAP = engines.insert_once(schema.gaps)
INSERT_MARK = engines.insert_once(schema.marks)


@dataclass(frozen=True, slots=True)
class RelayProgress:
    """What a recorder must know of one start of a relay to go on with it after another one.

    `base`: what the numbers of its calls begin behind; `heard`: when the last call ended that is in the recording.
    """

    base: int
    heard: Nanos


_LEDGER_ROWS = 2000
"""Entries of a ledger that are in memory at once while it is kept."""


@dataclass(slots=True)
class Batch:
    """What is committed together.

    `number`: the hand-off's (0: none of its) with `worker`; `revisions`: etcd is whole up to here.
    """

    number: int = 0
    worker: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    changes: list[KeyChange] = field(default_factory=list)
    calls: list[EtcdCall] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    etcds: dict[int, EtcdStore] = field(default_factory=dict)  # by their place in the order in which they were named
    start: list[StartEntry] = field(default_factory=list)  # of the start state
    gaps: list[Gap] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    bodies: dict[Digest, bytes] = field(default_factory=dict)
    revisions: dict[ClusterId, Revision] = field(default_factory=dict)
    relays: dict[str, RelayProgress] = field(default_factory=dict)  # by the relays' ids
    session: Session | None = None  # the header, where it changed

    def extend(self, later: "Batch") -> None:
        """What is to be committed after this, with it."""
        self.number, self.worker = (later.number, later.worker) if later.number else (self.number, self.worker)
        self.exchanges += later.exchanges
        self.frames += later.frames
        self.changes += later.changes
        self.calls += later.calls
        self.spans += later.spans
        self.etcds |= later.etcds
        self.start += later.start
        self.gaps += later.gaps
        self.marks += later.marks
        self.bodies |= later.bodies
        self.revisions |= later.revisions
        self.relays |= later.relays
        self.session = later.session or self.session

    def __bool__(self) -> bool:
        return bool(
            self.number
            or self.exchanges
            or self.frames
            or self.changes
            or self.calls
            or self.spans
            or self.etcds
            or self.start
            or self.gaps
            or self.marks
            or self.bodies
            or self.revisions
            or self.relays
            or self.session
        )


class Writer:
    """The one writer of a recording. Make it with `create` or `resume`; `close` makes the single file of it.

    Leaving it as a context manager without `close` (an error) leaves a readable recording that nobody closed.
    """

    def __init__(self, path: Path, lock: WriterLock) -> None:
        self.path = path
        self._lock = lock
        self._known = Known()
        self._closed = False
        self._engine: Engine = engines.writing_engine(path)
        try:
            engines.to_wal(self._engine)
            self._connection: Connection = self._engine.connect()
            self.session = self._read_session()
        except DBAPIError as error:
            lock.release()
            raise engines.writing_failed(path, error) from error

    @classmethod
    def create(cls, path: Path, session: Session, *, force: bool = False) -> Self:
        """A new recording. UsageError if FILE exists and not `force`; RecordingError if it cannot be written."""
        if session.schema != SCHEMA:
            raise RecordingError(f"{path}: a recording of schema {session.schema} cannot be made, only of {SCHEMA}.")
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file for the recording.")
        if path.exists() and not force:
            raise UsageError(f"{path} exists already: choose another name, or --force to overwrite it.")
        lock = WriterLock(path)
        try:
            _make(path, session)
        except DBAPIError as error:
            lock.release()
            raise engines.writing_failed(path, error) from error
        except OSError as error:
            lock.release()
            raise RecordingError(f"{path} cannot be written: {error.strerror}; choose another place.") from error
        return cls(path, lock)

    @classmethod
    def resume(cls, path: Path) -> Self:
        """Goes on with a recording whose recorder died. RecordingError if it is not ours or another writes it."""
        try:
            header = sqlite.read_header(path)
        except OSError as error:
            raise RecordingError(f"{path} cannot be read: {error.strerror}.") from error
        if header is None or header.application_id != sqlite.APPLICATION_ID or header.schema != SCHEMA:
            raise RecordingError(
                f"{path} is no recording of schema {SCHEMA}: it cannot be gone on with; "
                "`kproxy upgrade` rewrites older ones."
            )
        writer = cls(path, WriterLock(path))
        try:
            with writer._connection.begin():  # what comes now is not in a ledger that was kept
                writer._forget_ledger()
        except DBAPIError as error:
            writer._lock.release()
            raise engines.writing_failed(path, error) from error
        return writer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets go of the file, as it is."""
        if not self._closed:
            with suppress(DBAPIError):
                self._finish()

    def committed_batch(self, worker: int = 0) -> int:
        """The last batch of the hand-off with this worker that is in the recording."""
        return self._progress(_batch_of(worker)) or 0

    def committed_revision(self, cluster: ClusterId) -> Revision | None:
        """The last revision of that etcd up to which its changes are whole in the recording."""
        value = self._progress(f"etcd:{cluster}")
        return None if value is None else Revision(value)

    def relay_progress(self, relay: str) -> RelayProgress | None:
        """What is known of this start of a relay; None: the recording has nothing of it."""
        base, heard = self._progress(f"relay:{relay}"), self._progress(f"heard:{relay}")
        return None if base is None or heard is None else RelayProgress(base, Nanos(heard))

    def last_call(self) -> int:
        """The highest number of a call; 0: there are none."""
        highest = self._connection.execute(select(func.max(schema.etcd_calls.c.number))).scalar_one()
        self._connection.rollback()
        return highest or 0

    def etcds(self) -> dict[int, EtcdStore]:
        """The etcds that the recording names so far, by their places."""
        found = self._connection.execute(select(schema.etcds)).mappings().all()
        self._connection.rollback()
        return {row["number"]: etcdrows.store_of(dict(row)) for row in found}

    def commit(self, batch: Batch) -> None:
        """All of the batch, or nothing. NotWritableNowError where trying again later can help."""
        fresh = {digest: data for digest, data in batch.bodies.items() if digest not in self._known}
        try:
            with self._connection.begin():
                self._write(batch, fresh)
        except DBAPIError as error:
            raise engines.writing_failed(self.path, error) from error
        except UnicodeEncodeError as error:
            raise RecordingError(f"{self.path} cannot hold a text that is no Unicode: {error.reason}.") from error
        self._known.add(list(fresh))
        self.session = batch.session or self.session

    def forget_start(self) -> None:
        """Drops what was read of the start state: it is not going to be whole. NotWritableNowError as `commit`."""
        try:
            with self._connection.begin():
                self._connection.execute(delete(schema.start_keys))
                self._connection.execute(delete(schema.start_objects))
        except DBAPIError as error:
            raise engines.writing_failed(self.path, error) from error

    def keep_ledger(self, ledger: Ledger, version: int) -> None:
        """What a correlator of this version computed, instead of what was kept. NotWritableNowError as `commit`."""
        try:
            with self._connection.begin():
                self._forget_ledger()
                for entries in batched(ledger.entries, _LEDGER_ROWS):
                    _many(self._connection, UPSERT_ENTRY, [ledgerrows.entry_row(entry) for entry in entries])
                _many(self._connection, UPSERT_NO_OP, [ledgerrows.no_op_row(write) for write in ledger.no_op_writes])
                _many(self._connection, UPSERT_PROGRESS, [(schema.KEPT_LEDGER, version)])
        except DBAPIError as error:
            raise engines.writing_failed(self.path, error) from error

    def close(self, session: Session) -> None:
        """Writes the header a last time and makes a single file. NotWritableNowError as with `commit`."""
        self.commit(Batch(session=session))
        try:
            self._finish()
        except DBAPIError as error:
            raise engines.writing_failed(self.path, error) from error

    def _forget_ledger(self) -> None:
        self._connection.execute(delete(schema.ledger))
        self._connection.execute(delete(schema.no_op_writes))
        self._connection.execute(delete(schema.progress).where(schema.progress.c.name == schema.KEPT_LEDGER))

    def _write(self, batch: Batch, fresh: dict[Digest, bytes]) -> None:
        _many(self._connection, INSERT_BODY, [(digest, len(data), *pack(data)) for digest, data in fresh.items()])
        _many(self._connection, UPSERT_EXCHANGE, [exchangerows.exchange_row(exchange) for exchange in batch.exchanges])
        _many(self._connection, UPSERT_FRAME, [exchangerows.frame_row(frame) for frame in batch.frames])
        _many(self._connection, UPSERT_CHANGE, [etcdrows.change_row(change) for change in batch.changes])
        _many(self._connection, UPSERT_CALL, [etcdrows.call_row(call) for call in batch.calls])
        _many(self._connection, INSERT_SPAN, [(None, *etcdrows.span_row(span)) for span in batch.spans])
        _many(self._connection, UPSERT_STORE, [etcdrows.store_row(each, place) for place, each in batch.etcds.items()])
        keys = [startrows.start_key_row(each) for each in batch.start if isinstance(each, StartKey)]
        objects = [startrows.start_object_row(each) for each in batch.start if isinstance(each, StartObject)]
        _many(self._connection, UPSERT_START_KEY, keys)
        _many(self._connection, UPSERT_START_OBJECT, objects)
        _many(self._connection, INSERT_GAP, [(None, *sessionrows.gap_row(gap)) for gap in batch.gaps])
        _many(self._connection, INSERT_MARK, [(None, *sessionrows.mark_row(mark)) for mark in batch.marks])
        reached: list[Row] = [(f"etcd:{cluster}", revision) for cluster, revision in batch.revisions.items()]
        for relay, at in batch.relays.items():
            reached += [(f"relay:{relay}", at.base), (f"heard:{relay}", at.heard)]
        if batch.number:
            reached.append((_batch_of(batch.worker), batch.number))
        _many(self._connection, UPSERT_PROGRESS, reached)
        if batch.session is not None:
            _many(self._connection, UPSERT_SESSION, [sessionrows.session_row(batch.session)])

    def _read_session(self) -> Session:
        row = self._connection.execute(select(schema.session)).mappings().one()
        self._connection.rollback()
        return sessionrows.session_of(dict(row))

    def _progress(self, name: str) -> int | None:
        found = self._connection.execute(select(schema.progress.c.value).where(schema.progress.c.name == name))
        value = found.scalar_one_or_none()
        self._connection.rollback()
        return value

    def _finish(self) -> None:
        """A reader that still has the file open is waited for; one that stays keeps its -wal until it is gone."""
        self._closed = True
        self._connection.rollback()
        try:
            _patiently(self._engine)
        finally:
            self._connection.close()
            self._engine.dispose()
            self._lock.release()


def _batch_of(worker: int) -> str:
    return f"batch:{worker}" if worker else "batch"


def _many(connection: Connection, statement: str, values: list[Row]) -> None:
    if values:
        connection.exec_driver_sql(statement, values)


def _patiently(engine: Engine) -> None:
    deadline = time.monotonic() + _CLOSE_PATIENCE
    while True:
        try:
            engines.to_single_file(engine)
        except DBAPIError as error:
            if not engines.is_busy(error):
                raise
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)
        else:
            return


def _make(path: Path, session: Session) -> None:
    """The file appears whole, with its tables and its header, or not at all."""
    descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(descriptor)
    making = Path(name)
    try:
        engine = engines.writing_engine(making)
        schema.metadata.create_all(engine)
        with engine.begin() as connection:
            _many(connection, UPSERT_SESSION, [sessionrows.session_row(session)])
        engines.stamp(engine, SCHEMA)
        engine.dispose()
        for part in sqlite.leftovers(path):
            part.unlink(missing_ok=True)
        making.replace(path)
    finally:
        sqlite.remove(making)
