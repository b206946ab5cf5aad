"""A reverse proxy that lies in one way: what a comparison must notice.

It listens on plain HTTP on loopback and speaks TLS to the server, with the kubeconfig's credentials.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import ClientConnectionResetError, ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

from kproxy.config.upstream import BearerToken, Upstream
from kproxy.replay.transport import tls_context
from kproxy.wire.content import decode, encode
from kproxy.wire.mediatype import JSON as JSON_TYPE

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "authorization"})


class Fault(StrEnum):
    """The four behaviours."""

    STATUS = "a created object is answered with 200 instead of 201"
    DEFAULT = "a pod's restartPolicy defaults to Never"
    LOST_EVENT = "a watch loses its second event"
    STALE_REVISION = "a read answers an older resourceVersion"


@dataclass
class LyingProxy:
    """Forwards, but for one fault (None: honestly); `told` counts the lies."""

    target: Upstream
    fault: Fault | None
    told: int = 0
    url: str = ""
    _events: dict[str, int] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP]
        if (token := BearerToken(self.target).authorization()) is not None:
            headers.append(("Authorization", token))
        # What is changed must be read: no content coding between the server and us.
        headers = [pair for pair in headers if pair[0].lower() != "accept-encoding"]
        url = URL(self.target.url.rstrip("/") + request.raw_path, encoded=True)
        session: ClientSession = request.app[_SESSION]
        skip = ("User-Agent", "Accept-Encoding", "Accept", "Content-Type")
        body = await request.read()
        async with session.request(
            request.method, url, headers=headers, data=body or None, skip_auto_headers=skip, allow_redirects=False
        ) as answer:
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP]
            if request.query.get("watch") in {"true", "1"} and answer.status == 200:
                stream = web.StreamResponse(status=answer.status, headers=kept)
                await stream.prepare(request)
                with suppress(ClientConnectionResetError):  # the watcher left
                    async for line in answer.content:
                        if self._passes(line):
                            await stream.write(line)
                return stream
            status, data = self._lie(request, answer.status, await answer.read())
            return web.Response(status=status, body=data, headers=kept)

    def _passes(self, line: bytes) -> bool:
        if self.fault is not Fault.LOST_EVENT or b'"BOOKMARK"' in line[:40]:
            return True
        self._events["seen"] = self._events.get("seen", 0) + 1
        lost = self._events["seen"] == 2
        self.told += lost
        return not lost

    def _lie(self, request: web.Request, status: int, data: bytes) -> tuple[int, bytes]:
        if self.fault is Fault.STATUS and request.method == "POST" and status == 201:
            self.told += 1
            return 200, data
        if self.fault is Fault.DEFAULT:
            return status, self._changed(data, lambda text: text.replace('"Always"', '"Never"'))
        one = re.fullmatch(r"/api/v1/namespaces/[^/]+/pods/[^/]+", request.path) is not None
        if self.fault is Fault.STALE_REVISION and one and request.method == "GET" and status == 200:
            return status, self._changed(data, _older)
        return status, data

    def _changed(self, data: bytes, change: Callable[[str], str]) -> bytes:
        if not data.startswith(b"{"):
            return data
        plain = json.dumps(decode(JSON_TYPE, data))
        changed = change(plain)
        self.told += changed != plain
        return encode(JSON_TYPE, json.loads(changed)) if changed != plain else data


def _older(text: str) -> str:
    return re.sub(r'("resourceVersion": ")([0-9]+)"', lambda found: f'{found[1]}{max(1, int(found[2]) - 1)}"', text)


async def _as_the_server_said(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)  # aiohttp's own: the only lie is to be the fault


_SESSION = web.AppKey("session", ClientSession)


@asynccontextmanager
async def lying_proxy(target: Upstream, fault: Fault | None) -> AsyncIterator[LyingProxy]:
    """A proxy in front of `target`, for as long as the `async with` lasts."""
    async with serving(LyingProxy(target, fault)) as proxy:
        yield proxy


@asynccontextmanager
async def serving(proxy: LyingProxy) -> AsyncIterator[LyingProxy]:
    """The same, of a proxy that lies in a way of its own."""
    target = proxy.target
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.on_response_prepare.append(_as_the_server_said)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    connector = TCPConnector(ssl=tls_context(target) or False)
    timeout = ClientTimeout(total=None)
    async with ClientSession(connector=connector, auto_decompress=False, timeout=timeout) as session:
        app[_SESSION] = session
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            proxy.url = f"http://{host}:{port}"
            yield proxy
        finally:
            await runner.cleanup()
