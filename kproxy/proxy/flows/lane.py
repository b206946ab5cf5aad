"""The addon lane's life inside mitmproxy: its options, its beginning and its end."""

# mypy: disable-error-code="no-untyped-call"
# mitmproxy annotates little of what is called here.

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, cast

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.proxy.mode_specs import ProxyMode, ReverseMode
from mitmproxy.utils import human

from kproxy.errors import KproxyError
from kproxy.proxy.flows.addon import FlowRecorder
from kproxy.proxy.handover.outbox import DEFAULT_BUFFER, Outbox
from kproxy.proxy.tap.tunnel import MAX_CONTENT
from kproxy.wire.tracecontext import Tracer, TraceSeeds, new_seeds

logger = logging.getLogger(__name__)

NEVER = 10 * 365 * 24 * 3600
"""Seconds: mitmproxy's own tcp_timeout ends watches in which nothing happens."""

_MIN_BUFFER = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSettings:
    """What mitmproxy's options say. `output` None: a name of kproxy's choice; `server`: of mode reverse, else "".

    `seeds`: what traceparents are made of while there are `relays`.
    """

    output: Path | None
    force: bool
    server: str
    etcd: tuple[str, ...]
    etcd_cacert: Path | None
    etcd_cert: Path | None
    etcd_key: Path | None
    exec_content: bool
    buffer_bytes: int
    when_stuck: Literal["pass", "block"]
    relays: tuple[Path, ...] = ()
    seeds: TraceSeeds = field(default_factory=new_seeds, repr=False)


class Recorder(Protocol):
    """Who stores what the outbox sends."""

    async def finish(self, exit_code: int | None) -> bool:
        """Everything is stored, the recording closed; False if something is missing."""
        ...

    @property
    def shortfall(self) -> str:
        """What people are told then."""
        ...


type Start = Callable[[LaneSettings, Outbox, Callable[[str], None]], Awaitable[Recorder]]
"""Begins the recording: outbox, recorder, sentences for people."""


class AddonLane:
    """mitmproxy's addon; `start` begins a recording. Errors before mitmproxy serves are logged: it exits then."""

    name = "kproxy"

    def __init__(self, start: Start) -> None:
        self._start = start
        self._outbox: Outbox | None = None
        self._settings: LaneSettings | None = None
        self._recorder: Recorder | None = None
        self._flows: FlowRecorder | None = None

    @property
    def addons(self) -> list[FlowRecorder]:
        """Mitmproxy asks them for each hook."""
        return [self._flows] if self._flows is not None else []

    def load(self, loader: Loader) -> None:
        """Kproxy's options, beside mitmproxy's own."""
        files = "A PEM file for speaking to etcd, as etcdctl's option of that name."
        loader.add_option("kproxy_output", str, "", "The recording (default: ./kproxy-UTCSTAMP.kproxy).")
        loader.add_option("kproxy_force", bool, False, "Replace an existing recording.")
        loader.add_option("kproxy_etcd", Sequence[str], [], "An endpoint of the api-server's etcd; repeatable.")
        loader.add_option("kproxy_etcd_cacert", str, "", files)
        loader.add_option("kproxy_etcd_cert", str, "", files)
        loader.add_option("kproxy_etcd_key", str, "", files)
        loader.add_option("kproxy_etcd_relay", Sequence[str], [], "The feed of an etcd relay; repeatable.")
        loader.add_option("kproxy_exec_content", bool, False, "Keep what exec, attach and port-forward carry.")
        loader.add_option("kproxy_buffer", str, "", "What may wait in memory for the recorder (default: 64m).")
        loader.add_option(
            "kproxy_when_stuck",
            str,
            "pass",
            "When the recorder cannot follow: pass traffic and count what is missing, or block it.",
            choices=("pass", "block"),
        )

    def configure(self, updated: set[str]) -> None:
        """Options were set. They count from the start: mitmproxy cannot move a recording that is being made."""
        if not any(name.startswith("kproxy_") for name in updated):
            return
        if self._recorder is not None:
            raise exceptions.OptionsError("kproxy's options cannot be changed while it records")
        try:
            self._settings = settings = _settings()
        except ValueError as error:
            raise exceptions.OptionsError(str(error)) from error
        if not ctx.options.has_changed("tcp_timeout"):
            ctx.options.update(tcp_timeout=NEVER)
        self._outbox = Outbox(settings.buffer_bytes, settings.when_stuck)
        keep = MAX_CONTENT if settings.exec_content else 0
        tracer = Tracer(settings.seeds) if settings.relays else None
        self._flows = FlowRecorder(self._outbox, buffer_bytes=settings.buffer_bytes, keep=keep, tracer=tracer)

    async def running(self) -> None:
        """All is up but for the recorder: clients wait for it."""
        settings, outbox, flows = self._settings, self._outbox, self._flows
        if settings is None or outbox is None or flows is None:
            return
        try:
            self._recorder = await self._start(settings, outbox, _tell)
        except KproxyError as error:
            logger.error("kproxy: %s", error)  # noqa: TRY400 - one sentence, for people: mitmproxy exits by it
            return
        flows.ready.set()

    async def done(self) -> None:
        """The end, of which live flows hear nothing from mitmproxy."""
        if self._flows is not None:
            self._flows.stop()
        if self._recorder is not None and not await self._recorder.finish(None):
            logger.error("kproxy: %s", self._recorder.shortfall)


def _tell(sentence: str) -> None:
    logger.warning("kproxy: %s", sentence)


def _settings() -> LaneSettings:
    """Mitmproxy's options as they are. ValueError for a size that is none."""
    options = ctx.options
    size = human.parse_size(options.kproxy_buffer) if options.kproxy_buffer else DEFAULT_BUFFER
    if size is None or size < _MIN_BUFFER:
        raise ValueError(f"kproxy_buffer {options.kproxy_buffer!r} is too small: at least 64k")
    return LaneSettings(
        output=_path(options.kproxy_output),
        force=options.kproxy_force,
        server=_server(options.mode),
        etcd=tuple(options.kproxy_etcd),
        etcd_cacert=_path(options.kproxy_etcd_cacert),
        etcd_cert=_path(options.kproxy_etcd_cert),
        etcd_key=_path(options.kproxy_etcd_key),
        exec_content=options.kproxy_exec_content,
        buffer_bytes=size,
        when_stuck=cast("Literal['pass', 'block']", options.kproxy_when_stuck),  # mitmproxy holds it to its choices
        relays=tuple(Path(feed).expanduser().absolute() for feed in options.kproxy_etcd_relay),
    )


def _path(name: str) -> Path | None:
    return Path(name).expanduser() if name else None


def _server(modes: Sequence[str]) -> str:
    """The URL of the first reverse mode."""
    for spec in modes:
        mode = ProxyMode.parse(spec)
        if isinstance(mode, ReverseMode):
            host, port = mode.address[0], mode.address[1]
            return f"{mode.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    return ""
