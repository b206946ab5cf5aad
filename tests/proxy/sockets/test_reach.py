"""Ways to the api-server over real sockets: proxies, several places, and questions of kproxy's own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from kproxy.config.outway import OutwardProxy, Scheme
from kproxy.config.upstream import Tls, at_places, upstream_from_url
from kproxy.errors import ConfigError, ProxyError
from kproxy.proxy.sockets.reach import ask, dialer_for, request_for
from kproxy.proxy.sockets.tls import upstream_tls
from tests.proxy.sockets.test_tls import HERE, server_context
from tests.proxy.stage import OK, Stage, TeeReader, answering, self_signed, stage, upstream

GET = b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def answered(on: Stage) -> bytes:
    """The answer to one request: asyncio's TLS servers take a half-closed connection for one that is over."""
    reader, writer = await on.connect()
    writer.write(GET)
    answer = await asyncio.wait_for(reader.readexactly(len(OK)), 60)
    writer.close()
    return answer


@asynccontextmanager
async def proxy(scheme: Scheme, to: int) -> AsyncIterator[tuple[OutwardProxy, list[bytes]]]:
    """A proxy that leads to a port of this machine, whatever it is asked for, and what it was asked."""
    asked: list[bytes] = []
    tasks: set[asyncio.Task[None]] = set()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
            writer.write_eof()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if scheme == "http":
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            await reader.readexactly(3)
            writer.write(b"\x05\x00")
            head = await reader.readexactly(5)
            asked.append(head + await reader.readexactly((head[4] if head[3] == 3 else 3) + 2))
            writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", to)
        for pair in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(pipe(*pair))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield OutwardProxy(scheme=scheme, host="127.0.0.1", port=port), asked
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_server_behind_a_proxy_is_reached_by_its_name_with_its_own_tls(scheme: Scheme, tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, x509.DNSName("api.example"))

    async def play() -> None:
        async with upstream(answering, server_context(tmp_path)) as server, proxy(scheme, server.port) as (out, asked):
            place = replace(upstream_from_url("https://api.example:6443"), tls=Tls(ca_pem=ca), proxy=out)
            async with stage(to=lambda _: place) as on:
                assert await answered(on) == OK
            assert b"Host: api.example:6443\r\n" in server.received[0]
            expected = b"CONNECT api.example:6443 " if scheme == "http" else b"\x03\x0bapi.example\x19\x2b"
            assert expected in asked[0]

    asyncio.run(play())


def test_a_proxy_that_says_no_is_a_503_that_names_it_without_its_password() -> None:
    async def refusing(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 403 hush\r\n\r\n")

    async def play() -> None:
        async with upstream(refusing) as server:
            out = OutwardProxy(scheme="http", host="127.0.0.1", port=server.port, username="u", password="hush")
            place = replace(upstream_from_url("https://api.example"), proxy=out)
            async with stage(to=lambda _: place) as on:
                answer = await on.talk(GET)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert f"403 to CONNECT (through the proxy http://127.0.0.1:{server.port})".encode() in answer
            assert b"hush" not in answer

    asyncio.run(play())


def test_of_several_places_the_next_one_is_tried_when_one_is_gone(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, HERE, x509.DNSName("localhost"))
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    async def play() -> None:
        async with stage(
            to=lambda server: replace(
                at_places(None, [f"https://nowhere.invalid:{port}", f"https://localhost:{server.port}"]),
                tls=Tls(ca_pem=ca),
            ),
            tls=server_context(tmp_path),
        ) as on:
            assert await answered(on) == OK
            assert await answered(on) == OK

    asyncio.run(play())


def test_places_of_different_kinds_are_not_one_server() -> None:
    with pytest.raises(ConfigError, match="no places of one api-server"):
        at_places(None, ["https://a", "http://b"])
    with pytest.raises(ConfigError, match="no places of one api-server"):
        at_places(None, ["https://a/x", "https://b"])


def test_a_users_credentials_count_at_other_places_too() -> None:
    user = replace(upstream_from_url("https://real:6443"), tls=Tls(ca_pem="CA"), token="t", context="c")

    moved = at_places(user, ["https://one:1/p", "https://two/p"])

    assert (moved.host, moved.path_prefix, moved.others, moved.token) == ("one", "/p", (("two", 443),), "t")
    assert moved.tls == Tls(ca_pem="CA")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "without an answer"), (b"no HTTP\r\n\r\n", "cannot be read")],
)
def test_a_question_without_a_whole_answer_is_an_error(answer: bytes, sentence: str) -> None:
    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(answer)

    async def play() -> None:
        async with upstream(script) as server:
            place = upstream_from_url(server.url)
            with pytest.raises(ProxyError, match=sentence):
                await ask(dialer_for(place, lambda: None, 10.0), request_for(place, None, "GET /version"))

    asyncio.run(play())


def test_a_question_goes_out_with_credentials_and_gets_its_answer(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, HERE)

    async def play() -> None:
        async with upstream(answering, server_context(tmp_path)) as server:
            place = replace(upstream_from_url(f"https://127.0.0.1:{server.port}/p"), tls=Tls(ca_pem=ca))
            tls = upstream_tls(place)
            dialer = dialer_for(place, lambda: tls, 10.0)
            assert await ask(dialer, request_for(place, "Bearer t", "GET /version")) == (200, b"{}")
            assert server.received[0].startswith(b"GET /p/version HTTP/1.1\r\n")
            assert b"Authorization: Bearer t\r\n" in server.received[0]

    asyncio.run(play())


def test_nobody_there_is_an_error_that_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    place = upstream_from_url(f"http://127.0.0.1:{port}")

    with pytest.raises(ProxyError, match="refused"):
        asyncio.run(ask(dialer_for(place, lambda: None, 10.0), request_for(place, None, "GET /version")))
