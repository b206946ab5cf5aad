"""Everything that a whole control plane said and stored: it decodes, and its watches have each change that etcd had."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.model.api import metadata_of
from kproxy.model.etcd import KeyChange
from kproxy.model.exchange import LOG_LINE, WATCH_EVENT, Exchange, header
from kproxy.model.jsontypes import JSONObject
from kproxy.model.recording import Recording
from kproxy.renaming.target import parameter
from kproxy.store.reader import open_recording
from kproxy.wire.content import decode, encode
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.storage import decode_value, key_object
from kproxy.wire.watchevents import WatchEvent, decode_event

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]

PROTOBUF_EVENT = "application/vnd.kubernetes.protobuf;stream=watch"
LATE = 30_000_000_000
"""Nanoseconds before a watch's end that it may have missed behind its last event: on their way, on a busy machine."""

INITIAL_END = "k8s.io/initial-events-end"


@pytest.fixture(scope="module")
def recording(soak: Path) -> Iterator[Recording]:
    with open_recording(str(soak / "recording.kproxy")) as found:
        yield found


def content_type(exchange: Exchange) -> str:
    """The answer's."""
    return header(exchange.answer.headers, "content-type") if exchange.answer else ""


def test_every_body_decodes_and_protobuf_is_written_again_as_it_was(recording: Recording) -> None:
    read = set()
    for exchange in recording.exchanges():
        asked = header(exchange.request.headers, "content-type") or "application/json"
        sides = [(asked, exchange.request.body)]
        sides += [(content_type(exchange), exchange.answer.body)] if exchange.answer else []
        for media_type, body in sides:
            parsed = parse_media_type(media_type)
            if body.digest is None or not parsed.is_structured or (media_type, body.digest) in read:
                continue
            read.add((media_type, body.digest))
            value = decode(media_type, recording.body(body.digest))
            if parsed.is_protobuf:
                assert encode(media_type, value) == recording.body(body.digest)
    assert len(read) > 500


def test_every_frame_of_a_watch_or_a_log_is_one(recording: Recording) -> None:
    count = 0
    for exchange in recording.exchanges():
        media_type = content_type(exchange)
        for frame in recording.frames(exchange.seq):
            if frame.kind not in {WATCH_EVENT, LOG_LINE}:
                continue
            assert frame.body.digest is not None, (exchange.seq, frame)
            data = recording.body(frame.body.digest)
            if frame.kind == WATCH_EVENT:
                assert decode_event(media_type, data).type
                if parse_media_type(media_type).is_protobuf:
                    assert encode(PROTOBUF_EVENT, decode(PROTOBUF_EVENT, data)) == data
            count += 1
    assert count > 500


def test_every_value_in_etcd_decodes(recording: Recording) -> None:
    count = 0
    for change in recording.key_changes():
        for body in (change.value, change.previous):
            if body is not None and body.digest is not None:
                assert decode_value(recording.body(body.digest))
                count += 1
    assert count > 500


def events_of(recording: Recording, exchange: Exchange) -> list[WatchEvent]:
    """A watch's events."""
    return [
        decode_event(content_type(exchange), recording.body(frame.body.digest))
        for frame in recording.frames(exchange.seq)
        if frame.body.digest is not None
    ]


def revision_of(value: JSONObject) -> int:
    """An object's."""
    return int(str(metadata_of(value).get("resourceVersion", "0")) or "0")


def begins_at(exchange: Exchange, events: list[WatchEvent]) -> int | None:
    """The revision behind which a watch shows each change; None where it does not say."""
    for event in events:
        annotations = metadata_of(event.object).get("annotations")
        if event.type == "BOOKMARK" and isinstance(annotations, dict) and INITIAL_END in annotations:
            return revision_of(event.object)
    asked = parameter(exchange.request.target, "resourceVersion")
    sends_initial = parameter(exchange.request.target, "sendInitialEvents") == "true"
    return int(asked) if asked and asked != "0" and not sends_initial else None


def test_a_watch_of_all_objects_has_each_change_that_etcd_had_meanwhile(recording: Recording) -> None:
    changes: dict[tuple[str, str], list[KeyChange]] = {}
    for change in recording.key_changes():
        ref = key_object(change.key, recording.session.etcd_prefix)
        if ref is not None:
            changes.setdefault((ref.group, ref.resource), []).append(change)
    compared = zipped = 0
    for exchange in recording.exchanges():
        info = exchange.info
        selected = any(parameter(exchange.request.target, name) for name in ("fieldSelector", "labelSelector"))
        if info.verb != "watch" or exchange.answer is None or exchange.answer.status != 200:
            continue
        if selected or info.namespace or info.name:
            continue
        events = events_of(recording, exchange)
        begin = begins_at(exchange, events)
        if begin is None:
            continue
        seen = {revision_of(event.object) for event in events}
        last, end = max(seen, default=0), (exchange.ended or 0) - LATE  # events come in the order of revisions
        between = [
            change.revision
            for change in changes.get((info.group, info.resource), [])
            if begin < change.revision and (change.revision <= last or change.at < end)
        ]
        assert set(between) <= seen, (exchange.seq, exchange.request.target)
        compared += len(between)
        zipped += len(between) if header(exchange.answer.headers, "content-encoding") == "gzip" else 0
    assert compared > 500
    assert zipped > 0
