"""What to record, where and how; and the proxy's part of that."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.info import LabInfo
from kproxy.model.exchange import IdentityMode
from kproxy.model.start import StartSource
from kproxy.proxy.faults.rules import FaultRule
from kproxy.proxy.handover.outbox import DEFAULT_BUFFER, WhenStuck
from kproxy.proxy.identity.judging import FORWARDING
from kproxy.proxy.identity.reviewed import Review
from kproxy.proxy.settings import DEFAULT_DRAIN, DEFAULT_LISTEN, ProxySettings
from kproxy.proxy.sockets.serving import OWN, ServingFiles
from kproxy.proxy.tap.wanted import Wanted
from kproxy.proxy.ways.way import DIRECT, Way
from kproxy.record.settings import START_BYTES, ApiPlace, StartWish
from kproxy.session.etcds import ONE_STORE, Stores
from kproxy.session.review import reviewer
from kproxy.wire.tracecontext import TraceSeeds, new_seeds


class StartChoice(StrEnum):
    """Where the start state is read from; auto: from etcd, where that is followed and the server is in use already."""

    AUTO = "auto"
    ETCD = "etcd"
    API = "api"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettings:
    """What to record and where.

    `program`: the name of the COMMAND that is run (its arguments may hold secrets, so they are not kept); `state_home`:
    where keys of pseudonyms live; `wanted` None: everything is recorded; `faults`: what goes wrong on purpose;
    `drain`: seconds for what goes on at the end; `etcd` None: HTTP only; `stores`: what else there is to know of etcd;
    `relays`: feeds of the relays between the api-server and its etcd; `seeds`: what traceparents are made of then;
    `otlp`: HOST:PORT where the api-server's own spans are taken, "": none are; `workers`: processes that serve;
    `start_state`: where what the server holds at the start is read from, up to `start_bytes` of it.
    """

    output: Path
    upstream: Upstream
    state_home: Path
    wanted: Wanted | None = None
    way: Way = DIRECT
    serving: ServingFiles = OWN
    faults: tuple[FaultRule, ...] = ()
    force: bool = False
    listen: str = DEFAULT_LISTEN
    allow_exec: bool = False
    exec_content: bool = False
    identity: IdentityMode = IdentityMode.ONE
    client_ca_pem: str | None = None
    proxy_client: tuple[Path, Path] | None = None
    interactive: bool = False
    when_stuck: WhenStuck = "pass"
    buffer_bytes: int = DEFAULT_BUFFER
    drain: float = DEFAULT_DRAIN
    workers: int = 1
    etcd: EtcdSettings | None = None
    stores: Stores = ONE_STORE
    otlp: str = ""
    relays: tuple[Path, ...] = ()
    seeds: TraceSeeds = field(default_factory=new_seeds, repr=False)
    lab: LabInfo | None = None
    program: str = ""
    literals: tuple[str, ...] = field(default=(), repr=False)
    start_state: StartChoice = StartChoice.NONE
    start_bytes: int = START_BYTES

    @property
    def trace(self) -> TraceSeeds | None:
        """What requests go on with; None where nobody would see it again."""
        return replace(self.seeds, sampled=bool(self.otlp)) if self.relays else None

    @property
    def traced(self) -> str:
        """How requests are followed into etcd, as the header says it."""
        return "+".join(way for way, there in (("relay", self.relays), ("otlp", self.otlp)) if there)


def proxy_settings(settings: RecordSettings, token: str, credentials: Credentials) -> ProxySettings:
    """The proxy's part of them."""
    return ProxySettings(
        upstream=settings.upstream,
        listen=settings.listen,
        token=token,
        allow_exec=settings.allow_exec,
        identity=settings.identity,
        client_ca_pem=settings.client_ca_pem,
        review=_review(settings, credentials),
        proxy_client=settings.proxy_client,
        credentials=credentials,
        wanted=settings.wanted,
        exec_content=settings.exec_content,
        faults=settings.faults,
        trace=settings.trace,
        drain=settings.drain,
        way=settings.way,
        serving=settings.serving,
    )


def asking(settings: RecordSettings) -> Upstream:
    """As whom kproxy itself speaks to the server: where clients' own credentials pass, no plugin is run for that."""
    passes = settings.identity is IdentityMode.PASS and settings.upstream.plugin is not None
    return settings.upstream.without_credentials() if passes else settings.upstream


def start_wish(settings: RecordSettings, credentials: Credentials) -> StartWish:
    """What the recorder takes of the start state."""
    choice = settings.start_state
    if choice is StartChoice.API:
        return StartWish(
            source=StartSource.API, max_bytes=settings.start_bytes, api=_api_place(settings.upstream, credentials)
        )
    if choice is StartChoice.NONE or settings.etcd is None:
        return StartWish()
    return StartWish(source=StartSource.ETCD, if_used=choice is StartChoice.AUTO, max_bytes=settings.start_bytes)


def _api_place(upstream: Upstream, credentials: Credentials) -> ApiPlace:
    """Where and as whom: with what the credentials are now, as it is read at once."""
    shown = upstream.showing(credentials.certificate())
    authorization = credentials.authorization()
    return ApiPlace(
        host=upstream.host,
        port=upstream.port,
        host_header=upstream.host_header,
        path_prefix=upstream.path_prefix,
        tls=shown.tls,
        headers=(*([("Authorization", authorization)] if authorization else []), *upstream.impersonate),
    )


def _review(settings: RecordSettings, credentials: Credentials) -> Review | None:
    """Who asks about clients' tokens: nobody, where nobody authenticates them or kproxy has no credentials to."""
    wanted = settings.identity in FORWARDING and settings.upstream.injects
    return reviewer(settings.upstream, credentials) if wanted else None
