"""An exchange that differs with its counterpart: both sides' documents, read from the recordings, bounded."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kproxy.diff.chains import request_text
from kproxy.model.api import metadata_of
from kproxy.model.etcd import EtcdKey, KeyChange
from kproxy.model.exchange import Body, BodyState, Exchange, Frame, Headers, Seq, header
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.model.verdict import Difference, split_key
from kproxy.report.evidence import Beside, Documents, Heads
from kproxy.wire.content import ContentError, decode
from kproxy.wire.storage import decode_value
from kproxy.wire.watchevents import decode_event

MAX_BODY = 256 * 1024
"""Bytes of a body, or of a value, that is shown."""

MAX_BYTES = 8 * 1024 * 1024
"""Bytes of all that is shown."""

_MAX_PLACES = 20
"""Events of one stream, and versions of keys of one exchange, that are shown."""

_MAX_FRAMES = 10_000
"""Events of one stream that are gone through to find them."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A document, None where there is none; `note`: why it is not shown."""

    value: JSON = None
    note: str = ""


@dataclass(slots=True)
class _Budget:
    """Bytes that may still be shown."""

    left: int = MAX_BYTES

    def allows(self, size: int) -> bool:
        """Take so many; whether there were as many."""
        if size > MAX_BODY or size > self.left:
            return False
        self.left -= size
        return True


@dataclass(slots=True)
class _Reader:
    """Reads documents of one recording."""

    recording: Recording
    budget: _Budget

    def message(self, headers: Headers, body: Body) -> _Read:
        """A request's or an answer's content: a document, or its text."""
        data = self._bytes(body)
        if isinstance(data, _Read):
            return data
        try:
            return _Read(decode(header(headers, "content-type"), data))
        except ContentError:
            return _Read(data.decode("utf-8", "backslashreplace"))

    def stored(self, body: Body | None) -> _Read:
        """A value in etcd."""
        data = _Read() if body is None else self._bytes(body)
        if isinstance(data, _Read):
            return data
        try:
            return _Read(decode_value(data))
        except ContentError:
            return _Read(data.decode("utf-8", "backslashreplace"))

    def event(self, exchange: Exchange, frame: Frame) -> JSONObject:
        """A watch event; {} for what cannot be read."""
        media_type = header(exchange.answer.headers, "content-type") if exchange.answer else ""
        data = self._bytes(frame.body)
        if isinstance(data, _Read):
            return {}
        try:
            event = decode_event(media_type, data)
        except ContentError:
            return {}
        return {"type": event.type, "object": event.object}

    def _bytes(self, body: Body) -> bytes | _Read:
        if body.state is BodyState.EMPTY or body.state is BodyState.FRAMES:
            return _Read()
        if body.digest is None:
            return _Read(note=f"its content is {body.state.value}")
        if not self.budget.allows(body.size):
            return _Read(note=f"its content of {body.size} bytes is too large to be shown here")
        return self.recording.body(body.digest)


class Gathering:
    """Reads what is shown of exchanges, until there is enough of it."""

    def __init__(self, baseline: Recording, replayed: Recording, counterparts: dict[Seq, Seq]) -> None:
        self._budget = _Budget()
        self._first = _Reader(baseline, self._budget)
        self._second = _Reader(replayed, self._budget)
        self._counterparts = counterparts

    def beside(self, seq: Seq, differences: Iterable[Difference]) -> Beside | None:
        """An exchange with its counterpart; None where there is none, or no room is left for it."""
        exchange = self._first.recording.exchange(seq)
        if exchange is None or self._budget.left <= 0:
            return None
        found = list(differences)
        image = self._counterparts.get(seq)
        other = None if image is None else self._second.recording.exchange(image)
        return Beside(
            seq=seq,
            counterpart=image,
            request=request_text(exchange),
            baseline=_heads(exchange),
            replayed=None if other is None else _heads(other),
            documents=tuple(_with_paths(each, found) for each in self._documents(exchange, other, found)),
        )

    def _documents(
        self, exchange: Exchange, other: Exchange | None, differences: Iterable[Difference]
    ) -> Iterator[Documents]:
        places: dict[str, list[Difference]] = defaultdict(list)
        for each in differences:
            places[each.where].append(each)
        if any(each.path.startswith("$") for each in places["request"]):
            yield _pair("request", "request", self._request(self._first, exchange), self._request(self._second, other))
        if places["body"] or places["status"] or places["missing"]:
            yield _pair("answer", "body", self._answer(self._first, exchange), self._answer(self._second, other))
        if places["stream"]:
            yield from self._events(exchange, other, places["stream"])
        yield from self._values(places["etcd"])

    def _request(self, reader: _Reader, exchange: Exchange | None) -> _Read:
        return _Read() if exchange is None else reader.message(exchange.request.headers, exchange.request.body)

    def _answer(self, reader: _Reader, exchange: Exchange | None) -> _Read:
        if exchange is None or exchange.answer is None:
            return _Read()
        return reader.message(exchange.answer.headers, exchange.answer.body)

    def _events(
        self, exchange: Exchange, other: Exchange | None, differences: Iterable[Difference]
    ) -> Iterator[Documents]:
        """Each event that differs, beside the one that is as many events into the same object's life."""
        first = _stream(self._first, exchange)
        second = {} if other is None else _stream(self._second, other)
        by_life = dict(second.values())
        wanted = dict.fromkeys(index for each in differences if (index := _index(each.path)) is not None)
        for index in list(wanted)[:_MAX_PLACES]:
            root = f"$[{index}]"
            whole = [each for each in differences if each.path == root]
            if whole and whole[0].kind == "added":
                yield Documents(
                    title=f"event {index}", where="stream", root=root, replayed=second.get(index, ("", None))[1]
                )
                continue
            life, event = first.get(index, ("", None))
            image = None if whole and whole[0].kind == "removed" else by_life.get(life)
            yield Documents(title=f"event {index}", where="stream", root=root, baseline=event, replayed=image)

    def _values(self, differences: Iterable[Difference]) -> Iterator[Documents]:
        wanted = dict.fromkeys((name, index) for name, index, _ in (split_key(each.path) for each in differences))
        for name, index in list(wanted)[:_MAX_PLACES]:
            first, second = (_change(reader.recording, name, index) for reader in (self._first, self._second))
            left = self._first.stored(first.value if first else None)
            right = self._second.stored(second.value if second else None)
            yield _pair(f"{name} in etcd, change {index}", "etcd", left, right, root=f"{name}[{index}]")


def _with_paths(documents: Documents, differences: Iterable[Difference]) -> Documents:
    """With the paths of all differences within."""
    within = (each.path for each in differences if each.where == documents.where)
    return replace(documents, paths=tuple(each for each in within if each.startswith(documents.root)))


def _pair(title: str, where: str, first: _Read, second: _Read, root: str = "$") -> Documents:
    notes = [f"{whose}: {each.note}" for whose, each in (("recorded", first), ("replayed", second)) if each.note]
    return Documents(
        title=title, where=where, root=root, baseline=first.value, replayed=second.value, note="; ".join(notes)
    )


def _stream(reader: _Reader, exchange: Exchange) -> dict[int, tuple[str, JSON]]:
    """Events by index, each with its place in its object's life (`default/a 2`)."""
    seen: Counter[str] = Counter()
    found: dict[int, tuple[str, JSON]] = {}
    for frame in reader.recording.frames(exchange.seq):
        event = reader.event(exchange, frame)
        metadata = metadata_of(event.get("object"))
        name = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
        seen[name] += 1
        found[frame.index] = f"{name} {seen[name]}", event
        if len(found) >= _MAX_FRAMES:
            break
    return found


def _index(path: str) -> int | None:
    inside = path.removeprefix("$[").partition("]")[0]
    return int(inside) if path.startswith("$[") and inside.isdecimal() else None


def _change(recording: Recording, name: str, index: int) -> KeyChange | None:
    """A key's change by its place among those of the session."""
    start = recording.session.etcd_start or 0
    key = EtcdKey(name.encode("utf-8", "surrogateescape"))
    for at, change in enumerate(each for each in recording.changes_of(key) if each.revision > start):
        if at == index:
            return change
    return None


def _heads(exchange: Exchange) -> Heads:
    request, answer = exchange.request, exchange.answer
    return Heads(
        request=f"{request.method} {request.target} {request.http_version}",
        request_headers=request.headers,
        answer="" if answer is None else f"{answer.status} {answer.reason}".rstrip(),
        answer_headers=() if answer is None else answer.headers,
        end=exchange.end.value,
    )
