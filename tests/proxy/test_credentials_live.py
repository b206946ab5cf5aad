"""Plugins and rotated certificates over real sockets."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.config import credentials as module
from kproxy.config.execplugin import ExecPlugin
from kproxy.config.upstream import Tls, Upstream, upstream_from_url
from kproxy.errors import ConfigError
from kproxy.model.exchange import End
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.launch import serve
from kproxy.proxy.settings import ProxySettings
from tests.proxy.sockets.test_reach import answered
from tests.proxy.sockets.test_tls import HERE, server_context
from tests.proxy.stage import OK, Server, TeeReader, self_signed, stage
from tests.support.authority import Authority
from tests.support.plugin import V1, Plugin, make_plugin

POST = b"POST /api HTTP/1.1\r\nHost: kproxy\r\nAuthorization: Bearer t0ken\r\nContent-Length: 4\r\n\r\nonce"
UNAUTHORIZED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"


def plugged(server: Server, plugin: Plugin, tls: Tls | None = None) -> Upstream:
    place = upstream_from_url(server.url if tls is None else f"https://127.0.0.1:{server.port}")
    return replace(
        place,
        tls=tls,
        context="c",
        user="ada",
        plugin=ExecPlugin(what='user "ada"', version=V1, command=str(plugin.command), interactive="Never"),
    )


async def only_new(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
    """Knows the token "new" only."""
    while True:
        head = await reader.head()
        await reader.exactly(4)
        writer.write(OK if b"Bearer new\r\n" in head else UNAUTHORIZED)


@pytest.mark.process
def test_on_401_a_plugin_is_asked_for_the_next_request_and_no_body_is_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", -1.0)
    plugin = make_plugin(tmp_path / "p")
    plugin.gives(token="old")

    async def play() -> None:
        async with stage(only_new, listen="https://127.0.0.1:0", to=lambda server: plugged(server, plugin)) as on:
            plugin.gives(token="new")
            reader, writer = await on.connect(on.proxy.ca_pem)
            writer.write(POST)
            assert await reader.readexactly(len(UNAUTHORIZED)) == UNAUTHORIZED
            assert bytes(on.server.received[0]).count(b"once") == 1
            writer.write(POST)
            assert await asyncio.wait_for(reader.readexactly(len(OK)), 60) == OK
            writer.close()
            sent = bytes(on.server.received[0])
            assert (sent.count(b"Bearer old"), sent.count(b"Bearer new"), sent.count(b"once")) == (1, 1, 2)
            assert len(plugin.asked) == 2

    asyncio.run(play())


@pytest.mark.process
def test_a_connection_whose_certificate_is_refused_ends_and_the_next_one_shows_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", -1.0)
    ca, _ = self_signed(tmp_path, HERE)
    authority = Authority()
    context = server_context(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.pem)
    first, second = authority.client("first"), authority.client("second")
    plugin = make_plugin(tmp_path / "p")
    plugin.gives(clientCertificateData=first.certificate, clientKeyData=first.key)

    async def only_second(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.head()
            writer.write(OK if "second" in str(writer.get_extra_info("peercert")) else UNAUTHORIZED)

    def to(server: Server) -> Upstream:
        return plugged(server, plugin, Tls(ca_pem=ca))

    async def play() -> None:
        async with stage(only_second, listen="http://127.0.0.1:0", to=to, tls=context) as on:
            plugin.gives(clientCertificateData=second.certificate, clientKeyData=second.key)
            request = b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n"
            assert await asyncio.wait_for(on.talk(request, end=False), 60) == UNAUTHORIZED
            reader, writer = await on.connect()
            writer.write(request * 2)
            assert await asyncio.wait_for(reader.readexactly(2 * len(OK)), 60) == OK * 2
            writer.close()
            told = await on.record.exchanges(3)
            assert {each.end for each in told} == {End.COMPLETE}

    asyncio.run(play())


@pytest.mark.process
def test_a_plugin_that_fails_later_is_a_500_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.1)
    plugin = make_plugin(tmp_path / "p")
    plugin.gives(token="new", expirationTimestamp="2000-01-01T00:00:00Z")

    async def play() -> None:
        async with stage(only_new, listen="https://127.0.0.1:0", to=lambda server: plugged(server, plugin)) as on:
            plugin.says("s3cret", code=7)
            await asyncio.sleep(0.2)  # until it is asked again
            answer = await on.talk(POST, ca_pem=on.proxy.ca_pem)
            assert answer.startswith(b"HTTP/1.1 500 ")
            assert b"ended with exit code 7" in answer
            assert b"s3cret" not in answer
            assert b"once" not in b"".join(on.server.received)

    asyncio.run(play())


def test_a_rotated_certificate_is_shown_on_the_next_connection(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, HERE)
    authority = Authority()
    context = server_context(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.pem)
    first = authority.client("first")
    cert, key = first.written(tmp_path, "user")
    tls = Tls(ca_pem=ca, client_cert_pem=first.certificate, client_key_pem=first.key)
    tls = replace(tls, client_cert_file=cert, client_key_file=key)

    def to(server: Server) -> Upstream:
        return replace(upstream_from_url(f"https://127.0.0.1:{server.port}"), tls=tls, context="c")

    async def play() -> None:
        async with stage(listen="http://127.0.0.1:0", to=to, tls=context) as on:
            assert await answered(on) == OK
            cert.write_text("half of it")
            assert await answered(on) == OK
            authority.client("second").written(tmp_path, "user")
            assert await answered(on) == OK
            names = ["first" if "first" in str(each) else "second" for each in on.server.peer_certificates]
            assert names == ["first", "first", "second"]

    asyncio.run(play())


@pytest.mark.process
def test_a_plugin_that_gives_nothing_at_the_start_is_said_before_anything_is_served(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path / "p")
    plugin.says("s3cret", code=7)

    async def play() -> None:
        settings = ProxySettings(upstream=plugged(Server(port=1), plugin))
        with pytest.raises(ConfigError, match="ended with exit code 7"):
            async with serve(settings, Outbox()):
                pass

    asyncio.run(play())
