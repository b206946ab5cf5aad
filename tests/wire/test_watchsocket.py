"""Messages of a watch over WebSocket become the lines of a streamed watch."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.stretch import StreamError
from kproxy.wire.watchevents import WatchCutter
from kproxy.wire.watchsocket import WatchSocket, is_watch_socket
from kproxy.wire.websocket import BINARY, CLOSE, PING, TEXT
from tests.support.upgraded import cut, websocket


@pytest.mark.parametrize(
    ("target", "upgrade", "is_one"),
    [
        ("/api/v1/pods?watch=true", "websocket", True),
        ("/api/v1/watch/pods", "WebSocket", True),
        ("/api/v1/pods", "websocket", False),
        ("/api/v1/pods?watch=true", "SPDY/3.1", False),
        ("/api/v1/namespaces/a/pods/b/exec?watch=true", "websocket", False),
    ],
)
def test_what_is_a_watch_says_the_request(target: str, upgrade: str, is_one: bool) -> None:
    assert is_watch_socket("GET", target, upgrade) is is_one


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=4), st.sets(st.integers(1, 500), max_size=20))
def test_messages_are_lines_however_they_are_cut(messages: list[bytes], places: set[int]) -> None:
    wire = b"".join(websocket(TEXT, message) + websocket(PING, b"") for message in messages)
    reader = WatchSocket()
    found = b"".join(piece for data in cut(wire, places) for piece in reader.feed(data))
    assert found == b"".join(message.replace(b"\n", b" ") + b"\n" for message in messages)
    assert not reader.over


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("place", [3, 40])
def test_a_message_is_one_event_however_its_json_is_laid_out(indent: int | None, place: int) -> None:
    sent = [{"type": "ADDED", "object": {"kind": "Pod", "metadata": {"name": name}}} for name in ("a", "b\nc")]
    wire = b"".join(websocket(TEXT, json.dumps(each, indent=indent).encode() + b"\n") for each in sent)
    reader, cutter = WatchSocket(), WatchCutter("application/json")
    lines = [piece for data in cut(wire, {place}) for piece in reader.feed(data)]
    events = [event for piece in lines for event, _ in cutter.feed(piece)]
    assert [json.loads(event) for event in events] == sent


def test_its_end_is_known() -> None:
    reader = WatchSocket()
    assert list(reader.feed(websocket(CLOSE, b"\x03\xe8"))) == []
    assert reader.over


def test_other_encodings_than_json_are_not_read() -> None:
    with pytest.raises(StreamError, match="JSON only"):
        list(WatchSocket().feed(websocket(BINARY, b"\x0a")))
