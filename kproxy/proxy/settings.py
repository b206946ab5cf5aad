"""What a proxy is made of, and the taps that its connections get."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.model.exchange import IdentityMode
from kproxy.proxy.faults.faulty_tap import FaultyTap
from kproxy.proxy.faults.rules import FaultRule
from kproxy.proxy.faults.touch import Faults
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.identity.judge import Judge
from kproxy.proxy.identity.reviewed import Review
from kproxy.proxy.sockets.serving import OWN, ServingFiles
from kproxy.proxy.tap.admission import Admission
from kproxy.proxy.tap.entrance import Entrance
from kproxy.proxy.tap.tap import Tap
from kproxy.proxy.tap.tunnel import MAX_CONTENT
from kproxy.proxy.tap.wanted import Wanted
from kproxy.proxy.ways.way import DIRECT, Way
from kproxy.wire.tracecontext import Tracer, TraceSeeds

DEFAULT_LISTEN = "https://127.0.0.1:0"
DEFAULT_DRAIN = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """What to serve and how.

    `listen`: https with kproxy's own authority, or the named exception http (loopback only where credentials are
    injected). Port 0 takes a free one, a path is the prefix below which the api-server is served. `token`: what
    clients of the TLS listener show; "" makes one. `identity`: an upstream without credentials lets the client's pass
    where it says `one`. `wanted`: what is recorded, None: everything. `exec_content`: keep what upgraded connections
    carry, up to MAX_CONTENT bytes of each frame. `way`: how clients come in; `serving`: what they are shown of kproxy
    where they speak TLS with it. `faults`: what goes wrong on purpose.
    `trace`: requests go on with a traceparent made of it.

    Where clients are authenticated (front-proxy, impersonate): `client_ca_pem`, by certificates of these authorities;
    `review`, by tokens that the api-server knows. `proxy_client`: files with the front proxy's certificate and key.
    `credentials`: those of `upstream`, if somebody has them already.
    """

    upstream: Upstream
    listen: str = DEFAULT_LISTEN
    token: str = field(default="", repr=False)
    allow_exec: bool = False
    identity: IdentityMode = IdentityMode.ONE
    wanted: Wanted | None = None
    exec_content: bool = False
    way: Way = DIRECT
    serving: ServingFiles = OWN
    client_ca_pem: str | None = None
    review: Review | None = field(default=None, repr=False)
    proxy_client: tuple[Path, Path] | None = None
    credentials: Credentials | None = field(default=None, repr=False)
    faults: tuple[FaultRule, ...] = ()
    trace: TraceSeeds | None = None
    drain: float = DEFAULT_DRAIN  # seconds for what goes on when it is to end
    connect_timeout: float = 10.0  # seconds, TCP and TLS together


type MakeTap = Callable[[Entrance | None, int, bool], Tap]
"""Gets the connection's number, and whether its client's leg is TLS."""


def tap_maker(settings: ProxySettings, judge: Judge, outbox: Backlog, upstream: Upstream) -> MakeTap:
    """How the taps of a proxy are made; `upstream`: with the credentials that go on."""
    tracer = Tracer(settings.trace) if settings.trace is not None else None
    make = partial(FaultyTap, Faults(settings.faults)) if settings.faults else Tap

    def make_tap(entrance: Entrance | None, number: int, tls: bool) -> Tap:  # noqa: FBT001 - Parts' signature
        return make(
            Admission(judge, number, tls=tls, entrance=entrance, wanted=settings.wanted, tracer=tracer),
            outbox,
            server_name=f"the api-server at {upstream.url}",
            exec_content=MAX_CONTENT if settings.exec_content else 0,
        )

    return make_tap
