"""Certificates and tokens over real sockets: the api-server hears who calls, and so does the recording."""

import asyncio
import json
import ssl
from dataclasses import replace
from pathlib import Path

from kproxy.config.upstream import Tls, Upstream, upstream_from_url
from kproxy.model.exchange import End, IdentityMode
from kproxy.proxy.identity.caller import Caller
from kproxy.proxy.launch import serve
from kproxy.proxy.settings import ProxySettings
from kproxy.wire.handoff import unpack_head
from tests.proxy.sockets.test_tls import HERE, server_context
from tests.proxy.stage import OK, answering, recording, self_signed, upstream
from tests.support.authority import Authority, Issued

AUTHORITY = Authority()


async def review(token: str) -> Caller | None:
    await asyncio.sleep(0.01)
    return Caller(name="ada", groups=("dev",)) if token == "adas" else None


def request(*fields: str) -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"GET /api HTTP/1.1\r\nHost: kproxy\r\n{lines}\r\n".encode()


def client_context(ca_pem: str | None, shown: Issued | None, folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca_pem)
    if shown is not None:
        context.load_cert_chain(*shown.written(folder, "shown"))
    return context


def test_a_front_proxys_clients_are_told_apart_by_certificate_and_by_token(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, HERE)
    front = AUTHORITY.client("front-proxy-client")
    server_tls = server_context(tmp_path)
    server_tls.verify_mode = ssl.CERT_REQUIRED
    server_tls.load_verify_locations(cadata=AUTHORITY.pem)

    async def play() -> None:
        async with upstream(answering, server_tls) as server, recording() as record:
            settings = ProxySettings(
                upstream=_upstream(server.port, Tls(ca_pem=ca)),
                identity=IdentityMode.FRONT_PROXY,
                client_ca_pem=AUTHORITY.pem,
                review=review,
                proxy_client=front.written(tmp_path, "front"),
            )
            async with serve(settings, record.outbox) as running:
                assert running.token is None

                async def talk(raw: bytes, shown: Issued | None = None) -> bytes:
                    context = client_context(running.ca_pem, shown, tmp_path)
                    reader, writer = await asyncio.open_connection(
                        *running.address, ssl=context, server_hostname="localhost"
                    )
                    writer.write(raw)
                    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
                    writer.close()
                    return answer

                head = OK.partition(b"{}")[0]
                assert await talk(request("Authorization: Bearer adas")) == head
                assert await talk(request(), AUTHORITY.client("system:node:n1", "system:nodes")) == head
                assert (await talk(request())).startswith(b"HTTP/1.1 401 ")
                assert (await talk(request("Authorization: Bearer other"))).startswith(b"HTTP/1.1 401 ")
            told = await record.exchanges(4)
        heads = [unpack_head(each.head) for each in told]
        assert [(each.caller, each.forwarded, each.identity.value) for each in heads] == [
            ("ada", "ada [dev]", "front-proxy"),
            ("system:node:n1", "system:node:n1 [system:nodes]", "front-proxy"),
            ("client", "", "none"),
            ("client", "", "none"),
        ]
        assert [each.end for each in told] == [End.COMPLETE, End.COMPLETE, End.REFUSED, End.REFUSED]
        assert b"X-Remote-User: ada\r\nX-Remote-Group: dev\r\n" in server.received[0]
        assert b"X-Remote-User: system:node:n1\r\n" in server.received[1]
        assert b"adas" not in b"".join(server.received)
        assert b"kubeconfigs" not in b"".join(server.received)
        assert "front-proxy-client" in json.dumps(server.peer_certificates)

    asyncio.run(play())


def test_impersonation_goes_on_with_the_kubeconfigs_credentials() -> None:
    async def play() -> None:
        async with upstream(answering) as server, recording() as record:
            settings = ProxySettings(
                upstream=replace(upstream_from_url(server.url), token="kubeconfigs", context="c"),
                listen="http://127.0.0.1:0",
                identity=IdentityMode.IMPERSONATE,
                review=review,
            )
            async with serve(settings, record.outbox) as running:
                reader, writer = await asyncio.open_connection(*running.address)
                writer.write(request("Authorization: Bearer adas") * 3)
                assert await asyncio.wait_for(reader.readexactly(3 * len(OK)), 60) == OK * 3
                writer.close()
            told = await record.exchanges(3)
        assert {unpack_head(each.head).identity for each in told} == {IdentityMode.IMPERSONATE}
        sent = bytes(server.received[0])
        assert sent.count(b"Authorization: Bearer kubeconfigs\r\nImpersonate-User: ada\r\n") == 3
        assert b"adas" not in sent

    asyncio.run(play())


def _upstream(port: int, tls: Tls) -> Upstream:
    place = replace(upstream_from_url(f"https://127.0.0.1:{port}"), tls=tls)
    return replace(place, token="kubeconfigs", context="c", user="admin")
