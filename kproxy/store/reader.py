"""Reads recordings: a file, also while it grows, or a folder in text form. Reading never migrates."""

import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import batched
from pathlib import Path

from kproxy.errors import RecordingError, SchemaError
from kproxy.model.attribution import LedgerEntry, NoOpWrite
from kproxy.model.etcd import EtcdCall, EtcdKey, EtcdStore, KeyChange
from kproxy.model.exchange import Digest, Exchange, Frame, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import SCHEMA, Gap, Mark, Session, SessionEnd
from kproxy.model.start import StartEntry
from kproxy.model.trace import Span
from kproxy.store import bodies, etcdrows, exchangerows, ledgerrows, sessionrows, sqlite, startrows
from kproxy.store.cells import Columns
from kproxy.store.compiled import KEPT_LEDGER, OLDER, ORDER, QUESTIONS, TABLES
from kproxy.store.exchangerows import Cells
from kproxy.store.lock import is_growing

CHUNK = 500
"""Rows read in one transaction: short ones let a writer go on and its -wal be folded in."""
_LARGE_CHUNK = 10_000
"""The same, of rows of a few columns."""

type _Given = dict[str, object]
"""What a question is asked about, by the names of its parameters."""


@contextmanager
def open_recording(where: str) -> Iterator[Recording]:
    """The recording at this path: a .kproxy file or a folder in text form.

    RecordingError, one sentence, if there is none or it cannot be read; SchemaError if it is newer than this kproxy.
    """
    if "://" in where:  # not repeated: it may hold a password
        raise RecordingError("A recording is named by its path; a database's URL cannot be read by this kproxy.")
    path = Path(where)
    if path.is_dir():
        from kproxy.store.text import TextRecording  # noqa: PLC0415 - a file's readers need no parser of text

        yield TextRecording(path)
        return
    with _reading(path, _inspect(path)) as recording:
        yield recording


class FileRecording:
    """A `.kproxy` file, read only. `growing`: a recorder still writes it, and each question sees its newest state."""

    def __init__(self, path: Path, *, growing: bool, number: int) -> None:
        self.path = path
        self.growing = growing
        self._tables = TABLES[number]
        self._older = OLDER.get(number, {})
        self._connection: sqlite3.Connection | None = None
        self._session: Session | None = None
        self._lately = bodies.Lately()

    def close(self) -> None:
        """Lets go of the file."""
        if self._connection is not None:
            self._connection.close()

    @property
    def session(self) -> Session:
        """The header; a recording that nobody closed and nobody writes says so."""
        if self._session is not None:
            return self._session
        found = self.chunk("session")
        if len(found) != 1:
            raise RecordingError(f"{self.path} is no readable recording: it has no header.")
        session = self.value(sessionrows.session_of, found[0])
        if self.growing:
            return session
        if session.end is SessionEnd.RECORDING:
            session = replace(session, end=SessionEnd.RECORDER_GONE)
        self._session = session
        return session

    def exchanges(self, verbs: Collection[str] = ()) -> Iterator[Exchange]:
        """In the order of seq; of these verbs only, where some are named."""
        named: _Given = {"verbs": sorted(verbs)} if verbs else {}
        question = "exchanges of verbs" if verbs else "exchanges"
        after = -1
        while found := self._rows(question, after=after, limit=CHUNK, **named):
            for row in found:
                yield self.value(exchangerows.exchange_of, row)
            after = found[-1][0]

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""
        found = self._rows("exchange", seq=seq)
        return self.value(exchangerows.exchange_of, found[0]) if found else None

    def traces(self) -> Iterator[tuple[Seq, str, str]]:
        """Each exchange's trace id and parent id, of those that went on with one."""
        if self._has("etcd_calls"):  # as old as the ids
            for row in self._counted("traces", "seq", _LARGE_CHUNK):
                yield self.value(_trace_of, row)

    def frames(self, seq: Seq) -> Iterator[Frame]:
        """A stream's frames in their order."""
        after = -1
        while found := self._rows("frames", seq=seq, after=after, limit=CHUNK):
            for row in found:
                yield self.value(exchangerows.frame_of, row)
            if len(found) < CHUNK:
                return  # most streams are short: that there are no more is not asked
            after = found[-1][1]

    def key_changes(self) -> Iterator[KeyChange]:
        """In the order of (cluster, revision, key)."""
        for row in self.in_order("changes"):
            yield self.value(etcdrows.change_of, row)

    def changes_of(self, key: EtcdKey) -> Iterator[KeyChange]:
        """One key's, in the order of (cluster, revision)."""
        for row in self.chunk("changes of key", key=key):
            yield self.value(etcdrows.change_of, row)

    def etcds(self) -> Iterator[EtcdStore]:
        """The etcds that were followed, the main one first."""
        if self._has("etcds"):
            for row in self.chunk("etcds"):
                yield self.value(etcdrows.store_of, row)

    def etcd_calls(self, methods: Collection[str] = ()) -> Iterator[EtcdCall]:
        """The api-server's calls to etcd (of these methods, where some are named), in the order of their numbers."""
        named: _Given = {"methods": sorted(methods)} if methods else {}
        if self._has("etcd_calls"):
            for row in self._counted("calls of methods" if methods else "calls", **named):
                yield self.value(etcdrows.call_of, row)

    def calls_of(self, exchange: Exchange) -> Iterator[EtcdCall]:
        """Those that carry the trace and the parent that the exchange went on with, in the order of their numbers."""
        if exchange.parent_id and self._has("etcd_calls"):
            for row in self.chunk("calls of trace", trace_id=exchange.trace_id, parent_id=exchange.parent_id):
                yield self.value(etcdrows.call_of, row)

    def spans(self) -> Iterator[Span]:
        """The api-server's own spans, in the order in which they came."""
        if self._has("spans"):
            for row in self._counted("spans"):
                yield self.value(etcdrows.span_of, row)

    def start_state(self) -> Iterator[StartEntry]:
        """What the server held when the session began, where it was taken: keys, then objects."""
        if not self._has("start_keys") or not self.session.has_start:
            return
        for row in self.in_order("start keys"):
            yield self.value(startrows.start_key_of, row)
        for row in self.in_order("start objects"):
            yield self.value(startrows.start_object_of, row)

    def count(self, table: str) -> int:
        """How many changes (`key_changes`), entries (`ledger`) or `no_op_writes` there are."""
        return int(self.chunk(f"count of {table}")[0]["count"])

    def work(self, verbs: Collection[str]) -> int:
        """Changes of keys, and exchanges of these verbs: what correlating goes through."""
        return self.count("key_changes") + int(self.chunk("count of verbs", verbs=sorted(verbs))[0]["count"])

    def kept_version(self) -> int:
        """The number of the correlator whose ledger the recording keeps, 0: it keeps none."""
        found = self.chunk("progress", name=KEPT_LEDGER) if self._has("ledger") else ()
        return int(found[0]["value"]) if found else 0

    def kept_entry(self, change: KeyChange) -> LedgerEntry | None:
        """What the ledger that was kept says of a change; None if none was kept."""
        if not self._has("ledger"):
            return None
        found = self.chunk("entry of change", revision=change.revision, key=change.key, cluster=change.cluster)
        return self.value(lambda row: ledgerrows.entry_of(row, change), found[0]) if found else None

    def kept_no_ops(self) -> Iterator[NoOpWrite]:
        """The writes without effect of the ledger that was kept, in the order of seq."""
        if self._has("no_op_writes"):
            for row in self.chunk("no-ops"):
                yield self.value(ledgerrows.no_op_of, row)

    def gaps(self) -> Iterator[Gap]:
        """What is missing, in the order in which it was noticed."""
        for row in self.chunk("gaps"):
            yield self.value(sessionrows.gap_of, row)

    def marks(self) -> Iterator[Mark]:
        """Named points, in their order."""
        if self._has("marks"):
            for row in self.chunk("marks"):
                yield self.value(sessionrows.mark_of, row)

    def body(self, digest: Digest) -> bytes:
        """The stored bytes of a body. RecordingError if they are not there."""
        if (known := self._lately.get(digest)) is not None:
            return known
        _, found = self._ask(QUESTIONS["body"], {"digest": digest})
        if not found:
            raise RecordingError(f"{self.path} has no body {digest}.")
        data = bodies.unpack(digest, *found[0])
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
            places = ", ".join("?" * len(some))  # `_spread` names each of them, which takes longer than to read it
            _, found = self._ask(QUESTIONS["bodies"].replace(":digests", places), some)
            for digest, size, coding, data in found:
                read[digest] = unpacked = bodies.unpack(digest, size, coding, data)
                self._lately.put(digest, unpacked)
        return read

    def check(self) -> None:
        """RecordingError if what should be tables are none (a view could make a question endless)."""
        kinds: dict[str, str] = dict(self._ask(sqlite.KINDS, {})[1])
        missing = [name for name in self._tables if kinds.get(name) != "table"]
        if missing:
            raise RecordingError(f"{self.path} is no readable recording: it has no table {missing[0]}.")

    def _has(self, table: str) -> bool:
        """Whether a file of this schema has the table."""
        return table in self._tables

    def _counted(
        self, name: str, by: str = "number", limit: int | None = None, /, **given: object
    ) -> Iterator[Columns]:
        """Rows in the order of one column's numbers, chunk by chunk."""
        after = -1
        while found := self.chunk(name, after=after, limit=limit or CHUNK, **given):
            yield from found
            after = found[-1][by]

    def in_order(self, name: str) -> Iterator[Columns]:
        """Rows in the order of the columns that tell them apart; chunk by chunk."""
        found = self.chunk(name, limit=CHUNK)
        while found:
            yield from found
            found = self.chunk(f"{name} after", limit=CHUNK, **{column: found[-1][column] for column in ORDER[name]})

    def chunk(self, question: str, /, **given: object) -> list[Columns]:
        """What a question of compiled.py is answered: rows of one short transaction."""
        sql = self._older.get(question) or QUESTIONS[question]
        described, found = self._ask(*_spread(sql, given))
        names = [column[0] for column in described]
        return [dict(zip(names, row, strict=True)) for row in found]

    def _rows(self, question: str, /, **given: object) -> list[Cells]:
        """The same, of what is asked for a million times: the columns by their places."""
        return self._ask(*_spread(self._older.get(question) or QUESTIONS[question], given))[1]

    def _ask(self, sql: str, given: _Given | tuple[object, ...]) -> tuple[Iterable[Cells], list[Cells]]:
        """The columns as a cursor describes them, and the rows."""
        try:
            connection = self._connection or sqlite.reading(self.path)
            try:
                cursor = connection.execute(sql, given)
                return cursor.description, cursor.fetchall()
            finally:
                if self.growing:  # its writer can close it at any time
                    connection.close()
                else:
                    self._connection = connection
        except sqlite3.Error as error:
            raise _unreadable(self.path, error) from error

    def value[R, T](self, make: Callable[[R], T], row: R) -> T:
        """What a row says. RecordingError if it holds what no recorder writes."""
        try:
            return make(row)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise RecordingError(f"{self.path} is damaged: a row holds what no recorder writes ({error}).") from error


def _spread(sql: str, given: _Given) -> tuple[str, _Given]:
    """SQL with a parameter for each of the values that one stands for, and the parameters."""
    single: _Given = {}
    for name, value in given.items():
        if isinstance(value, (list, tuple)):
            each = {f"{name}_{place}": one for place, one in enumerate(value)}
            sql = sql.replace(f"(:{name})", f"({', '.join(f':{one}' for one in each)})")
            single |= each
        else:
            single[name] = value
    return sql, single


def _trace_of(row: Columns) -> tuple[Seq, str, str]:
    """TypeError if an id is no text."""
    seq, trace_id, parent_id = row["seq"], row["trace_id"], row["parent_id"]
    if not isinstance(trace_id, str) or not isinstance(parent_id, str):
        raise TypeError("a trace's id is no text")
    return seq, trace_id, parent_id


def is_unclosed(path: Path, session_id: str) -> bool:
    """Whether this is that session's recording, and nobody made its single file: its recorder died."""
    try:
        header = _inspect(path)
        with _reading(path, header) as recording:
            session = recording.session
    except RecordingError:
        return False
    return session.id == session_id and (header.wal or session.end in {SessionEnd.RECORDER_GONE, SessionEnd.RECORDING})


def _unreadable(path: Path, error: sqlite3.Error) -> RecordingError:
    if str(error).startswith("Could not decode to UTF-8"):  # and all of the text, which may hold whatever a request did
        return RecordingError(f"{path} is damaged: it holds text that is no UTF-8.")
    return RecordingError(f"{path} cannot be read: {error}; it may be cut or damaged.")


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
            import shutil  # noqa: PLC0415 - these two are for this rare case alone
            from tempfile import TemporaryDirectory  # noqa: PLC0415 - as above

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
