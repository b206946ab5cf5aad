"""Edits of a recording: one changed value, status, header or watch event, drawn with a seed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from random import Random
from uuid import UUID

from kproxy.model.etcd import ChangeType, EtcdKey, Revision
from kproxy.model.exchange import Body, BodyState, Digest, Exchange, Headers
from kproxy.model.jsontypes import JSON
from kproxy.renaming.kinds import is_time
from kproxy.renaming.path import field_step
from kproxy.renaming.times import seconds
from kproxy.wire.content import ContentError, decode, encode
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.mediatype import PROTOBUF
from tests.support.memory import MemoryRecording

type Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Edit:
    """What was changed, and the recording that has it."""

    where: str
    seq: int | None
    path: str
    before: JSON
    after: JSON
    recording: MemoryRecording
    index: int = 0  # of the frame, or of the change of a key

    def __str__(self) -> str:
        """For the list of survivors."""
        return f"exchange {self.seq} {self.where} {self.path}: {str(self.before)[:80]!r} -> {str(self.after)[:80]!r}"


def draw(recording: MemoryRecording, random: Random) -> Edit:
    """One edit: a category first, so that small ones are drawn as often as large ones."""
    categories = [_leaf, _leaf, _status, _header]
    if recording.frame_list:
        categories += [_frame_leaf, _event]
    if recording.change_list:
        categories += [_etcd_leaf, _change]
    while True:
        try:
            return random.choice(categories)(recording, random)
        except ContentError:
            continue  # an edit that protobuf cannot hold: another


def _leaf(recording: MemoryRecording, random: Random) -> Edit:
    exchanges = [each for each in recording.exchange_list if each.answer and _document(recording, each) is not None]
    exchange = random.choice(exchanges)
    assert exchange.answer
    value = _document(recording, exchange)
    edited, path, before, after = change_leaf(value, random)
    media_type = _media_type(exchange)
    data = encode(media_type, edited)
    if decode(media_type, data) != edited:
        raise ContentError("an edit of a field that protobuf does not have")
    body = _with_bytes(recording, exchange.answer.body, data)
    changed = replace(exchange, answer=replace(exchange.answer, body=body))
    return Edit("body", exchange.seq, path, before, after, _with_exchange(recording, changed))


def _status(recording: MemoryRecording, random: Random) -> Edit:
    exchange = random.choice([each for each in recording.exchange_list if each.answer])
    assert exchange.answer
    before = exchange.answer.status
    after = random.choice([status for status in (200, 201, 202, 400, 403, 404, 409, 500) if status != before])
    changed = replace(exchange, answer=replace(exchange.answer, status=after))
    return Edit("status", exchange.seq, "status", before, after, _with_exchange(recording, changed))


def _header(recording: MemoryRecording, random: Random) -> Edit:
    exchange = random.choice([each for each in recording.exchange_list if each.answer])
    assert exchange.answer
    headers = list(exchange.answer.headers)
    index = random.randrange(len(headers))
    name, before = headers[index]
    after = random.choice([None, _text(before, random), _text(before, random)])
    headers[index : index + 1] = [] if after is None else [(name, after)]
    changed = replace(exchange, answer=replace(exchange.answer, headers=tuple(headers)))
    return Edit("header", exchange.seq, name, before, after, _with_exchange(recording, changed))


def _frame_leaf(recording: MemoryRecording, random: Random) -> Edit:
    index = random.randrange(len(recording.frame_list))
    frame = recording.frame_list[index]
    assert frame.body.digest
    media_type = _media_type(_exchange(recording, frame.seq))
    written_in = media_type if media_type.startswith(PROTOBUF) else JSON_TYPE
    edited, path, before, after = change_leaf(decode(written_in, recording.body(frame.body.digest)), random)
    data = encode(written_in, edited)
    if decode(written_in, data) != edited:
        raise ContentError("an edit of a field that protobuf does not have")
    body = _with_bytes(recording, frame.body, data)
    frames = [*recording.frame_list]
    frames[index] = replace(frame, body=body)
    edit = replace(recording, frame_list=frames)
    return Edit("stream", frame.seq, f"[{frame.index}]{path}", before, after, edit, frame.index)


def _event(recording: MemoryRecording, random: Random) -> Edit:
    index = random.randrange(len(recording.frame_list))
    frame = recording.frame_list[index]
    stream = [each for each in recording.frame_list if each.seq == frame.seq]
    rest = [each for each in recording.frame_list if each.seq != frame.seq]
    at = stream.index(frame)
    how = random.choice(["lost", "twice", "swapped"] if at + 1 < len(stream) else ["lost", "twice"])
    if how == "lost":
        del stream[at]
    elif how == "twice":
        stream.insert(at, frame)
    else:
        stream[at], stream[at + 1] = stream[at + 1], stream[at]
    stream = [replace(each, index=number) for number, each in enumerate(stream)]
    edited = replace(recording, frame_list=rest + stream)
    return Edit("stream", frame.seq, f"[{frame.index}]", "event", how, edited)


def _etcd_leaf(recording: MemoryRecording, random: Random) -> Edit:
    changes = [change for change in recording.change_list if change.value and change.value.digest]
    change = random.choice(changes)
    assert change.value
    assert change.value.digest
    data = recording.body(change.value.digest)
    media_type = PROTOBUF if data.startswith(b"k8s\0") else JSON_TYPE
    value = decode(media_type, data)
    edited, path, before, after = change_leaf(value, random)
    written = encode(media_type, edited)
    if decode(media_type, written) != edited:
        raise ContentError("an edit of a field that protobuf does not have")
    changed = replace(change, value=_with_bytes(recording, change.value, written))
    others = [changed if each is change else each for each in recording.change_list]
    where = f"{change.key.decode()}{path}"
    index = recording.change_list.index(change)
    return Edit("etcd", None, where, before, after, replace(recording, change_list=others), index)


def _change(recording: MemoryRecording, random: Random) -> Edit:
    """A change of a key that did not come, or that was another one."""
    index = random.randrange(len(recording.change_list))
    change = recording.change_list[index]
    of_a_put = ["lease", "version"] if change.type is ChangeType.PUT else []  # etcd tells neither of a DELETE
    how = random.choice(["lost", "type", "key", "revision", *of_a_put])
    others = {
        "type": replace(change, type=ChangeType.DELETE if change.type is ChangeType.PUT else ChangeType.PUT),
        "key": replace(change, key=EtcdKey(change.key + b"x")),
        "lease": replace(change, lease=0 if change.lease else 7),
        "version": replace(change, version=change.version + 1),
        "revision": replace(change, revision=Revision(change.revision + random.choice([-1, 1]))),
    }
    changes = [*recording.change_list]
    if how == "lost":
        del changes[index]
        return Edit("etcd", None, change.key.decode(), "change", how, replace(recording, change_list=changes), index)
    changes[index] = others[how]
    before, after = (str(getattr(each, how)) for each in (change, others[how]))
    path = f"{change.key.decode()} {how}"
    return Edit("etcd", None, path, before, after, replace(recording, change_list=changes), index)


def change_leaf(value: JSON, random: Random) -> tuple[JSON, str, JSON, JSON]:
    """A copy with one leaf changed, its path, and both values."""
    copy: JSON = json.loads(json.dumps(value))
    steps = random.choice(list(leaves(copy)))
    parent: JSON = copy
    for step in steps[:-1]:
        parent = parent[step]  # type: ignore[index] # the steps come from this very value
    before = parent[steps[-1]] if steps else copy  # type: ignore[index] # the same
    after = _other(before, random)
    if not steps:
        return after, "$", before, after
    parent[steps[-1]] = after  # type: ignore[index] # the same
    return (
        copy,
        "$" + "".join(f"[{step}]" if isinstance(step, int) else field_step(step) for step in steps),
        before,
        after,
    )


def leaves(value: JSON, steps: Steps = ()) -> Iterator[Steps]:
    """The ways to all leaves; an empty container is one."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from leaves(each, (*steps, name))
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from leaves(each, (*steps, index))
    else:
        yield steps


def _other(value: JSON, random: Random) -> JSON:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + random.choice([-2, -1, 1, 2, 10])
    if isinstance(value, str):
        return _text(value, random)
    if isinstance(value, list):
        return ["more"]
    return {"more": "x"} if isinstance(value, dict) else "x"


def _text(value: str, random: Random) -> str:
    """Another text of the same form: a uid for a uid, a time for a time, a number for a number."""
    try:
        if str(UUID(value)) == value:
            return str(UUID(int=random.getrandbits(128)))
    except ValueError:
        pass
    if is_time(value):
        return _shifted(value, random)
    if value.endswith(" GMT"):
        return _shifted_date(value, random)
    if value.isdigit():
        by = random.choice([-100, -10, -3, -2, -1, 1, 2, 3, 10, 100])
        return str(int(value) + (by if int(value) + by >= 0 else -by))
    at = random.randrange(len(value) + 1)
    return value[:at] + random.choice("abcxyz019-") + value[at:]


def _shifted(value: str, random: Random) -> str:
    moved = (seconds(value) or 0) + random.choice([-1, 1]) * random.randint(1, 3600)
    return datetime.fromtimestamp(moved, UTC).isoformat().replace("+00:00", "Z")


def _shifted_date(value: str, random: Random) -> str:
    moved = parsedate_to_datetime(value).timestamp() + random.choice([-1, 1]) * random.randint(1, 3600)
    return formatdate(moved, usegmt=True)


def _media_type(exchange: Exchange) -> str:
    headers: Headers = exchange.answer.headers if exchange.answer else ()
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _exchange(recording: MemoryRecording, seq: int) -> Exchange:
    return next(each for each in recording.exchange_list if each.seq == seq)


def _document(recording: MemoryRecording, exchange: Exchange) -> JSON:
    digest = exchange.answer.body.digest if exchange.answer else None
    if digest is None:
        return None
    try:
        return _decoded(_media_type(exchange), recording.body(digest))
    except ContentError:
        return None


def _decoded(media_type: str, data: bytes) -> JSON:
    return decode(media_type.partition(";stream=")[0] if ";stream=" in media_type else media_type, data)


def _with_bytes(recording: MemoryRecording, body: Body, data: bytes) -> Body:
    """The body with other bytes; its size stays: a server that lies also says the length of its lie."""
    kept = recording.keep(data)
    digest: Digest | None = kept.digest
    return replace(body, digest=digest, state=body.state if data else BodyState.EMPTY)


def _with_exchange(recording: MemoryRecording, exchange: Exchange) -> MemoryRecording:
    others = [exchange if each.seq == exchange.seq else each for each in recording.exchange_list]
    return replace(recording, exchange_list=others)


type Draw = Callable[[MemoryRecording, Random], Edit]
