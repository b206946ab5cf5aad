"""The ways in, over real sockets: forward proxy, redirected connections, and what goes elsewhere."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.config.upstream import Tls, Upstream, upstream_from_url
from kproxy.errors import ConfigError, ProxyError
from kproxy.model.exchange import End, IdentityMode
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.launch import serve
from kproxy.proxy.settings import ProxySettings
from kproxy.proxy.sockets.serving import ServingFiles
from kproxy.proxy.ways.forward import basic_credentials
from kproxy.proxy.ways.way import Mode, Way
from kproxy.wire.handoff import unpack_head
from tests.proxy.sockets.test_tls import HERE, at, server_context
from tests.proxy.stage import GET_OK, OK, Server, Stage, TeeReader, answering, self_signed, stage, upstream

REGULAR = Way(mode=Mode.REGULAR)
SHOWN = f"Proxy-Authorization: Basic {basic_credentials('t0ken')}\r\n".encode()
LISTEN = "http://127.0.0.1:0"


def connect(where: str, fields: bytes = SHOWN) -> bytes:
    return b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (where.encode(), where.encode(), fields)


async def ask(on: Stage, data: bytes) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    """The answer's head and the connection."""
    reader, writer = await on.connect()
    writer.write(data)
    return await reader.readuntil(b"\r\n\r\n"), reader, writer


@asynccontextmanager
async def tls_stage(folder: Path, way: Way = REGULAR, **more: object) -> AsyncIterator[Stage]:
    """An https api-server at 127.0.0.1 and kproxy as its forward proxy."""
    ca, _ = self_signed(folder, HERE)
    async with stage(listen=LISTEN, to=at(Tls(ca_pem=ca)), tls=server_context(folder), way=way, **more) as on:  # type: ignore[arg-type] # what a stage takes
        yield on


def test_inside_a_tunnel_kproxy_plays_the_api_server_with_the_kubeconfigs_credentials(tmp_path: Path) -> None:
    async def play() -> None:
        async with tls_stage(tmp_path) as on:
            where = f"127.0.0.1:{on.server.port}"
            assert on.proxy.url == f"https://{where}"
            assert on.proxy.proxy_url == f"http://kproxy:t0ken@127.0.0.1:{on.proxy.address[1]}"
            head, reader, writer = await ask(on, connect(where))
            assert head.startswith(b"HTTP/1.1 200 ")
            await writer.start_tls(ssl.create_default_context(cadata=on.proxy.ca_pem), server_hostname="127.0.0.1")
            for _ in range(2):
                writer.write(GET_OK.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer the-clients-own\r\n\r\n"))
                assert await reader.readexactly(len(OK)) == OK
            writer.close()
            first, _ = await on.record.exchanges(2)
            told = unpack_head(first.head)
            assert (told.tls, told.caller) == (True, "ada")
            assert on.server.received[0].count(b"Authorization: Bearer real\r\n") == 2
            assert b"the-clients-own" not in on.server.received[0]

    asyncio.run(play())


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_connect_may_come_in_pieces_and_its_client_may_speak_before_the_answer(tmp_path: Path, pieces: int) -> None:
    async def play() -> None:
        async with stage(listen=LISTEN, way=REGULAR) as on:
            reader, writer = await on.connect()
            data = connect(f"127.0.0.1:{on.server.port}") + GET_OK
            for at in range(0, len(data), pieces):
                writer.write(data[at : at + pieces])
                await asyncio.sleep(0)
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
            assert await reader.readexactly(len(OK)) == OK
            writer.close()
            [told] = await on.record.exchanges(1)
            assert unpack_head(told.head).raw == GET_OK

    del tmp_path
    asyncio.run(play())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (connect("HERE", b""), 407),
        (connect("HERE", b"Proxy-Authorization: Basic eDp5\r\n"), 407),
        (connect("127.0.0.1:1"), 403),
        (connect("HERE").replace(b"HTTP/1.1", b"HTTP/9"), 400),
        (connect("HERE", b"X: " + b"y" * (80 << 10) + b"\r\n"), 400),
    ],
)
def test_who_may_not_or_wants_elsewhere_is_turned_away_and_recorded(tmp_path: Path, data: bytes, code: int) -> None:
    async def play() -> None:
        async with tls_stage(tmp_path) as on:
            here = f"127.0.0.1:{on.server.port}".encode()
            reader, writer = await on.connect()
            writer.write(data.replace(b"HERE", here))
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 %d " % code)
            writer.close()
            [told] = await on.record.exchanges(1)
            assert told.end is End.REFUSED
            assert told.answer_head + told.answer == answer
            assert on.server.received == []

    asyncio.run(play())


def test_a_plain_api_server_is_named_in_each_request() -> None:
    def to(server: Server) -> Upstream:
        return replace(upstream_from_url(server.url), token="real", context="c", user="ada")

    async def play() -> None:
        async with stage(listen=LISTEN, way=REGULAR, to=to) as on:
            get = b"GET http://127.0.0.1:%d/api HTTP/1.1\r\nHost: x\r\n%b\r\n" % (on.server.port, SHOWN)
            assert await on.talk(get * 2) == OK * 2
            assert (await on.talk(get.replace(SHOWN, b""))).startswith(b"HTTP/1.1 407")
            assert (await on.talk(get.replace(b"127.0.0.1:", b"127.0.0.2:"))).startswith(b"HTTP/1.1 403")
            assert b"Proxy-Auth" not in on.server.received[0]
            assert on.server.received[0].count(b"GET /api HTTP/1.1\r\n") == 2
            assert on.server.received[0].count(b"Authorization: Bearer real\r\n") == 2
            told = await on.record.exchanges(4)
            assert unpack_head(told[0].head).raw == b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n"

    asyncio.run(play())


def test_clients_that_name_a_server_with_a_path_say_it_and_it_is_not_doubled() -> None:
    async def play() -> None:
        async with stage(listen=LISTEN, way=REGULAR, to=lambda server: upstream_from_url(f"{server.url}/k8s")) as on:
            data = connect(f"127.0.0.1:{on.server.port}") + GET_OK.replace(b" /api", b" /k8s/api")
            _, reader, writer = await ask(on, data)
            assert await reader.readexactly(len(OK)) == OK
            writer.close()
            assert on.server.received[0].startswith(b"GET /k8s/api HTTP/1.1\r\n")
            [told] = await on.record.exchanges(1)
            assert unpack_head(told.head).raw == GET_OK

    asyncio.run(play())


def test_other_servers_are_reached_only_where_that_was_asked_for_and_nothing_of_it_is_recorded() -> None:
    async def echo(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.some():
            writer.write(data.upper())
        writer.write(b"bye")

    async def play() -> None:
        async with upstream(echo) as other, stage(listen=LISTEN, way=replace(REGULAR, tunnel_others=True)) as on:
            head, reader, writer = await ask(on, connect(f"127.0.0.1:{other.port}"))
            assert head.startswith(b"HTTP/1.1 200 ")
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"HELLO"
            writer.write_eof()
            assert await reader.read() == b"bye"
            writer.close()
            head, _, writer = await ask(on, connect("127.0.0.1:1"))
            assert head.startswith(b"HTTP/1.1 503 ")
            writer.close()
            assert (await ask(on, connect(f"127.0.0.1:{other.port}", b"")))[0].startswith(b"HTTP/1.1 407 ")
            [refused] = await on.record.exchanges(1)
            assert refused.end is End.REFUSED
            head, reader, writer = await ask(on, connect(f"127.0.0.1:{other.port}"))  # open when all ends
        assert await reader.read() == b""
        writer.close()

    asyncio.run(play())


def test_a_server_has_other_names_when_it_is_told_so(tmp_path: Path) -> None:
    async def play() -> None:
        async with tls_stage(tmp_path, serving=ServingFiles(names=("kubernetes.default",))) as on:
            head, _, writer = await ask(on, connect(f"Kubernetes.default:{on.server.port}"))
            assert head.startswith(b"HTTP/1.1 200 ")
            trust = ssl.create_default_context(cadata=on.proxy.ca_pem)
            await writer.start_tls(trust, server_hostname="kubernetes.default")
            writer.close()

    asyncio.run(play())


def test_a_client_that_names_another_of_the_servers_places_is_led_to_that_one() -> None:
    async def play() -> None:
        async with upstream(answering) as second:
            place = ("127.0.0.1", second.port)
            to = lambda server: replace(upstream_from_url(server.url), others=(place,))  # noqa: E731 - one line
            async with stage(listen=LISTEN, way=REGULAR, to=to) as on:
                _, reader, writer = await ask(on, connect(f"127.0.0.1:{second.port}") + GET_OK)
                assert await reader.readexactly(len(OK)) == OK
                writer.close()
                assert (len(second.received), len(on.server.received)) == (1, 0)

    asyncio.run(play())


def test_a_client_that_says_nothing_or_leaves_in_a_connect_leaves_no_trace() -> None:
    async def play() -> None:
        async with stage(listen=LISTEN, way=REGULAR) as on:
            for data in (b"", b"CONN", b"CONNECT x:1 HTTP/1.1\r\n"):
                reader, writer = await on.connect()
                writer.write(data)
                if data != b"CONN":
                    writer.write_eof()
                    assert await reader.read() == b""
                writer.close()
            assert await on.record.exchanges() == []

    asyncio.run(play())


@pytest.mark.parametrize(
    ("way", "listen", "to", "error"),
    [
        (REGULAR, "https://127.0.0.1:0", "http://x", "listens on http"),
        (REGULAR, "http://127.0.0.1:0/p", "http://x", "below no path"),
        (REGULAR, "http://0.0.0.0:0", "http://x", "loopback only"),
        (Way(tunnel_others=True), LISTEN, "http://x", "no others"),
        (Way(mode=Mode.TRANSPARENT), "https://127.0.0.1:0", "http://x", "speaks http,"),
        (Way(mode=Mode.TRANSPARENT), "http://127.0.0.1:0", "https://x", "speaks https,"),
    ],
)
def test_ways_and_addresses_that_do_not_go_together_are_refused(way: Way, listen: str, to: str, error: str) -> None:
    async def play() -> None:
        with pytest.raises((ConfigError, ProxyError), match=error):
            async with serve(ProxySettings(upstream=upstream_from_url(to), listen=listen, way=way), Outbox()):
                pass

    asyncio.run(play())


def test_redirected_clients_without_tls_get_no_credentials() -> None:
    async def play() -> None:
        there = replace(upstream_from_url("http://x"), token="real", context="c")
        settings = ProxySettings(upstream=there, listen=LISTEN, way=Way(mode=Mode.TRANSPARENT))
        with pytest.raises(ConfigError, match="--identity pass"):
            async with serve(settings, Outbox()):
                pass
        async with serve(replace(settings, identity=IdentityMode.PASS), Outbox()) as running:
            reader, writer = await asyncio.open_connection(*running.address)
            writer.write(GET_OK)
            assert await reader.read() == b""  # nobody has redirected it
            writer.close()

    asyncio.run(play())


def test_the_certificates_names_are_not_those_of_other_hosts(tmp_path: Path) -> None:
    async def play() -> None:
        async with tls_stage(tmp_path) as on:
            _, _, writer = await ask(on, connect(f"127.0.0.1:{on.server.port}"))
            trust = ssl.create_default_context(cadata=on.proxy.ca_pem)
            with pytest.raises(ssl.SSLCertVerificationError):
                await writer.start_tls(trust, server_hostname="elsewhere.example")

    asyncio.run(play())
