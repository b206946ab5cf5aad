"""A watch's answer as a rule wants it, wherever the server's chunks end."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.proxy.faults.editing import WatchEdit, encode_error
from kproxy.proxy.faults.rules import parse_rule
from kproxy.wire.http1 import AnswerHead
from kproxy.wire.protobuild import encode_watch_event
from kproxy.wire.requestinfo import request_info
from kproxy.wire.watchevents import WatchCutter, decode_event

JSON_TYPE = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf;stream=watch"
INFO = request_info("GET", "/api/v1/pods?watch=1")


def edit(rule: str, media_type: str = JSON_TYPE) -> WatchEdit:
    made = WatchEdit(parse_rule(rule), INFO, lambda: 0.5)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert made.begins(AnswerHead(head, 200, b"1.1", -1))
    return made


def event(media_type: str, kind: str, name: str) -> bytes:
    if media_type == JSON_TYPE:
        return json.dumps({"type": kind, "object": {"metadata": {"name": name}}}).encode() + b"\n"
    data = encode_watch_event({"type": kind, "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}})
    return len(data).to_bytes(4) + data


names = st.text("abc\n\u00fc", max_size=6)
streams = st.lists(st.tuples(st.sampled_from(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]), names), max_size=8)


def fed(editing: WatchEdit, content: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    return [part for begin, end in pairwise(edges) for part in editing.feed(content[begin:end])]


@given(st.sampled_from([JSON_TYPE, PROTOBUF]), streams, st.lists(st.integers(0, 500), max_size=6))
def test_what_no_rule_wants_to_lose_goes_on_byte_for_byte(
    media_type: str, told: list[tuple[str, str]], cuts: list[int]
) -> None:
    events = [event(media_type, kind, name) for kind, name in told]
    editing = edit("drop-event type=ERROR", media_type)
    assert fed(editing, b"".join(events), cuts) == events
    assert (editing.fired, editing.over) == (False, False)


@given(st.sampled_from([JSON_TYPE, PROTOBUF]), streams, st.lists(st.integers(0, 500), max_size=6), st.integers(1, 3))
def test_the_nth_of_a_type_is_lost_and_no_other(
    media_type: str, told: list[tuple[str, str]], cuts: list[int], nth: int
) -> None:
    events = [event(media_type, kind, name) for kind, name in told]
    modified = [at for at, (kind, _) in enumerate(told) if kind == "MODIFIED"]
    lost = modified[nth - 1 : nth]
    editing = edit(f"drop-event type=MODIFIED nth={nth}", media_type)
    assert fed(editing, b"".join(events), cuts) == [each for at, each in enumerate(events) if at not in lost]
    assert editing.fired is bool(lost)


@given(streams, st.lists(st.integers(0, 500), max_size=6), st.integers(0, 9))
def test_nothing_goes_on_behind_the_last_event(told: list[tuple[str, str]], cuts: list[int], count: int) -> None:
    events = [event(JSON_TYPE, kind, name) for kind, name in told]
    editing = edit(f"cut after={count}")
    assert fed(editing, b"".join(events), cuts) == events[:count]
    assert editing.over is (len(events) >= count)


@pytest.mark.parametrize("media_type", [JSON_TYPE, PROTOBUF])
def test_an_error_event_is_one_in_its_streams_form(media_type: str) -> None:
    ((data, _),) = WatchCutter(media_type).feed(encode_error(media_type, INFO))
    found = decode_event(media_type, data)
    assert (found.type, found.object["code"], found.object["reason"]) == ("ERROR", 410, "Expired")


def test_content_that_is_no_event_goes_on_as_it_is() -> None:
    editing = edit("drop-event nth=1", PROTOBUF)
    broken = b"\xff\xff\xff\xff more"
    assert b"".join(editing.feed(broken) + editing.feed(b" and more")) == broken + b" and more"
