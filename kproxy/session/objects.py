"""An object as it then was: from etcd's values where they were recorded, else from answers and watch events."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from kproxy.correlate.writes import decoded_body, metadata_of, text
from kproxy.errors import UsageError
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey, KeyChange, key_text
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.session.log import header
from kproxy.session.opened import Opened, opened, started_at
from kproxy.wire.content import ContentError
from kproxy.wire.storage import decode_value, object_keys
from kproxy.wire.watch import decode_event


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectState:
    """An object at a moment: `document` is None when it was not there; `source` says where we know it from."""

    name: str
    document: JSONObject | None
    source: str


def parse_object(words: str) -> ObjectRef | EtcdKey:
    """`/an/etcd/key`, or `RESOURCE[.GROUP]/[NAMESPACE/]NAME`. UsageError for anything else."""
    if words.startswith("/"):
        return EtcdKey(words.encode())
    parts = words.split("/")
    if len(parts) not in {2, 3} or not all(parts):
        raise UsageError(
            f"{words!r} names no object: it is RESOURCE[.GROUP]/NAMESPACE/NAME (pods/default/hello-demo), "
            "RESOURCE[.GROUP]/NAME without a namespace, or a key in etcd that begins with a slash"
        )
    resource, _, group = parts[0].partition(".")
    return ObjectRef(group=group, resource=resource, namespace=parts[1] if len(parts) == 3 else "", name=parts[-1])


def object_at(where: str, words: str, at: str | None) -> ObjectState:
    """The object after exchange `at` (its last attributed change), at a time (RFC 3339), or at the session's end."""
    target = parse_object(words)
    with opened(where) as session:
        until = _moment(session, at)
        changes = [entry.change for entry in session.ledger.entries]
        if changes or session.recording.session.etcd_end is not None:
            return _from_etcd(session, target, changes, until)
        if isinstance(target, bytes):
            raise UsageError(f"{where} was recorded without etcd: name the object as RESOURCE/NAMESPACE/NAME")
        return _from_answers(session, target, until)


@dataclass(frozen=True, slots=True)
class _Moment:
    """Up to a revision where we know one, else up to a time."""

    revision: int | None
    time: Nanos | None


def _moment(session: Opened, at: str | None) -> _Moment:
    if at is None:
        return _Moment(None, None)
    if at.isascii() and at.isdigit():
        exchange = session.recording.exchange(Seq(int(at)))
        if exchange is None:
            raise UsageError(f"the recording has no exchange {at}")
        attributed = session.ledger.by_seq.get(exchange.seq)
        if attributed:
            return _Moment(max(ground.revision for ground in attributed), exchange.ended)
        return _Moment(None, exchange.ended)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise UsageError(
            f"--at {at!r} is neither an exchange's number nor a time such as 2026-11-23T12:00:00Z"
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _Moment(None, Nanos(int((moment - started_at(session.recording)).total_seconds() * 1e9)))


def _from_etcd(session: Opened, target: ObjectRef | EtcdKey, changes: list[KeyChange], until: _Moment) -> ObjectState:
    keys = (target,) if isinstance(target, bytes) else object_keys(target, session.recording.session.etcd_prefix)
    mine = [change for change in changes if change.key in keys]
    before = [change for change in mine if _happened(change, until)]
    name = key_text(target) if isinstance(target, bytes) else str(target)
    if before:
        body, source = before[-1].value, f"etcd, revision {before[-1].revision}"
    elif mine:  # the first change in the session tells what was there before it
        body, source = mine[0].previous, f"etcd, before revision {mine[0].revision}"
    else:
        raise UsageError(f"{name} did not change in this session; `kproxy correlate` lists the keys that did")
    if body is None:
        return ObjectState(name=name, document=None, source=source)
    if body.digest is None:
        raise UsageError(f"the value of {name} is not in the recording: {body.reason}")
    try:
        return ObjectState(name=name, document=decode_value(session.recording.body(body.digest)), source=source)
    except ContentError as error:
        raise UsageError(f"the value of {name} cannot be decoded: {error}") from error


def _happened(change: KeyChange, until: _Moment) -> bool:
    if until.revision is not None:
        return change.revision <= until.revision
    return until.time is None or change.at <= until.time


def _from_answers(session: Opened, target: ObjectRef, until: _Moment) -> ObjectState:
    """Without etcd: the last that an answer or a watch event said of the object."""
    latest: tuple[Nanos, JSONObject | None, str] | None = None
    for exchange in session.recording.exchanges():
        for at, document, source in _mentions(session, exchange, target):
            if (until.time is None or at <= until.time) and (latest is None or at >= latest[0]):
                latest = (at, document, source)
    if latest is None:
        raise UsageError(f"no answer in this session holds {target}, and it was recorded without etcd")
    return ObjectState(name=str(target), document=latest[1], source=f"{latest[2]}; recorded without etcd")


def _mentions(session: Opened, exchange: Exchange, target: ObjectRef) -> Iterator[tuple[Nanos, JSONObject | None, str]]:
    info, answer = exchange.info, exchange.answer
    same = (info.group, info.resource) == (target.group, target.resource) and not info.subresource
    if not same or answer is None or not 200 <= answer.status < 300:
        return
    ended = exchange.ended if exchange.ended is not None else exchange.started
    if info.verb == "watch":
        media_type = header(answer.headers, "content-type")
        for frame in session.recording.frames(exchange.seq):
            if frame.body.digest is None:
                continue
            event = decode_event(media_type, session.recording.body(frame.body.digest))
            if _is(event.object, target):
                gone = event.type == "DELETED"
                yield frame.at, None if gone else event.object, f"an event of watch {exchange.seq}"
        return
    document = decoded_body(session.recording, answer.headers, answer.body)
    if not isinstance(document, dict):
        return
    items = document.get("items")
    for obj in items if isinstance(items, list) else [document]:
        if isinstance(obj, dict) and _is(obj, target):
            yield ended, None if info.verb == "delete" else obj, f"the answer of exchange {exchange.seq}"


def _is(obj: JSONObject, target: ObjectRef) -> bool:
    metadata = metadata_of(obj)
    return text(metadata.get("name")) == target.name and text(metadata.get("namespace")) == target.namespace
