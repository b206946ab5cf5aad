"""The proxy as a whole, inside any asyncio program: `async with serve(settings, outbox) as running: …`."""

import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from kproxy.config.upstream import Upstream
from kproxy.proxy._mitm import Engine
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.identity.forwarder import Forwarder
from kproxy.proxy.identity.judge import Identity, Judge
from kproxy.proxy.identity.judging import FORWARDING, asks_token, credentials_for, upstream_for
from kproxy.proxy.identity.reviewed import Tokens
from kproxy.proxy.settings import ProxySettings, tap_maker
from kproxy.proxy.sockets.connection import Wiring
from kproxy.proxy.sockets.dial import Dialer
from kproxy.proxy.sockets.reach import dialer_for
from kproxy.proxy.sockets.serving import Serving, Source, source_of
from kproxy.proxy.sockets.tls import UpstreamTls, listener_context
from kproxy.proxy.ways.forward import Destination
from kproxy.proxy.ways.listen import Listen, parse_listen
from kproxy.proxy.ways.way import Mode, Parts, Way, admit, check_way, names_of, proxy_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A proxy that serves.

    `ca_pem`: what clients have to trust; None on the plain listener, and where they do already. `token`: None where
    none is asked for. `proxy_url`: the forward proxy's, its token in it; then and where connections are redirected,
    `url` is the api-server's own.
    """

    url: str
    address: tuple[str, int]
    ca_pem: str | None
    token: str | None = field(repr=False)
    proxy_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where clients come in: made once for all workers of a proxy.

    `sockets`: one for each worker, bound to one address; `source`: of the certificates that they show, None where
    clients speak no TLS with kproxy; `token`: what clients show, None where none is asked for.
    """

    listen: Listen
    sockets: tuple[socket.socket, ...]
    source: Source | None
    token: str | None = field(repr=False)


def take_stand(settings: ProxySettings, workers: int = 1) -> Stand:
    """Bind the address. ConfigError if the settings cannot be meant, ProxyError if it cannot be had."""
    upstream = upstream_for(settings.upstream, settings.identity, settings.proxy_client)
    way, listen = settings.way, parse_listen(settings.listen)
    gives_rights = asks_token(upstream, settings.identity)
    check_way(way, listen, upstream, gives_rights=gives_rights)
    asked = way.mode is Mode.REGULAR or (listen.tls and gives_rights)
    return Stand(
        listen=listen,
        source=source_of(settings.serving) if _ends_tls(way, listen, upstream) else None,
        token=(settings.token or secrets.token_urlsafe(32)) if asked else None,
        sockets=listen.bind(workers),
    )


@asynccontextmanager
async def serve(
    settings: ProxySettings, outbox: Outbox, stand: Stand | None = None, worker: int = 0
) -> AsyncIterator[Running]:
    """Serve until the block ends; then the listener closes, what goes on may finish for a while, and is stopped.

    `worker`: which of the stand's. ConfigError if the settings cannot be meant, ProxyError if the address cannot be
    had.
    """
    upstream = upstream_for(settings.upstream, settings.identity, settings.proxy_client)
    credentials = credentials_for(upstream, settings.upstream, settings.credentials)
    await credentials.ready()  # a file or plugin that gives nothing is said now, not to each client
    stand = stand or take_stand(settings)
    way, listen, token = settings.way, stand.listen, stand.token
    names = names_of(way, listen, upstream, settings.serving)
    serving = _serving(settings, stand.source, names) if stand.source is not None else None
    server_tls = UpstreamTls(upstream, credentials)
    forward = way.mode is Mode.REGULAR
    listener = _own(stand.sockets, worker)
    address: tuple[str, int] = listener.getsockname()[:2]
    tokens = Tokens(settings.review) if settings.review is not None else None
    judge: Judge
    if settings.identity in FORWARDING:
        judge = Forwarder(upstream, settings.identity, tokens, credentials)
    else:
        # At a forward proxy the token has been shown at the door, and Host is the api-server's.
        local = None if listen.tls or way.mode is not Mode.REVERSE else address
        judge = Identity(
            upstream,
            token=None if forward else token,
            local=local,
            allow_exec=settings.allow_exec,
            credentials=credentials,
        )

    make_tap = tap_maker(settings, judge, outbox, upstream)

    def dialer(where: Destination) -> Dialer:
        return dialer_for(upstream, server_tls.current, settings.connect_timeout, where)

    parts = Parts(
        upstream=upstream,
        wiring=Wiring(
            dialer=dialer(Destination(upstream.host, upstream.port)),
            make_tap=partial(make_tap, None),
            outbox=outbox,
            client_tls=serving.context if serving else lambda: None,
        ),
        make_tap=make_tap,
        dialer=dialer,
        stranger=lambda where: Dialer([where], lambda: None, settings.connect_timeout),
        serving=serving,
        token=token,
        names=names,
    )
    engine = Engine(listener, admit(way, listen, parts), numbers=(worker + 1, len(stand.sockets)))
    await engine.start()
    try:
        yield Running(
            url=listen.url(address) if way.mode is Mode.REVERSE else upstream.url,
            address=address,
            ca_pem=serving.ca_pem if serving else None,
            token=token,
            proxy_url=proxy_url(way, address, token),
        )
    finally:
        await engine.stop(settings.drain)
        if tokens is not None:
            await tokens.close()
        if credentials is not settings.credentials:
            await credentials.close()


def _ends_tls(way: Way, listen: Listen, upstream: Upstream) -> bool:
    """Whether clients speak TLS with kproxy."""
    return upstream.tls is not None if way.mode is Mode.REGULAR else listen.tls


def _own(sockets: tuple[socket.socket, ...], worker: int) -> socket.socket:
    """A worker's socket. The others' are closed here: where nobody accepts, connections would wait for ever."""
    for other, sock in enumerate(sockets):
        if other != worker:
            sock.close()
    return sockets[worker]


def _serving(settings: ProxySettings, source: Source, names: tuple[str, ...]) -> Serving:
    return Serving(
        source,
        names,
        partial(listener_context, client_ca_pem=settings.client_ca_pem),
        by_name=settings.way.mode is Mode.TRANSPARENT,
    )
