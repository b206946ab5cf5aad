"""The text form of a recording: a folder that git can keep and people can read, exact both ways.

session.yaml      the header
exchanges.jsonl   one exchange a line, in the order of seq
frames.jsonl      one frame a line, in the order of seq and index
keys.jsonl        one change of a key a line, in the order of cluster, revision, key
gaps.jsonl        one gap a line
marks.jsonl       one named point a line; these four are left out where there is none
etcds.jsonl       one etcd a line, the main one first
calls.jsonl       one call of the api-server to etcd a line, in the order of their numbers
spans.jsonl       one of the api-server's own spans a line
start_keys.jsonl  one key of etcd's as it was when the session began a line, in the order of cluster and key
start_objects.jsonl  the same as the API told it: one object a line, in the order of group, resource, namespace, name
bodies.jsonl      one body a line, in the order in which the above first name them (bodytext.py)

The ledger is not in it: `kproxy correlate` computes it from these.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import BinaryIO

import yaml

from kproxy.config.bounded_yaml import load_yaml
from kproxy.errors import ConfigError, RecordingError, SchemaError, UsageError
from kproxy.model.etcd import EtcdCall, EtcdKey, EtcdStore, KeyChange
from kproxy.model.exchange import Body, Digest, Exchange, Frame, Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.recording import Recording
from kproxy.model.session import SCHEMA, Gap, Mark, Session, SessionEnd
from kproxy.model.start import StartEntry, StartKey, StartObject
from kproxy.model.trace import Span
from kproxy.store.bodies import digest_of
from kproxy.store.bodytext import body_bytes, body_line, canonical, strict_json
from kproxy.store.structure import StructureError, fields_to_json, from_json, to_json

_MAX_FILE = 1 << 30
"""Bytes of each file but the header: it is held in memory."""

_HEADING = "# A kproxy recording in its text form. Read it with `kproxy log FOLDER`, make one file of it with\n"
_HEADING += "# `kproxy import FOLDER -o FILE`. What each field means: docs/recording.md\n"


def export_text(recording: Recording, folder: Path) -> None:
    """Writes the text form into a new or empty folder. UsageError if it holds something else."""
    if recording.session.end is SessionEnd.RECORDING:
        raise RecordingError("The recording still grows; end the session, then export it.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty: choose another folder.")
        _export(recording, folder)
    except OSError as error:
        raise RecordingError(f"{folder} cannot be written: {error.strerror}; choose another folder.") from error


def _export(recording: Recording, folder: Path) -> None:
    stated: JSON = {"schema": recording.session.schema, **fields_to_json(recording.session)}
    header = yaml.dump(stated, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    (folder / "session.yaml").write_text(_HEADING + header, "utf-8")
    named: dict[Digest, None] = {}
    with (folder / "exchanges.jsonl").open("wb") as heads, (folder / "frames.jsonl").open("wb") as frames:
        for exchange in recording.exchanges():
            _write(heads, to_json(exchange))
            _name(named, exchange.request.body, exchange.answer.body if exchange.answer else None)
            for frame in recording.frames(exchange.seq):
                _write(frames, to_json(frame))
                _name(named, frame.body)
    with (folder / "keys.jsonl").open("wb") as keys:
        for change in recording.key_changes():
            _write(keys, to_json(change))
            _name(named, change.value, change.previous)
    with (folder / "gaps.jsonl").open("wb") as gaps:
        for gap in recording.gaps():
            _write(gaps, to_json(gap))
    _export_some(folder / "marks.jsonl", recording.marks())
    _export_some(folder / "etcds.jsonl", recording.etcds())
    _export_some(folder / "calls.jsonl", recording.etcd_calls())
    _export_some(folder / "spans.jsonl", recording.spans())
    _export_start(recording, folder, named)
    with (folder / "bodies.jsonl").open("wb") as bodies:
        for digest in named:
            _write(bodies, body_line(digest, recording.body(digest)))


def _export_some(path: Path, values: Iterator[object]) -> None:
    """A line each; no file where there is none."""
    first = next(values, None)
    if first is None:
        return
    with path.open("wb") as file:
        for value in chain((first,), values):
            _write(file, to_json(value))


def _export_start(recording: Recording, folder: Path, named: dict[Digest, None]) -> None:
    files = {StartKey: "start_keys.jsonl", StartObject: "start_objects.jsonl"}
    for kind, entries in groupby(recording.start_state(), type):
        with (folder / files[kind]).open("wb") as file:
            for entry in entries:
                _write(file, to_json(entry))
                _name(named, entry.value)


class _Dumper(yaml.SafeDumper):
    """Escapes what is not printable: in other styles YAML takes U+0085 and its like for line ends."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _represent_text)


def _write(file: BinaryIO, value: JSON) -> None:
    file.write(canonical(value).encode() + b"\n")


def _name(named: dict[Digest, None], *bodies: Body | None) -> None:
    for body in bodies:
        if body is not None and body.digest is not None:
            named[body.digest] = None


class TextRecording:
    """A folder in text form, read and checked as a whole; bodies stay as their lines until they are asked for.

    RecordingError, one sentence, if it is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session = self._read_header()
        self._exchanges = {exchange.seq: exchange for exchange in self._lines("exchanges.jsonl", Exchange)}
        self._frames: dict[Seq, list[Frame]] = {}
        for frame in sorted(self._lines("frames.jsonl", Frame), key=lambda frame: (frame.seq, frame.index)):
            self._frames.setdefault(frame.seq, []).append(frame)
        self._changes = sorted(
            self._lines("keys.jsonl", KeyChange), key=lambda change: (change.cluster, change.revision, change.key)
        )
        self._gaps = list(self._lines("gaps.jsonl", Gap))
        self._marks = self._some("marks.jsonl", Mark)
        self._etcds = self._some("etcds.jsonl", EtcdStore)
        self._calls = sorted(self._some("calls.jsonl", EtcdCall), key=lambda call: call.number)
        self._spans = self._some("spans.jsonl", Span)
        self._start = self._read_start()
        self._bodies = dict(self._body_lines())

    def exchanges(self, verbs: Collection[str] = ()) -> Iterator[Exchange]:
        """In the order of seq; of these verbs only, where some are named."""
        found = (self._exchanges[seq] for seq in sorted(self._exchanges))
        return (exchange for exchange in found if not verbs or exchange.info.verb in verbs)

    def traces(self) -> Iterator[tuple[Seq, str, str]]:
        """Each exchange's trace id and parent id, of those that went on with one."""
        return ((each.seq, each.trace_id, each.parent_id) for each in self.exchanges() if each.trace_id)

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""
        return self._exchanges.get(seq)

    def frames(self, seq: Seq) -> Iterator[Frame]:
        """A stream's frames in their order."""
        return iter(self._frames.get(seq, ()))

    def key_changes(self) -> Iterator[KeyChange]:
        """In the order of (cluster, revision, key)."""
        return iter(self._changes)

    def changes_of(self, key: EtcdKey) -> Iterator[KeyChange]:
        """One key's, in the order of (cluster, revision)."""
        return (change for change in self._changes if change.key == key)

    def etcds(self) -> Iterator[EtcdStore]:
        """The etcds that were followed, the main one first."""
        return iter(self._etcds)

    def etcd_calls(self, methods: Collection[str] = ()) -> Iterator[EtcdCall]:
        """The api-server's calls to etcd (of these methods, where some are named), in the order of their numbers."""
        return (call for call in self._calls if not methods or call.method in methods)

    def calls_of(self, exchange: Exchange) -> Iterator[EtcdCall]:
        """Those that carry the trace and the parent that the exchange went on with."""
        ids = (exchange.trace_id, exchange.parent_id)
        return (call for call in self._calls if exchange.parent_id and (call.trace_id, call.parent_id) == ids)

    def spans(self) -> Iterator[Span]:
        """The api-server's own spans, in the order in which they came."""
        return iter(self._spans)

    def start_state(self) -> Iterator[StartEntry]:
        """What the server held when the session began, where it was taken: keys, then objects."""
        return iter(self._start if self.session.has_start else ())

    def gaps(self) -> Iterator[Gap]:
        """What is missing."""
        return iter(self._gaps)

    def marks(self) -> Iterator[Mark]:
        """Named points, in their order."""
        return iter(self._marks)

    def body(self, digest: Digest) -> bytes:
        """The stored bytes of a body. RecordingError if they are not there or not what their name says."""
        line = self._bodies.get(digest)
        if line is None:
            raise RecordingError(f"{self.folder} has no body {digest}.")
        try:
            value = strict_json(line)
            data = body_bytes(value) if isinstance(value, dict) else b""
        except (ValueError, RecursionError) as error:
            raise RecordingError(f"Body {digest} of {self.folder} is damaged: {error}.") from error
        if digest_of(data) != digest:
            raise RecordingError(f"Body {digest} of {self.folder} is damaged: its bytes are not what its name says.")
        return data

    def bodies(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """The stored bytes of several, those that are not there left out."""
        return {digest: self.body(digest) for digest in digests if digest in self._bodies}

    def _read_header(self) -> Session:
        path = self.folder / "session.yaml"
        try:
            header = load_yaml(path.read_bytes(), str(path))
        except OSError as error:
            raise RecordingError(f"{self.folder} is no recording in text form: {path} cannot be read.") from error
        except ConfigError as error:
            raise RecordingError(str(error)) from error
        number = header.get("schema", SCHEMA) if isinstance(header, dict) else None
        if isinstance(number, int) and not 1 <= number <= SCHEMA:
            raise SchemaError(
                f"{self.folder} is of schema {number}, this kproxy reads 1 to {SCHEMA}: another kproxy reads it."
            )
        try:
            return from_json(Session, header)
        except StructureError as error:
            raise RecordingError(f"{path} is no header of a recording: {error}.") from error

    def _lines[T](self, name: str, kind: type[T]) -> Iterator[T]:
        for number, line in self._raw_lines(name):
            try:
                yield from_json(kind, strict_json(line))
            except ValueError as error:
                raise RecordingError(f"{self.folder / name} line {number} cannot be read: {error}.") from error

    def _some[T](self, name: str, kind: type[T]) -> list[T]:
        """What a file holds that is left out where there is none."""
        return list(self._lines(name, kind)) if (self.folder / name).exists() else []

    def _read_start(self) -> list[StartEntry]:
        keys = self._some("start_keys.jsonl", StartKey)
        objects = self._some("start_objects.jsonl", StartObject)
        return [
            *sorted(keys, key=lambda each: (each.cluster, each.key)),
            *sorted(objects, key=lambda each: (each.group, each.resource, each.namespace, each.name)),
        ]

    def _body_lines(self) -> Iterator[tuple[Digest, bytes]]:
        for number, line in self._raw_lines("bodies.jsonl"):
            try:
                value = strict_json(line)
            except ValueError as error:
                raise RecordingError(f"{self.folder}/bodies.jsonl line {number} cannot be read: {error}.") from error
            digest = value.get("digest") if isinstance(value, dict) else None
            if not isinstance(digest, str):
                raise RecordingError(f"{self.folder}/bodies.jsonl line {number} names no digest.")
            yield Digest(digest), line

    def _raw_lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        path = self.folder / name
        try:
            if path.stat().st_size > _MAX_FILE:
                raise RecordingError(
                    f"{path} is larger than {_MAX_FILE >> 20} MiB: import cannot read it; "
                    "use the file that it was exported from."
                )
            with path.open("rb") as file:
                yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
        except OSError as error:
            raise RecordingError(f"{self.folder} is no whole recording: {path} cannot be read.") from error
