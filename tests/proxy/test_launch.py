"""The proxy over real sockets: what goes through it, byte for byte, and what is recorded of it."""

import asyncio
import contextlib
import json
import socket

import pytest

from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.errors import ConfigError, ProxyError
from kproxy.model.exchange import Altered, End
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.launch import serve
from kproxy.proxy.settings import ProxySettings
from kproxy.wire.handoff import RecordType, unpack_head
from tests.proxy.stage import OK, Stage, TeeReader, answering, recording, stage, upstream

GET = b"GET /api/v1/pods HTTP/1.1\r\nHost: kproxy\r\n\r\n"
K = RecordType


def hosted(raw: bytes, server_port: int) -> bytes:
    """A request as the server gets it: only the Host is another one."""
    return raw.replace(b"Host: kproxy", b"Host: 127.0.0.1:%d" % server_port)


def test_a_request_and_its_answer_go_through_and_are_recorded() -> None:
    async def play() -> None:
        async with stage() as on:
            answer = await on.talk(GET)
            [told] = await on.record.exchanges(1)

            assert answer == OK
            assert bytes(on.server.received[0]) == hosted(GET, on.server.port)
            head = unpack_head(told.head)
            assert (head.raw, head.altered, head.caller, head.tls) == (GET, Altered.HOST, "client", False)
            assert told.answer_head + told.answer == OK
            assert told.kinds == [K.REQUEST_HEAD, K.ANSWER_HEAD, K.ANSWER_BODY, K.END]
            assert told.end is End.COMPLETE

    asyncio.run(play())


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /p HTTP/1.1\r\nHost: kproxy\r\nX-Odd:  a  b \r\nContent-Length: 5\r\n\r\nhello",
        b"PUT / HTTP/1.1\r\nHost: kproxy\r\ntransfer-encoding:chunked\r\n\r\n2;a\r\nhe\r\n3\r\nllo\r\n0\r\nT:1\r\n\r\n",
    ],
)
def test_a_body_goes_through_as_it_is_in_any_pieces(raw: bytes) -> None:
    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while not data.endswith((b"hello", b"\r\nT:1\r\n\r\n")):
            data += await reader.some()
        writer.write(OK)

    async def play(on: Stage) -> None:
        reader, writer = await on.connect()
        for byte in raw:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert await reader.read() == OK
        writer.close()
        [told] = await on.record.exchanges(1)
        assert bytes(on.server.received[0]) == hosted(raw, on.server.port)
        assert told.request == b"hello"
        assert (K.REQUEST_TRAILERS in told.kinds) == (b"T:1" in raw)

    async def staged() -> None:
        async with stage(script) as on:
            await play(on)

    asyncio.run(staged())


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: 1\r\n\r\n", b"hello"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nhello until the end", b"hello until the end"),
        (b"HTTP/1.1 204 No Content\r\nAudit-Id: x\r\n\r\n", b""),
    ],
)
def test_answers_of_every_framing_go_through_as_they_are(raw: bytes, content: bytes) -> None:
    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        for at in range(0, len(raw), 7):
            writer.write(raw[at : at + 7])
            await writer.drain()
            await asyncio.sleep(0.001)

    async def play() -> None:
        async with stage(script) as on:
            assert await on.talk(GET, end=False) == raw
            [told] = await on.record.exchanges(1)
            assert (told.answer, told.end) == (content, End.COMPLETE)

    asyncio.run(play())


def test_an_answer_to_head_has_no_body_and_the_next_answer_is_its_own() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(head)
        await reader.head()
        writer.write(OK)

    async def play() -> None:
        async with stage(script) as on:
            assert await on.talk(GET.replace(b"GET", b"HEAD") + GET) == head + OK
            first, second = await on.record.exchanges(2)
            assert (first.answer, second.answer) == (b"", b"{}")

    asyncio.run(play())


def test_pipelined_requests_are_answered_and_recorded_in_their_order() -> None:
    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(5):
            target = (await reader.head()).split()[1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(target), target))

    async def play() -> None:
        async with stage(script) as on:
            requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: kproxy\r\n\r\n" % n for n in range(5))
            answer = await on.talk(requests)
            told = await on.record.exchanges(5)
            assert [t.answer for t in told] == [b"/0", b"/1", b"/2", b"/3", b"/4"]
            assert answer.count(b"HTTP/1.1 200") == 5

    asyncio.run(play())


def test_a_watch_reaches_the_client_event_by_event_and_its_end_is_told() -> None:
    go_on = asyncio.Event()

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await go_on.wait()
        writer.write(b"3\r\ntwo\r\n")
        await reader.some()

    async def play() -> None:
        async with stage(script) as on:
            reader, writer = await on.connect()
            writer.write(GET)
            assert (await reader.readuntil(b"one\r\n")).endswith(b"3\r\none\r\n")
            go_on.set()
            assert await reader.readuntil(b"two\r\n") == b"3\r\ntwo\r\n"
            writer.close()
            [told] = await on.record.exchanges(1)
            assert (told.answer, told.end) == (b"onetwo", End.CLIENT_GONE)

    asyncio.run(play())


def test_a_server_that_closes_in_the_middle_is_recorded_as_gone() -> None:
    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    async def play() -> None:
        async with stage(script) as on:
            assert (await on.talk(GET, end=False)).endswith(b"half")
            [told] = await on.record.exchanges(1)
            assert (told.answer, told.end) == (b"half", End.SERVER_GONE)
            assert "in the middle" in told.detail

    asyncio.run(play())


def test_an_upgrade_makes_a_tunnel_both_ways_of_which_only_the_length_is_kept() -> None:
    switching = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    ask = b"GET /exec HTTP/1.1\r\nHost: kproxy\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(switching + b"\x81\x02hi")
        while data := await reader.some():
            writer.write(data.upper())
        writer.write(b"bye")

    async def play() -> None:
        async with stage(script) as on:
            reader, writer = await on.connect()
            writer.write(ask)
            assert await reader.readexactly(len(switching) + 4) == switching + b"\x81\x02hi"
            writer.write(b"s3cret")
            assert await reader.readexactly(6) == b"S3CRET"
            writer.write_eof()
            assert await reader.read() == b"bye"
            writer.close()
            [told] = await on.record.exchanges(1)
            assert told.kinds[:3] == [K.REQUEST_HEAD, K.ANSWER_HEAD, K.UPGRADED]
            assert (told.tunnel, told.end) == (4 + 6 + 6 + 3, End.COMPLETE)
            assert told.request + told.answer == b""

    asyncio.run(play())


def test_an_upgrade_that_is_refused_leaves_a_connection_for_the_next_request() -> None:
    ask = b"GET /exec HTTP/1.1\r\nHost: kproxy\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    async def play() -> None:
        async with stage() as on:
            assert await on.talk(ask + GET) == OK + OK
            assert len(await on.record.exchanges(2)) == 2

    asyncio.run(play())


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: kproxy\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\nHost: kproxy\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: kproxy\r\n\r\n",
    ],
)
def test_an_ambiguous_request_gets_a_400_never_reaches_the_server_and_is_recorded(raw: bytes) -> None:
    async def play() -> None:
        async with stage() as on:
            answer = await on.talk(raw)
            [told] = await on.record.exchanges(1)
            assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert status_in(answer)["reason"] == "BadRequest"
            assert on.server.received == []
            assert unpack_head(told.head).raw == raw[: len(unpack_head(told.head).raw)]
            assert told.end is End.REFUSED

    asyncio.run(play())


def test_an_ambiguous_request_is_refused_after_the_answers_before_it() -> None:
    async def play() -> None:
        async with stage() as on:
            answer = await on.talk(GET + GET + b"BAD\r\n\r\n" + GET)
            assert answer.startswith(OK + OK + b"HTTP/1.1 400")
            told = await on.record.exchanges(3)
            assert [t.end for t in told] == [End.COMPLETE, End.COMPLETE, End.REFUSED]

    asyncio.run(play())


def test_a_body_that_turns_ambiguous_ends_the_exchange_and_both_connections() -> None:
    seen = asyncio.Event()

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - it never answers
        while (await reader.some()).endswith(b"ab\r\n"):
            seen.set()

    async def play() -> None:
        async with stage(script) as on:
            raw = b"POST / HTTP/1.1\r\nHost: kproxy\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
            reader, writer = await on.connect()
            writer.write(raw)
            await seen.wait()
            writer.write(b"zz\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 400")
            writer.close()
            [told] = await on.record.exchanges(1)
            assert (told.request, told.end) == (b"ab", End.REFUSED)
            assert bytes(on.server.received[0]) == hosted(raw, on.server.port)

    asyncio.run(play())


def test_an_ambiguous_answer_becomes_a_502_and_is_recorded() -> None:
    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")
        await reader.some()

    async def play() -> None:
        async with stage(script) as on:
            answer = await on.talk(GET, end=False)
            [told] = await on.record.exchanges(1)
            assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
            assert "Content-Length" in str(status_in(answer)["message"])
            assert told.end is End.SERVER_GONE
            assert "Content-Length" in told.detail

    asyncio.run(play())


def test_a_server_that_is_down_is_a_status_that_says_which_and_why() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    async def play() -> None:
        async with stage(to=lambda _: upstream_from_url(f"http://127.0.0.1:{port}")) as on:
            answer = await on.talk(GET, end=False)
            status = status_in(answer)
            [told] = await on.record.exchanges(1)
            assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n")
            assert (status["kind"], status["reason"], status["code"]) == ("Status", "ServiceUnavailable", 503)
            assert (
                status["message"]
                == f"kproxy cannot reach the api-server at http://127.0.0.1:{port}: Connection refused."
            )
            assert (told.end, told.detail) == (End.UNREACHABLE, status["message"])
            assert told.answer_head + told.answer == answer

    asyncio.run(play())


def test_a_server_that_does_not_take_the_connection_in_time_is_a_504() -> None:
    async def play() -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            blockers = []
            for _ in range(3):  # the queue of connections is full, further ones wait
                blocker = socket.socket()
                blocker.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    blocker.connect(("127.0.0.1", port))
                blockers.append(blocker)
            there = upstream_from_url(f"http://127.0.0.1:{port}")
            async with stage(to=lambda _: there, connect_timeout=0.3) as on:
                answer = await on.talk(GET, end=False)
                [told] = await on.record.exchanges(1)
                assert answer.startswith(b"HTTP/1.1 504")
                assert told.end is End.TIMEOUT
            for blocker in blockers:
                blocker.close()

    asyncio.run(play())


def test_what_goes_on_at_the_end_is_recorded_as_stopped_and_no_task_is_left() -> None:
    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await reader.some()

    async def play() -> None:
        before = asyncio.all_tasks()
        async with upstream(script) as server, recording() as record:
            async with serve(ProxySettings(upstream=upstream_from_url(server.url), drain=0.0), record.outbox) as proxy:
                on = Stage(server, proxy, record)
                reader, writer = await on.connect(proxy.ca_pem)
                writer.write(GET)
                await reader.readuntil(b"one\r\n")
            [told] = await record.exchanges(1)
            assert (told.answer, told.end) == (b"one", End.STOPPED)
            with pytest.raises(OSError, match="Connect call failed"):
                await on.connect()
            writer.close()
        assert asyncio.all_tasks() == before

    asyncio.run(play())


def test_a_busy_port_is_one_sentence() -> None:
    async def play() -> None:
        with socket.create_server(("127.0.0.1", 0)) as busy:
            port = busy.getsockname()[1]
            settings = ProxySettings(
                upstream=upstream_from_url("http://127.0.0.1:1"), listen=f"http://127.0.0.1:{port}"
            )
            with pytest.raises(ProxyError, match=f"kproxy cannot listen on 127.0.0.1:{port}: Address already in use"):
                async with serve(settings, Outbox()):
                    pass

    asyncio.run(play())


@pytest.mark.parametrize("listen", ["127.0.0.1:80", "ftp://x", "http://", "http://127.0.0.1:99999", "http://h/a b"])
def test_an_address_that_is_none_is_refused(listen: str) -> None:
    async def play() -> None:
        settings = ProxySettings(upstream=upstream_from_url("http://127.0.0.1:1"), listen=listen)
        with pytest.raises(ConfigError, match=r"to listen on|cannot be served below"):
            async with serve(settings, Outbox()):
                pass

    asyncio.run(play())


def test_the_plain_listener_with_credentials_is_for_loopback_only() -> None:
    async def play() -> None:
        server = Upstream(url="http://x", host="x", port=80, token="t", context="c")
        with pytest.raises(ProxyError, match="loopback only"):
            async with serve(ProxySettings(upstream=server, listen="http://0.0.0.0:0"), Outbox()):
                pass

    asyncio.run(play())


def test_many_connections_at_once_are_all_recorded() -> None:
    async def play() -> None:
        async with stage(answering) as on:
            answers = await asyncio.gather(*(on.talk(GET * 20) for _ in range(20)))
            assert answers == [OK * 20] * 20
            told = await on.record.exchanges(400)
            assert {(t.answer, t.end) for t in told} == {(b"{}", End.COMPLETE)}

    asyncio.run(play())


def status_in(answer: bytes) -> dict[str, object]:
    """The Status of an answer."""
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert isinstance(document, dict)
    return document
