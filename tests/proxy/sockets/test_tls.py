"""TLS on both legs, over real sockets."""

import asyncio
import ipaddress
import json
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from kproxy.config.upstream import Tls, Upstream, upstream_from_url
from kproxy.model.exchange import End
from kproxy.wire.handoff import unpack_head
from tests.proxy.stage import OK, Server, TeeReader, answering, self_signed, stage

GET = b"GET /api HTTP/1.1\r\nHost: kproxy\r\nAuthorization: Bearer t0ken\r\n\r\n"
HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


def server_context(folder: Path, common: str = "test") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{common}.crt", folder / f"{common}.key")
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def at(tls: Tls) -> Callable[[Server], Upstream]:
    """The test's server as a kubeconfig's context names it."""

    def to(server: Server) -> Upstream:
        place = replace(upstream_from_url(f"https://127.0.0.1:{server.port}"), tls=tls)
        return replace(place, token="real", context="c", user="ada")

    return to


def test_both_legs_are_http_1_over_tls_with_the_right_credentials(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, HERE)

    async def play() -> None:
        async with stage(listen="https://127.0.0.1:0", to=at(Tls(ca_pem=ca)), tls=server_context(tmp_path)) as on:
            reader, writer = await on.connect(on.proxy.ca_pem)
            assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            writer.write(GET)
            assert await reader.readexactly(len(OK)) == OK
            writer.close()
            [told] = await on.record.exchanges(1)
            head = unpack_head(told.head)
            assert (head.tls, head.caller) == (True, "ada")
            assert b"Authorization: Bearer real\r\n" in on.server.received[0]
            assert b"t0ken" not in on.server.received[0]
            assert on.server.alpn == ["http/1.1"]
            assert on.proxy.url.startswith("https://127.0.0.1:")

    asyncio.run(play())


def test_without_the_token_the_server_is_not_even_connected(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, HERE)

    async def play() -> None:
        async with stage(listen="https://127.0.0.1:0", to=at(Tls(ca_pem=ca)), tls=server_context(tmp_path)) as on:
            answer = await on.talk(GET.replace(b"t0ken", b"guess"), ca_pem=on.proxy.ca_pem)
            [told] = await on.record.exchanges(1)
            assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
            assert told.end is End.REFUSED
            assert on.server.received == []

    asyncio.run(play())


def test_a_body_without_length_ends_with_a_proper_close_of_tls() -> None:
    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    async def play() -> None:
        async with stage(script, listen="https://127.0.0.1:0") as on:
            reader, writer = await on.connect(on.proxy.ca_pem)
            writer.write(GET)
            assert (await reader.read()).endswith(b"all of it")  # ssl would raise on a truncation
            writer.close()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("tls", "reason"),
    [
        (Tls(ca_pem="OTHER"), "ertificate verify failed"),
        (Tls(ca_pem="SAME", server_name="other.example"), "ertificate verify failed"),
        (Tls(), "ertificate verify failed"),
    ],
)
def test_a_server_that_is_not_to_be_trusted_is_a_502_that_says_why(tmp_path: Path, tls: Tls, reason: str) -> None:
    same, _ = self_signed(tmp_path, HERE)
    other, _ = self_signed(tmp_path, HERE, common="other")
    tls = replace(tls, ca_pem={"OTHER": other, "SAME": same, None: None}[tls.ca_pem])

    async def play() -> None:
        async with stage(answering, listen="https://127.0.0.1:0", to=at(tls), tls=server_context(tmp_path)) as on:
            answer = await on.talk(GET, ca_pem=on.proxy.ca_pem)
            [told] = await on.record.exchanges(1)
            status = json.loads(answer.partition(b"\r\n\r\n")[2])
            assert (status["kind"], status["code"]) == ("Status", 502)
            assert f"https://127.0.0.1:{on.server.port}" in status["message"]
            assert reason in status["message"]
            assert (told.end, told.detail) == (End.UNREACHABLE, status["message"])
            assert b"real" not in b"".join(on.server.received)

    asyncio.run(play())


def test_insecure_and_tls_server_name_do_what_they_say(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, x509.DNSName("kubernetes"))

    async def play(tls: Tls) -> None:
        async with stage(listen="https://127.0.0.1:0", to=at(tls), tls=server_context(tmp_path)) as on:
            reader, writer = await on.connect(on.proxy.ca_pem)
            writer.write(GET)
            assert await reader.readexactly(len(OK)) == OK
            writer.close()

    asyncio.run(play(Tls(ca_pem=ca, server_name="kubernetes")))
    asyncio.run(play(Tls(insecure=True)))


def test_a_client_certificate_is_shown_to_the_server(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, HERE)
    certificate, key = self_signed(tmp_path, common="ada")
    context = server_context(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=certificate)
    tls = Tls(ca_pem=ca, client_cert_pem=certificate, client_key_pem=key)

    async def play() -> None:
        async with stage(listen="https://127.0.0.1:0", to=at(tls), tls=context) as on:
            reader, writer = await on.connect(on.proxy.ca_pem)
            writer.write(GET)
            assert await reader.readexactly(len(OK)) == OK
            writer.close()
            assert "ada" in str(on.server.peer_certificates)

    asyncio.run(play())
