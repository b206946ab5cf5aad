"""What answers and watch events say of an object: the ground for `get` where etcd was not recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import Answer, Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.recording import Recording
from kproxy.replay.watched import watch_events
from kproxy.session.contents import decoded_body
from kproxy.session.options import Options, options_of
from kproxy.wire.requestinfo import is_write


@dataclass(frozen=True, slots=True)
class Mention:
    """The object at a moment, None when it was not there, and who said so; `writes`: the answer of a write of it."""

    at: Nanos
    document: JSONObject | None
    source: str
    seq: Seq
    writes: bool = False


def latest_mention(recording: Recording, target: ObjectRef, until: Nanos | None) -> Mention | None:
    """The last that was said of an object up to a time (None: the session's end)."""
    latest: Mention | None = None
    for mention in mentions(recording, target):
        in_time = until is None or mention.at <= until
        if in_time and (latest is None or mention.at >= latest.at):
            latest = mention
    return latest


def mentions(recording: Recording, target: ObjectRef) -> Iterator[Mention]:
    """All that was said of an object, exchange by exchange."""
    for exchange in recording.exchanges():
        yield from _mentions(recording, exchange, target)


def _mentions(recording: Recording, exchange: Exchange, target: ObjectRef) -> Iterator[Mention]:
    info, answer = exchange.info, exchange.answer
    same = (info.group, info.resource) == (target.group, target.resource) and not info.subresource
    if not same or answer is None or "dryRun" in parse_qs(urlsplit(exchange.request.target).query):
        return
    if info.verb == "watch":
        yield from _events(recording, exchange, target)
        return
    options = options_of(recording, exchange)
    if options.dry_run:  # a delete says so in its body
        return
    at = exchange.ended if exchange.ended is not None else exchange.started
    source = f"the answer of exchange {exchange.seq}"
    document = decoded_body(recording, answer.headers, answer.body)
    writes = is_write(exchange)
    named = info.name == target.name and target.namespace in {"", info.namespace}
    if named and _says_gone(exchange, answer, document if isinstance(document, dict) else {}):
        yield Mention(at, None, source, exchange.seq, writes)
    elif isinstance(document, dict) and 200 <= answer.status < 300:
        for obj in _whole_objects(document):
            if not _is(obj, target) or (info.verb == "deletecollection" and _may_linger(options, target, obj)):
                continue
            gone = info.verb == "deletecollection" or (info.verb == "delete" and not _lingers(obj))
            yield Mention(at, None if gone else obj, source, exchange.seq, writes)


def _says_gone(exchange: Exchange, answer: Answer, document: JSONObject) -> bool:
    """A read that finds nothing, or a delete that is answered with a Status in place of the object."""
    if exchange.info.verb == "get" and answer.status == 404:
        return True
    is_status = document.get("kind") == "Status" and document.get("status") == "Success"
    return exchange.info.verb == "delete" and answer.status == 200 and is_status


def _events(recording: Recording, exchange: Exchange, target: ObjectRef) -> Iterator[Mention]:
    for frame, event in watch_events(recording, exchange):
        for obj in _whole_objects(event.object):
            if _is(obj, target):
                gone = event.type == "DELETED"
                yield Mention(frame.at, None if gone else obj, f"an event of watch {exchange.seq}", exchange.seq)


def _whole_objects(document: JSONObject) -> Iterator[JSONObject]:
    """Itself or a list's items; nothing of a list that has metadata only."""
    if text(document.get("kind")).startswith("PartialObjectMetadata"):
        return
    items = document.get("items")
    yield from (obj for obj in (items if isinstance(items, list) else [document]) if isinstance(obj, dict))


def _lingers(obj: JSONObject) -> bool:
    """Whether a deleted object stays for a while: it has finalizers or time to end gracefully."""
    metadata = metadata_of(obj)
    graceful = bool(metadata.get("deletionGracePeriodSeconds"))
    return bool(metadata.get("deletionTimestamp")) and (graceful or bool(metadata.get("finalizers")))


def _may_linger(options: Options, target: ObjectRef, obj: JSONObject) -> bool:
    """Whether an object of a collection's deletion may have stayed: the answer shows it as it was before.

    Pods have time to end, finalizers hold an object, and to wait for its dependents, or to orphan them, adds one.
    """
    asked = options.delete_options or {}
    holds = asked.get("propagationPolicy") in {"Foreground", "Orphan"} or bool(asked.get("orphanDependents"))
    is_pod = (target.group, target.resource) == ("", "pods")
    return is_pod or holds or bool(metadata_of(obj).get("finalizers"))


def _is(obj: JSONObject, target: ObjectRef) -> bool:
    metadata = metadata_of(obj)
    return text(metadata.get("name")) == target.name and text(metadata.get("namespace")) == target.namespace
