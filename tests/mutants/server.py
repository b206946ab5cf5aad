"""The mutating server: an HTTP server in front of a real one, which does not always say what that one said.

It listens on plain HTTP on loopback and speaks TLS to the server, with the kubeconfig's credentials.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import ClientConnectionResetError, ClientSession, ClientTimeout, StreamReader, TCPConnector, web
from yarl import URL

from kproxy.config.trust import client_context
from kproxy.config.upstream import BearerToken, Upstream
from kproxy.etcd import Etcd
from tests.mutants.lies import Asked, Ending, Lie, Said, Step

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "authorization"})
_NOT_ON = _HOP_BY_HOP | {"accept-encoding"}  # what is changed must be read: no content coding behind us
_SKIP = ("User-Agent", "Accept-Encoding", "Accept", "Content-Type")


class MutatingServer:
    """One lie in front of one server."""

    def __init__(self, target: Upstream, lie: Lie, etcd: Etcd | None, session: ClientSession) -> None:
        self._target = target
        self._lie = lie
        self._session = session
        self._etcd = etcd

    @property
    def etcd(self) -> Etcd:
        """The server's; lies that change no keys do without."""
        assert self._etcd is not None
        return self._etcd

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        asked = Asked(
            method=request.method,
            path=request.raw_path.partition("?")[0],
            query=request.raw_path.partition("?")[2],
            headers=tuple((name, value) for name, value in request.headers.items() if name.lower() not in _NOT_ON),
            body=await request.read(),
        )
        going = await self._lie.asked(asked, self)
        if isinstance(going, Said):
            if not going.status and request.transport is not None:
                request.transport.abort()
            return _response(going)
        step = self._lie.stream(asked)
        async with self._session.request(
            going.method,
            self._url(going),
            headers=self._with_credentials(going),
            data=going.body or None,
            skip_auto_headers=_SKIP,
            allow_redirects=False,
        ) as answer:
            headers = tuple((name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP)
            if request.query.get("watch") in {"true", "1"} and answer.status == 200:
                stream = web.StreamResponse(status=answer.status, headers=list(headers))
                await stream.prepare(request)
                with suppress(ClientConnectionResetError):  # the watcher left
                    end = self._lie.ending(asked)
                    await _relay(answer.content, step, end, stream)
                    if end is not None and end.cut and request.transport is not None:
                        request.transport.abort()
                return stream
            said = Said(answer.status, answer.reason or "", headers, await answer.read())
        return _response(await self._lie.said(asked, said, self))

    async def send(self, asked: Asked) -> Said:
        """What the honest server says to a request of our own."""
        async with self._session.request(
            asked.method,
            self._url(asked),
            headers=self._with_credentials(asked),
            data=asked.body or None,
            skip_auto_headers=_SKIP,
        ) as answer:
            return Said(answer.status, answer.reason or "", tuple(answer.headers.items()), await answer.read())

    def _url(self, asked: Asked) -> URL:
        return URL(f"{self._target.url.rstrip('/')}{asked.path}{'?' if asked.query else ''}{asked.query}", encoded=True)

    def _with_credentials(self, asked: Asked) -> list[tuple[str, str]]:
        token = BearerToken(self._target).authorization()
        return [*asked.headers, *([("Authorization", token)] if token is not None else [])]


async def _relay(content: StreamReader, step: Step | None, end: Ending | None, stream: web.StreamResponse) -> None:
    """Send a watch's events on, until it ends, or is to be ended."""
    left = end.events if end is not None else -1
    while left and (line := await content.readline()):
        events = _events(step, line)
        await stream.write(b"".join(events))
        left -= min(len(events), left) if end is not None else 0


def _events(step: Step | None, line: bytes) -> list[bytes]:
    if step is None:
        return [line]
    return [json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in step(json.loads(line))]


def _response(said: Said) -> web.Response:
    return web.Response(status=said.status or 500, reason=said.reason, body=said.body, headers=list(said.headers))


async def _as_the_server_said(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)  # aiohttp's own: the only lie is to be the mutant's


@asynccontextmanager
async def mutating_server(target: Upstream, lie: Lie, etcd: Etcd | None = None) -> AsyncIterator[str]:
    """The URL of a mutating server in front of `target`, for as long as the `async with` lasts."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.on_response_prepare.append(_as_the_server_said)
    connector = TCPConnector(ssl=client_context(target.tls) if target.tls else False)
    async with ClientSession(connector=connector, auto_decompress=False, timeout=ClientTimeout(total=None)) as session:
        app.router.add_route("*", "/{path:.*}", MutatingServer(target, lie, etcd, session).handle)
        async with listening(app) as url:
            yield url


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    """The URL of an application on loopback."""
    runner = web.AppRunner(app, shutdown_timeout=1, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
