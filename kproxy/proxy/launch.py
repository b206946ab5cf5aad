"""The proxy as a whole, inside any asyncio program: `async with serve(settings, outbox) as running: …`."""

import ipaddress
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urlsplit

from kproxy.config.upstream import BearerToken, Upstream
from kproxy.errors import ConfigError, ProxyError
from kproxy.model.exchange import IdentityMode
from kproxy.proxy._mitm import Engine
from kproxy.proxy.certificates import LOCAL
from kproxy.proxy.connection import Wiring
from kproxy.proxy.dial import Dialer
from kproxy.proxy.entrance import PathPrefix, listening_prefix
from kproxy.proxy.faultrules import FaultRule
from kproxy.proxy.faults import Faults
from kproxy.proxy.forwarder import Forwarder
from kproxy.proxy.identity import Identity, Judge
from kproxy.proxy.outbox import Outbox
from kproxy.proxy.reviewed import Review, Tokens
from kproxy.proxy.serving import OWN, Serving, ServingFiles, source_of
from kproxy.proxy.tap import Tap
from kproxy.proxy.tls import listener_context, upstream_tls
from kproxy.proxy.tunnel import MAX_CONTENT
from kproxy.proxy.wanted import Wanted

DEFAULT_LISTEN = "https://127.0.0.1:0"
DEFAULT_DRAIN = 5.0
BACKLOG = 1024
FORWARDING = frozenset({IdentityMode.FRONT_PROXY, IdentityMode.IMPERSONATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """What to serve and how.

    `listen`: https with kproxy's own authority, or the named exception http (loopback only where credentials are
    injected). Port 0 takes a free one, a path is the prefix below which the api-server is served. `token`: what
    clients of the TLS listener show; "" makes one. `identity`: an upstream without credentials lets the client's pass
    where it says `one`. `wanted`: what is recorded, None: everything. `exec_content`: keep what
    upgraded connections carry, up to MAX_CONTENT bytes of each frame. `serving`: what a TLS listener shows of itself.
    `faults`: what goes wrong on purpose.

    Where clients are authenticated (front-proxy, impersonate): `client_ca_pem`, by certificates of these authorities;
    `review`, by tokens that the api-server knows. `proxy_client`: certificate and key of the front proxy, PEM.
    """

    upstream: Upstream
    listen: str = DEFAULT_LISTEN
    token: str = field(default="", repr=False)
    allow_exec: bool = False
    identity: IdentityMode = IdentityMode.ONE
    wanted: Wanted | None = None
    exec_content: bool = False
    serving: ServingFiles = OWN
    client_ca_pem: str | None = None
    review: Review | None = field(default=None, repr=False)
    proxy_client: tuple[str, str] | None = field(default=None, repr=False)
    faults: tuple[FaultRule, ...] = ()
    drain: float = DEFAULT_DRAIN  # seconds for what goes on when it is to end
    connect_timeout: float = 10.0  # seconds, TCP and TLS together


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A proxy that serves.

    `ca_pem`: what clients have to trust; None on the plain listener, and where they do already. `token`: None where
    none is asked for.
    """

    url: str
    address: tuple[str, int]
    ca_pem: str | None
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Listen:
    host: str
    port: int
    tls: bool
    prefix: str


@asynccontextmanager
async def serve(settings: ProxySettings, outbox: Outbox) -> AsyncIterator[Running]:
    """Serve until the block ends; then the listener closes, what goes on may finish for a while, and is stopped.

    ConfigError if the settings cannot be meant, ProxyError if the address cannot be had.
    """
    upstream = _upstream(settings)
    listen = _listen(settings, upstream)
    serving = _serving(settings, listen)
    server_tls = upstream_tls(upstream)
    BearerToken(upstream).authorization()  # a token file that cannot be read is said now, not to each client
    listener = _bind(listen)
    address: tuple[str, int] = listener.getsockname()[:2]
    token = (settings.token or secrets.token_urlsafe(32)) if listen.tls and _asks_token(settings, upstream) else None
    tokens = Tokens(settings.review) if settings.review is not None else None
    judge: Judge
    if settings.identity in FORWARDING:
        judge = Forwarder(upstream, settings.identity, tokens)
    else:
        local = None if listen.tls else address
        judge = Identity(upstream, token=token, local=local, allow_exec=settings.allow_exec)

    faults = Faults(settings.faults) if settings.faults else None
    entrance = PathPrefix(listen.prefix) if listen.prefix else None

    def make_tap(number: int, tls: bool) -> Tap:  # noqa: FBT001 - Wiring's signature
        return Tap(
            judge,
            outbox,
            number,
            tls=tls,
            server_name=f"the api-server at {upstream.url}",
            entrance=entrance,
            wanted=settings.wanted,
            exec_content=MAX_CONTENT if settings.exec_content else 0,
            faults=faults,
        )

    wiring = Wiring(
        dialer=Dialer([(upstream.host, upstream.port)], lambda: server_tls, settings.connect_timeout),
        make_tap=make_tap,
        outbox=outbox,
        client_tls=serving.context if serving else lambda: None,
    )
    engine = Engine(listener, wiring)
    await engine.start()
    try:
        yield Running(
            url=_url(listen, address), address=address, ca_pem=serving.ca_pem if serving else None, token=token
        )
    finally:
        await engine.stop(settings.drain)
        if tokens is not None:
            await tokens.close()


def _upstream(settings: ProxySettings) -> Upstream:
    """The api-server with the credentials that go on with requests."""
    whole, mode = settings.upstream, settings.identity
    if mode is IdentityMode.PASS:
        return whole.without_credentials()
    if mode is IdentityMode.IMPERSONATE and whole.impersonate:
        raise ConfigError(
            f'user "{whole.user}" of the kubeconfig impersonates somebody itself, and an impersonation is not nested.'
        )
    if mode is not IdentityMode.FRONT_PROXY:
        return whole
    if whole.tls is None or settings.proxy_client is None:
        raise ConfigError("A front proxy needs https to the api-server, and a client certificate and key of its own.")
    certificate, key = settings.proxy_client
    bare = whole.without_credentials()
    return replace(bare, tls=replace(whole.tls, client_cert_pem=certificate, client_key_pem=key), user="front proxy")


def _asks_token(settings: ProxySettings, upstream: Upstream) -> bool:
    """Whether whoever comes has to show kproxy's own token: it would be somebody else by coming."""
    return upstream.injects and settings.identity not in FORWARDING


def _serving(settings: ProxySettings, listen: _Listen) -> Serving | None:
    if listen.tls:
        names = (*LOCAL, listen.host, *settings.serving.names)
        return Serving(
            source_of(settings.serving), names, partial(listener_context, client_ca_pem=settings.client_ca_pem)
        )
    if settings.serving != OWN:
        raise ConfigError(f"A certificate is shown by a TLS listener only, and --listen is {settings.listen!r}.")
    return None


def _listen(settings: ProxySettings, upstream: Upstream) -> _Listen:
    parts = urlsplit(settings.listen)
    try:
        port = parts.port or 0
    except ValueError as error:
        raise ConfigError(f"The address {settings.listen!r} to listen on is none: {error}.") from error
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise ConfigError(
            f"The address {settings.listen!r} to listen on must be http://HOST:PORT or https://HOST:PORT."
        )
    if host == "localhost":
        host = "127.0.0.1"  # both families on one free port is more than an operating system promises
    tls = parts.scheme == "https"
    if not tls and _asks_token(settings, upstream) and not _is_loopback(host):
        raise ProxyError(
            f"kproxy does not listen on {settings.listen}: without TLS it would give the kubeconfig's credentials "
            "to everyone who can reach it, so it does that on loopback only."
        )
    return _Listen(host, port, tls, listening_prefix(parts.path, settings.listen))


def _bind(listen: _Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        return socket.create_server((listen.host, listen.port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or error
        raise ProxyError(f"kproxy cannot listen on {listen.host}:{listen.port}: {reason}.") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(listen: _Listen, address: tuple[str, int]) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host)  # noqa: S104 - compared, not bound
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if listen.tls else 'http'}://{shown}:{address[1]}{listen.prefix}"
