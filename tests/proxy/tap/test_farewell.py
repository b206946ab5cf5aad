"""Where a stream may be ended: kproxy.proxy.tap.farewell, and what a tap makes of it."""

import json

import pytest

from kproxy.model.exchange import End
from kproxy.model.jsontypes import JSONObject
from kproxy.proxy.tap.actions import Act
from kproxy.wire.protobuild import encode_watch_event
from tests.proxy.tap.test_tap import Wires

WATCH = b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: up:1\r\n\r\n"
LOGS = b"GET /api/v1/namespaces/a/pods/b/log?follow=true HTTP/1.1\r\nHost: up:1\r\n\r\n"
LIST = b"GET /api/v1/pods HTTP/1.1\r\nHost: up:1\r\n\r\n"
PROTOBUF = "application/vnd.kubernetes.protobuf;stream=watch"
LAST = b"0\r\n\r\n"


def begun(request: bytes, media_type: str = "application/json", more: bytes = b"") -> Wires:
    wires = Wires()
    wires.take(wires.tap.client_data(request))
    wires.take(wires.tap.connected(None))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%bTransfer-Encoding: chunked\r\n\r\n"
    wires.take(wires.tap.server_data(head % (media_type.encode(), more)))
    return wires


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(media_type: str, name: str) -> bytes:
    pod: JSONObject = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}
    if media_type == PROTOBUF:
        data = encode_watch_event({"type": "ADDED", "object": pod})
        return len(data).to_bytes(4) + data
    return json.dumps({"type": "ADDED", "object": pod}).encode() + b"\n"


@pytest.mark.parametrize("media_type", ["application/json", PROTOBUF])
def test_a_watch_ends_behind_the_event_that_is_coming(media_type: str) -> None:
    first, second, third = (event(media_type, name) for name in "abc")
    wires = begun(WATCH, media_type)
    wires.take(wires.tap.server_data(chunk(first) + chunk(second[:10])))
    before = wires.to_client

    wires.take(wires.tap.drain())
    assert wires.to_client == before
    assert Act.CLOSE_CLIENT not in wires.acts
    wires.take(wires.tap.server_data(chunk(second[10:])))

    assert wires.to_client == before + chunk(second[10:]) + LAST
    assert wires.acts[-2:] == [Act.CLOSE_SERVER, Act.CLOSE_CLIENT]
    wires.take(wires.tap.server_data(chunk(third)))
    (told,) = wires.recorded().finished.values()
    assert (told.end, told.detail, told.answer) == (End.STOPPED, "the recording was ended", first + second)


@pytest.mark.parametrize("cut", [1, 5, -3, -1], ids=str)
def test_a_watch_never_ends_within_a_chunk(cut: int) -> None:
    wires = begun(WATCH)
    whole = chunk(event("application/json", "a"))
    wires.take(wires.tap.server_data(whole[:cut]))
    wires.take(wires.tap.drain())
    assert Act.CLOSE_CLIENT not in wires.acts
    wires.take(wires.tap.server_data(whole[cut:]))
    assert wires.to_client.endswith(whole + LAST)
    assert wires.acts[-1] is Act.CLOSE_CLIENT


def test_a_silent_watch_ends_at_once() -> None:
    wires = begun(WATCH)
    wires.take(wires.tap.drain())
    assert wires.to_client.endswith(b"\r\n\r\n" + LAST)
    assert wires.acts[-1] is Act.CLOSE_CLIENT


def test_a_watch_of_which_the_beginning_is_committed_ends_too() -> None:
    wires = begun(WATCH)
    first, second = event("application/json", "a"), event("application/json", "b")
    wires.take(wires.tap.server_data(chunk(first)))
    batch = wires.backlog.flush()
    assert batch is not None
    wires.backlog.committed(batch.number)
    wires.backlog.checkpoint(1, len(first), 1)
    wires.take(wires.tap.server_data(chunk(second[:-1])))
    wires.take(wires.tap.drain())
    assert Act.CLOSE_CLIENT not in wires.acts
    wires.take(wires.tap.server_data(chunk(second[-1:])))
    assert wires.to_client.endswith(LAST)


def test_a_followed_log_ends_behind_a_line() -> None:
    wires = begun(LOGS, "text/plain")
    wires.take(wires.tap.server_data(chunk(b"one\ntw")))
    wires.take(wires.tap.drain())
    assert Act.CLOSE_CLIENT not in wires.acts
    wires.take(wires.tap.server_data(chunk(b"o\n")))
    assert wires.to_client.endswith(chunk(b"o\n") + LAST)


@pytest.mark.parametrize(
    ("request_", "more"),
    [(LIST, b""), (LOGS.replace(b"true", b"false"), b""), (WATCH, b"Content-Encoding: gzip\r\n")],
    ids=["a list", "a log", "a gzipped watch"],
)
def test_what_is_no_stream_is_not_ended_but_may_finish(request_: bytes, more: bytes) -> None:
    wires = begun(request_, more=more)
    wires.take(wires.tap.server_data(chunk(b"{}\n")))
    wires.take(wires.tap.drain())
    assert Act.CLOSE_CLIENT not in wires.acts
    wires.take(wires.tap.server_data(LAST))
    assert wires.acts[-1] is Act.CLOSE_CLIENT
    (told,) = wires.recorded().finished.values()
    assert told.end is End.COMPLETE


def test_a_list_that_does_not_finish_is_cut_not_completed() -> None:
    wires = begun(LIST)
    wires.take(wires.tap.server_data(chunk(b"{}\n")))
    wires.take(wires.tap.drain())
    wires.take(wires.tap.stop())
    assert not wires.to_client.endswith(LAST)
    (told,) = wires.recorded().finished.values()
    assert told.end is End.STOPPED


def test_an_idle_connection_ends_at_once_and_a_request_is_not_begun_any_more() -> None:
    wires = begun(LIST)
    wires.take(wires.tap.drain())
    sent = wires.to_server
    wires.take(wires.tap.client_data(LIST))
    wires.take(wires.tap.server_data(LAST))
    assert wires.to_server == sent
    assert wires.acts[-1] is Act.CLOSE_CLIENT
    assert len(wires.recorded().finished) == 1

    idle = Wires()
    idle.take(idle.tap.drain())
    assert idle.acts[-1] is Act.CLOSE_CLIENT


def test_a_request_that_is_still_sent_when_all_drains_is_taken_to_its_end() -> None:
    wires = Wires()
    put = b"PUT /api/v1/namespaces/a/pods/b HTTP/1.1\r\nHost: up:1\r\nContent-Length: 3\r\n\r\nabc"
    wires.take(wires.tap.client_data(put[:-1]))
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.drain())
    wires.take(wires.tap.client_data(put[-1:]))
    assert wires.to_server == put
    wires.take(wires.tap.server_data(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert wires.acts[-1] is Act.CLOSE_CLIENT
    (told,) = wires.recorded().finished.values()
    assert told.end is End.COMPLETE


@pytest.mark.parametrize(
    ("target", "protocol", "said"),
    [("exec", b"v5.channel.k8s.io", True), ("portforward", b"SPDY/3.1+portforward.k8s.io", True), ("exec", b"", False)],
)
def test_a_websocket_is_told_that_its_server_goes_away(target: str, protocol: bytes, *, said: bool) -> None:
    wires = Wires()
    upgrade = b"websocket" if protocol else b"SPDY/3.1"
    ask = b"GET /api/v1/namespaces/a/pods/b/%b HTTP/1.1\r\nHost: up:1\r\nConnection: Upgrade\r\nUpgrade: %b\r\n\r\n"
    wires.take(wires.tap.client_data(ask % (target.encode(), upgrade)))
    wires.take(wires.tap.connected(None))
    granted = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %b\r\n"
    granted += b"Sec-WebSocket-Protocol: %b\r\n\r\n"
    wires.take(wires.tap.server_data(granted % (upgrade, protocol)))
    wires.take(wires.tap.drain())
    assert Act.CLOSE_CLIENT not in wires.acts
    if protocol.startswith(b"v5"):
        wires.take(wires.tap.server_data(b"\x82\x04\x01ab"))  # not whole: nothing can be said now
    before = wires.to_client
    if protocol.startswith(b"v5"):
        wires.take(wires.tap.server_data(b"c"))
        before += b"c"
    wires.take(wires.tap.stop())
    assert wires.to_client == before + (b"\x88\x02\x03\xe9" if said else b"")
    (told,) = wires.recorded().finished.values()
    assert told.end is End.STOPPED


def test_a_websocket_in_the_middle_of_a_frame_is_cut() -> None:
    wires = Wires()
    wires.take(
        wires.tap.client_data(
            b"GET /api/v1/namespaces/a/pods/b/exec HTTP/1.1\r\nHost: up:1\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\n\r\n"
        )
    )
    wires.take(wires.tap.connected(None))
    wires.take(
        wires.tap.server_data(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n\x82\x04\x01ab"
        )
    )
    before = wires.to_client
    wires.take(wires.tap.stop())
    assert wires.to_client == before
