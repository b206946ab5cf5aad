"""kproxy.replay.transport, over real sockets."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.errors import ReplayError
from kproxy.model.exchange import header
from kproxy.replay.answers import read_all
from kproxy.replay.transport import Connection, Reply, Transport, WireRequest

type Client = Callable[[Upstream], Awaitable[None]]


def served(answers: list[bytes], client: Client) -> list[bytes]:
    """What a server on a real socket was sent, while it gave these answers, a connection after the other."""
    heard: list[bytes] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left and (head := await _message(reader)):
            heard.append(head)
            writer.write(left.pop(0))
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await client(upstream_from_url(f"http://127.0.0.1:{port}"))
        finally:
            server.close()

    asyncio.run(run())
    return heard


async def _message(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


def ok(body: bytes, extra: bytes = b"") -> bytes:
    """A plain answer."""
    return b"HTTP/1.1 200 OK\r\n" + extra + b"Content-Length: %d\r\n\r\n" % len(body) + body


def test_header_fields_keep_order_and_spelling_and_get_what_is_set_anew() -> None:
    async def client(target: Upstream) -> None:
        transport = Transport(replace(target, token="t0"))
        headers = (
            ("hOst", "recorded"),
            ("X-b", "1"),
            ("Authorization", "Bearer old"),
            ("x-A", "2"),
            ("Content-Encoding", "gzip"),
            ("Content-Length", "999"),
        )
        reply = await transport.send(WireRequest(method="PUT", target="/a%2Fb?c=%20", headers=headers, body=b"xyz"))
        assert await read_all(reply) == b"ok"
        transport.close()

    (heard,) = served([ok(b"ok")], client)
    lines = heard.decode().split("\r\n")
    assert lines[0] == "PUT /a%2Fb?c=%20 HTTP/1.1"
    assert lines[1].startswith("hOst: 127.0.0.1:")
    assert lines[2:6] == ["X-b: 1", "Authorization: Bearer t0", "x-A: 2", "Content-Length: 3"]
    assert heard.endswith(b"\r\n\r\nxyz")


def test_requests_share_a_connection_and_one_that_stays_open_has_its_own() -> None:
    connections = 0

    async def client(target: Upstream) -> None:
        nonlocal connections
        transport = Transport(target)
        for alone in (False, False, True, False):
            reply = await transport.send(WireRequest(method="GET", target="/", headers=()), alone=alone)
            assert await read_all(reply) == b"ok"
            if not alone:
                transport.done(reply)
        connections = len(transport.connections)
        transport.close()

    served([ok(b"ok")] * 4, client)
    assert connections == 2


def test_a_gzipped_answer_is_read_plain() -> None:
    async def client(target: Upstream) -> None:
        transport = Transport(target)
        reply = await transport.send(WireRequest(method="GET", target="/", headers=()))
        assert await read_all(reply) == b"x" * 9999
        transport.close()

    served([ok(gzip.compress(b"x" * 5000) + gzip.compress(b"x" * 4999), b"Content-Encoding: gzip\r\n")], client)


def test_leaving_early_reads_no_more_than_the_recorded_client_did() -> None:
    async def client(target: Upstream) -> None:
        transport = Transport(target)
        reply = await transport.send(WireRequest(method="GET", target="/", headers=()), alone=True)
        assert (await read_all(reply, leave_after=3))[:3] == b"abc"
        reply.leave()

    served([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"], client)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200"]
)
def test_an_answer_that_breaks_off_is_one_sentence(answer: bytes) -> None:
    async def client(target: Upstream) -> None:
        transport = Transport(target)
        with pytest.raises(ReplayError, match=r"target.*\."):
            await read_all(await transport.send(WireRequest(method="GET", target="/", headers=())))
        transport.close()

    served([answer], client)


def test_an_unreachable_target_is_one_sentence() -> None:
    async def client() -> None:
        with pytest.raises(ReplayError, match=r"cannot be reached"):
            await Transport(upstream_from_url("http://127.0.0.1:1")).send(
                WireRequest(method="GET", target="/", headers=())
            )

    asyncio.run(client())


@pytest.mark.parametrize(
    "request_",
    [
        WireRequest(method="GET\r\nX", target="/", headers=()),
        WireRequest(method="GET", target="/ HTTP/1.1\r\nX: y", headers=()),
        WireRequest(method="GET", target="/", headers=(("X", "a\r\nInjected: b"),)),
        WireRequest(method="GET", target="/", headers=(("X: y\r\nZ", "a"),)),
    ],
)
def test_a_recording_cannot_smuggle_a_second_request(request_: WireRequest) -> None:
    with pytest.raises(ReplayError, match="cannot be sent"):
        Transport(upstream_from_url("http://127.0.0.1:1")).head(request_)


@given(
    st.lists(
        st.tuples(st.sampled_from(["Connection", "x-Connection", "CONNECTION", "Date"]), st.text("ab c", max_size=4))
    )
)
def test_a_field_is_what_the_heads_fields_say(fields: list[tuple[str, str]]) -> None:
    head = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    reply = Reply(200, head.encode(), cast("Connection", None))  # nobody asks it
    assert reply.field(b"connection") == header(reply.headers, "connection")
