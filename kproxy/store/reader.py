"""Reads recordings: a file, also while it grows, or a folder in text form. Reading never migrates."""

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, Table, and_, func, literal, select, tuple_
from sqlalchemy.exc import DBAPIError

from kproxy.errors import RecordingError, SchemaError
from kproxy.model.attribution import LedgerEntry, NoOpWrite
from kproxy.model.etcd import EtcdCall, EtcdKey, EtcdStore, KeyChange
from kproxy.model.exchange import Digest, Exchange, Frame, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import SCHEMA, Gap, Mark, Session, SessionEnd
from kproxy.model.start import StartEntry
from kproxy.model.trace import Span
from kproxy.store import bodies, etcdrows, rows, schema, sqlite
from kproxy.store.lock import is_growing
from kproxy.store.text import open_text

CHUNK = 500
"""Rows read in one transaction: short ones let a writer go on and its -wal be folded in."""
LARGE_CHUNK = 10_000
"""The same, of rows of a few columns."""
ONE_BODY = "SELECT size, coding, data FROM bodies WHERE digest = ?"
SOME_BODIES = "SELECT digest, size, coding, data FROM bodies WHERE digest IN (?)"
"""As text: they are asked so often that making them each time was most of the time it took."""


@contextmanager
def open_recording(where: str) -> Iterator[Recording]:
    """The recording at this path: a .kproxy file or a folder in text form.

    RecordingError, one sentence, if there is none or it cannot be read; SchemaError if it is newer than this kproxy.
    """
    if "://" in where:  # not repeated: it may hold a password
        raise RecordingError("A recording is named by its path; a database's URL cannot be read by this kproxy.")
    path = Path(where)
    if path.is_dir():
        yield open_text(path)
        return
    with _reading(path, _inspect(path)) as recording:
        yield recording


class FileRecording:
    """A `.kproxy` file, read only. `growing`: a recorder still writes it, and each question sees its newest state."""

    def __init__(self, path: Path, *, growing: bool, number: int) -> None:
        self.path = path
        self._number = number
        self.growing = growing
        self._engine: Engine = sqlite.reading_engine(path, growing=growing)
        self._lately = bodies.Lately()

    def close(self) -> None:
        """Lets go of the file."""
        self._engine.dispose()

    @property
    def session(self) -> Session:
        """The header; a recording that nobody closed and nobody writes says so."""
        found = self.chunk(self._select(schema.session))
        if len(found) != 1:
            raise RecordingError(f"{self.path} is no readable recording: it has no header.")
        session = self.value(rows.session_of, found[0])
        if session.end is SessionEnd.RECORDING and not self.growing:
            return replace(session, end=SessionEnd.RECORDER_GONE)
        return session

    def exchanges(self, verbs: Collection[str] = ()) -> Iterator[Exchange]:
        """In the order of seq; of these verbs only, where some are named."""
        table = schema.exchanges
        wanted = self._select(table).order_by(table.c.seq).limit(CHUNK)
        if verbs:
            wanted = wanted.where(table.c.verb.in_(sorted(verbs)))
        after = -1
        while found := self.chunk(wanted.where(table.c.seq > after)):
            for row in found:
                yield self.value(rows.exchange_of, row)
            after = found[-1]["seq"]

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""
        found = self.chunk(self._select(schema.exchanges).where(schema.exchanges.c.seq == seq))
        return self.value(rows.exchange_of, found[0]) if found else None

    def traces(self) -> Iterator[tuple[Seq, str, str]]:
        """Each exchange's trace id and parent id, of those that went on with one."""
        columns = schema.exchanges.c
        if self._number < schema.SINCE_3["since"]:
            return
        wanted = select(columns.seq, columns.trace_id, columns.parent_id).where(columns.trace_id != "")
        wanted = wanted.order_by(columns.seq).limit(LARGE_CHUNK)
        after = -1
        while found := self.chunk(wanted.where(columns.seq > after)):
            yield from (self.value(_trace_of, row) for row in found)
            after = found[-1]["seq"]

    def frames(self, seq: Seq) -> Iterator[Frame]:
        """A stream's frames in their order."""
        table = schema.frames
        after = -1
        wanted = self._select(table).where(table.c.seq == seq).order_by(table.c.number).limit(CHUNK)
        while found := self.chunk(wanted.where(table.c.number > after)):
            for row in found:
                yield self.value(rows.frame_of, row)
            after = found[-1]["number"]

    def key_changes(self) -> Iterator[KeyChange]:
        """In the order of (cluster, revision, key)."""
        columns = schema.key_changes.c
        wanted = self._select(schema.key_changes).order_by(columns.cluster, columns.revision, columns.key).limit(CHUNK)
        found = self.chunk(wanted)
        while found:
            for row in found:
                yield self.value(rows.change_of, row)
            found = self.chunk(wanted.where(later(columns, found[-1])))

    def changes_of(self, key: EtcdKey) -> Iterator[KeyChange]:
        """One key's, in the order of (cluster, revision)."""
        columns = schema.key_changes.c
        wanted = self._select(schema.key_changes).where(columns.key == key)
        for row in self.chunk(wanted.order_by(columns.cluster, columns.revision)):
            yield self.value(rows.change_of, row)

    def etcds(self) -> Iterator[EtcdStore]:
        """The etcds that were followed, the main one first."""
        if self._has(schema.etcds):
            for row in self.chunk(select(schema.etcds).order_by(schema.etcds.c.number)):
                yield self.value(etcdrows.store_of, row)

    def etcd_calls(self, methods: Collection[str] = ()) -> Iterator[EtcdCall]:
        """The api-server's calls to etcd (of these methods, where some are named), in the order of their numbers."""
        wanted = select(schema.etcd_calls)
        if methods:
            wanted = wanted.where(schema.etcd_calls.c.method.in_(sorted(methods)))
        for row in self._numbered(schema.etcd_calls, wanted):
            yield self.value(etcdrows.call_of, row)

    def calls_of(self, exchange: Exchange) -> Iterator[EtcdCall]:
        """Those that carry the trace and the parent that the exchange went on with, in the order of their numbers."""
        if not exchange.parent_id or not self._has(schema.etcd_calls):
            return
        columns = schema.etcd_calls.c
        same = and_(columns.trace_id == exchange.trace_id, columns.parent_id == exchange.parent_id)
        for row in self.chunk(select(schema.etcd_calls).where(same).order_by(columns.number)):
            yield self.value(etcdrows.call_of, row)

    def spans(self) -> Iterator[Span]:
        """The api-server's own spans, in the order in which they came."""
        for row in self._numbered(schema.spans, select(schema.spans)):
            yield self.value(etcdrows.span_of, row)

    def start_state(self) -> Iterator[StartEntry]:
        """What the server held when the session began, where it was taken: keys, then objects."""
        if not self._has(schema.start_keys) or not self.session.start_state:
            return
        keys, objects = schema.start_keys.c, schema.start_objects.c
        for row in self._in_order(schema.start_keys, [keys.cluster, keys.key]):
            yield self.value(rows.start_key_of, row)
        order = [objects.api_group, objects.resource, objects.namespace, objects.name]
        for row in self._in_order(schema.start_objects, order):
            yield self.value(rows.start_object_of, row)

    def count(self, table: Table) -> int:
        """A table's rows."""
        return int(self.chunk(select(func.count().label("count")).select_from(table))[0]["count"])

    def work(self, verbs: Collection[str]) -> int:
        """Changes of keys, and exchanges of these verbs: what correlating goes through."""
        wanted = select(func.count().label("count")).select_from(schema.exchanges)
        found = self.chunk(wanted.where(schema.exchanges.c.verb.in_(sorted(verbs))))
        return self.count(schema.key_changes) + int(found[0]["count"])

    def kept_version(self) -> int:
        """The number of the correlator whose ledger the recording keeps, 0: it keeps none."""
        if not self._has(schema.ledger):
            return 0
        columns = schema.progress.c
        found = self.chunk(select(columns.value).where(columns.name == schema.KEPT_LEDGER))
        return int(found[0]["value"]) if found else 0

    def kept_entry(self, change: KeyChange) -> LedgerEntry | None:
        """What the ledger that was kept says of a change; None if none was kept."""
        if not self._has(schema.ledger):
            return None
        columns = schema.ledger.c
        same = and_(columns.revision == change.revision, columns.key == change.key, columns.cluster == change.cluster)
        found = self.chunk(select(schema.ledger).where(same))
        return self.value(lambda row: etcdrows.entry_of(row, change), found[0]) if found else None

    def kept_no_ops(self) -> Iterator[NoOpWrite]:
        """The writes without effect of the ledger that was kept, in the order of seq."""
        if self._has(schema.no_op_writes):
            for row in self.chunk(select(schema.no_op_writes).order_by(schema.no_op_writes.c.seq)):
                yield self.value(etcdrows.no_op_of, row)

    def gaps(self) -> Iterator[Gap]:
        """What is missing, in the order in which it was noticed."""
        for row in self.chunk(self._select(schema.gaps).order_by(schema.gaps.c.number)):
            yield self.value(rows.gap_of, row)

    def marks(self) -> Iterator[Mark]:
        """Named points, in their order."""
        if self._has(schema.marks):
            for row in self.chunk(select(schema.marks).order_by(schema.marks.c.number)):
                yield self.value(rows.mark_of, row)

    def body(self, digest: Digest) -> bytes:
        """The stored bytes of a body. RecordingError if they are not there."""
        if (known := self._lately.get(digest)) is not None:
            return known
        try:
            with self._engine.connect() as connection:
                found = connection.exec_driver_sql(ONE_BODY, (digest,)).first()
        except DBAPIError as error:
            raise _unreadable(self.path, error) from error
        if found is None:
            raise RecordingError(f"{self.path} has no body {digest}.")
        data = bodies.unpack(digest, *found)
        self._lately.put(digest, data)
        return data

    def bodies(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """The stored bytes of several, those that are not there left out."""
        read: dict[Digest, bytes] = {}
        missing: list[Digest] = []
        for digest in dict.fromkeys(digests):
            if (known := self._lately.get(digest)) is not None:
                read[digest] = known
            else:
                missing.append(digest)
        for some in batched(missing, CHUNK):
            question = SOME_BODIES.replace("?", ",".join("?" * len(some)))
            try:
                with self._engine.connect() as connection:
                    found = connection.exec_driver_sql(question, some).all()
            except DBAPIError as error:
                raise _unreadable(self.path, error) from error
            for digest, size, coding, data in found:
                read[digest] = unpacked = bodies.unpack(digest, size, coding, data)
                self._lately.put(digest, unpacked)
        return read

    def check(self) -> None:
        """RecordingError if what should be tables are none (a view could make a question endless)."""
        kinds = {row["name"]: row["type"] for row in self.chunk(sqlite.TABLES)}
        missing = [name for name in schema.tables(self._number) if kinds.get(name) != "table"]
        if missing:
            raise RecordingError(f"{self.path} is no readable recording: it has no table {missing[0]}.")

    def _has(self, table: Table) -> bool:
        """Whether a file of this schema has the table."""
        return table.name in schema.tables(self._number)

    def _numbered(self, table: Table, wanted: Select[Any]) -> Iterator[rows.Columns]:
        """Rows of a table that counts them, chunk by chunk."""
        after = -1
        wanted = wanted.order_by(table.c.number).limit(CHUNK)
        while self._has(table) and (found := self.chunk(wanted.where(table.c.number > after))):
            yield from found
            after = found[-1]["number"]

    def _in_order(self, table: Table, order: list[Any]) -> Iterator[rows.Columns]:
        """Rows of a table in the order of these columns, which tell them apart; chunk by chunk."""
        wanted = select(table).order_by(*order).limit(CHUNK)
        found = self.chunk(wanted)
        while found:
            yield from found
            reached = (literal(found[-1][column.name], column.type) for column in order)
            found = self.chunk(wanted.where(tuple_(*order) > tuple_(*reached)))

    def _select(self, table: Table) -> Select[Any]:
        """What a file of this schema has of a table."""
        return select(*schema.columns(table, self._number))

    def chunk(self, question: Select[Any]) -> list[rows.Columns]:
        """Rows of one short transaction."""
        try:
            with self._engine.connect() as connection:
                found = connection.execute(question)
                names = tuple(found.keys())
                return [dict(zip(names, row, strict=True)) for row in found]
        except DBAPIError as error:
            raise _unreadable(self.path, error) from error

    def value[T](self, make: Callable[[rows.Columns], T], row: rows.Columns) -> T:
        """What a row says. RecordingError if it holds what no recorder writes."""
        try:
            return make(row)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise RecordingError(f"{self.path} is damaged: a row holds what no recorder writes ({error}).") from error


def _trace_of(row: rows.Columns) -> tuple[Seq, str, str]:
    """TypeError if an id is no text."""
    seq, trace_id, parent_id = row["seq"], row["trace_id"], row["parent_id"]
    if not isinstance(trace_id, str) or not isinstance(parent_id, str):
        raise TypeError("a trace's id is no text")
    return seq, trace_id, parent_id


def later(columns: Any, row: rows.Columns) -> ColumnElement[bool]:
    """What comes after a row in the order of (cluster, revision, key): as one comparison, it is found by the index."""
    reached = (literal(row[name], columns[name].type) for name in ("cluster", "revision", "key"))
    return tuple_(columns.cluster, columns.revision, columns.key) > tuple_(*reached)


def is_unclosed(path: Path, session_id: str) -> bool:
    """Whether this is that session's recording, and nobody made its single file: its recorder died."""
    try:
        header = _inspect(path)
        with _reading(path, header) as recording:
            session = recording.session
    except RecordingError:
        return False
    return session.id == session_id and (header.wal or session.end in {SessionEnd.RECORDER_GONE, SessionEnd.RECORDING})


def _unreadable(path: Path, error: DBAPIError) -> RecordingError:
    return RecordingError(f"{path} cannot be read: {error.orig}; it may be cut or damaged.")


def _inspect(path: Path) -> sqlite.FileHeader:
    """Says in one sentence why the file cannot be a readable recording, if it cannot."""
    try:
        size = path.stat().st_size
        header = sqlite.read_header(path)
    except FileNotFoundError as error:
        raise RecordingError(
            f"There is no recording {path}; a recording is a .kproxy file or a folder in text form."
        ) from error
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be read: {error.strerror}; look at its rights and its folder's."
        ) from error
    if size == 0:
        raise RecordingError(f"{path} is empty: it is no recording; `kproxy record -o` makes one.")
    if header is None or header.application_id != sqlite.APPLICATION_ID:
        raise RecordingError(f"{path} is no kproxy recording; `kproxy import` reads the text form.")
    if header.schema > SCHEMA:
        raise SchemaError(
            f"{path} is of schema {header.schema}, this kproxy reads up to {SCHEMA}; a newer kproxy reads it."
        )
    if header.schema < 1:
        raise SchemaError(
            f"{path} is of schema {header.schema}, this kproxy reads 1 to {SCHEMA}; "
            "it is damaged, or no release made it."
        )
    # Killed while SQLite folded the -wal in, the first page may be there before the last ones: the -wal has them all.
    folding = header.wal and sqlite.leftovers(path)[0].exists()
    if header.size > size and not folding:
        raise RecordingError(f"{path} is cut: it has {size} of {header.size} bytes.")
    return header


@contextmanager
def _reading(path: Path, header: sqlite.FileHeader) -> Iterator[FileRecording]:
    growing = header.wal and is_growing(path)
    with ExitStack() as stack:
        wal = sqlite.leftovers(path)[0]
        if header.wal and not growing and wal.exists() and not os.access(path.parent, os.W_OK):
            # SQLite must write beside a file whose writer died to read it
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="kproxy-")))
            path, wal = Path(shutil.copy(path, folder)), Path(shutil.copy(wal, folder))
        whole = not header.wal or wal.exists()
        recording = FileRecording(path, growing=growing, number=header.schema)
        stack.callback(recording.close)
        recording.check()
        if not whole and recording.session.end is SessionEnd.RECORDER_GONE:
            raise RecordingError(
                f"{path} was copied without {wal.name}, where its latest part is: copy both, or the closed recording."
            )
        yield recording
