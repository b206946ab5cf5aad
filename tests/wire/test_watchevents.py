"""Cutting watch streams."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSONObject
from kproxy.wire.content import ContentError, encode
from kproxy.wire.watchevents import WatchCutter, WatchEvent, decode_event

PROTOBUF = "application/vnd.kubernetes.protobuf;stream=watch"
CBOR = "application/cbor-seq"
POD: JSONObject = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "a"},
    "spec": {"containers": None},
    "status": {},
}


def line(number: int) -> bytes:
    return json.dumps({"type": "ADDED", "object": {"n": number}}).encode() + b"\n"


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4) + body


@given(st.lists(st.integers()), st.lists(st.integers(1, 40)), st.binary(max_size=5))
def test_events_are_the_same_however_the_stream_arrives(numbers: list[int], cuts: list[int], rest: bytes) -> None:
    rest = rest.replace(b"\n", b" ")
    stream = b"".join(line(number) for number in numbers) + rest
    cutter, events, at = WatchCutter("application/json;stream=watch"), [], 0
    for cut in [*cuts, len(stream)]:
        events += cutter.feed(stream[at : at + cut])
        at += cut
    assert [event for event, _ in events] == [line(number).strip() for number in numbers]
    assert [stream[:end] for _, end in events] == [
        b"".join(line(number) for number in numbers[: count + 1]) for count in range(len(numbers))
    ]
    assert cutter.pending == rest


@given(st.lists(st.binary(max_size=300)), st.lists(st.integers(1, 40)))
def test_frames_are_the_same_however_the_stream_arrives(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frame, bodies))
    cutter, events, at = WatchCutter(PROTOBUF), [], 0
    for cut in [*cuts, len(stream)]:
        events += cutter.feed(stream[at : at + cut])
        at += cut
    assert [event for event, _ in events] == bodies
    assert not cutter.pending
    assert not events or events[-1][1] == len(stream)


def test_empty_lines_are_no_events_but_count() -> None:
    assert WatchCutter("application/json").feed(b"\n\r\n{}\r\n") == [(b"{}", 7)]


@pytest.mark.parametrize(
    ("media_type", "good", "bad"),
    [
        ("application/json", b"{}\n", b"x" * 11 + b"\n"),
        (PROTOBUF, frame(b"good"), (1 << 31).to_bytes(4)),
        (CBOR, b"\xa0", b"\x4a" + b"x" * 10),
    ],
)
def test_an_event_beyond_the_bound_ends_the_cutting_after_those_before_it(
    media_type: str, good: bytes, bad: bytes
) -> None:
    cutter = WatchCutter(media_type, max_event=10)
    assert len(cutter.feed(good + bad)) == 1
    for _ in range(2):
        with pytest.raises(ContentError, match="larger than 10 bytes"):
            cutter.feed(b"")


def test_a_line_that_never_ends_is_not_kept_for_ever() -> None:
    cutter = WatchCutter("application/json", max_event=10)
    with pytest.raises(ContentError):
        cutter.feed(b"x" * 11)


def test_only_watch_media_types_are_cut() -> None:
    with pytest.raises(ContentError, match="text/plain"):
        WatchCutter("text/plain; charset=utf-8")


def test_an_event_reads_alike_in_json_protobuf_and_cbor() -> None:
    event: JSONObject = {"type": "MODIFIED", "object": POD}
    expected = WatchEvent(type="MODIFIED", object=POD)
    assert decode_event("application/json", json.dumps(event).encode()) == expected
    for media_type in (PROTOBUF, CBOR):
        assert decode_event(media_type, encode(media_type, event)) == expected


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"type": 1, "object": {}}', b'{"type": "ADDED", "object": null}']
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    for media_type in ("application/json", PROTOBUF, CBOR):
        with pytest.raises(ContentError):
            decode_event(media_type, data)
