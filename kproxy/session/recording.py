"""A recording while it is made: recorder and proxy around whatever speaks through them."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from kproxy.config.credentials import Credentials
from kproxy.config.entry import read_bounded
from kproxy.config.upstream import Upstream
from kproxy.errors import UsageError
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.info import LabInfo
from kproxy.model.exchange import IdentityMode, Seq
from kproxy.model.session import Session
from kproxy.proxy.faultrules import FaultRule
from kproxy.proxy.forward import basic_credentials
from kproxy.proxy.judging import FORWARDING
from kproxy.proxy.launch import DEFAULT_DRAIN, DEFAULT_LISTEN, ProxySettings, Running, serve
from kproxy.proxy.outbox import DEFAULT_BUFFER, Outbox, WhenStuck
from kproxy.proxy.reviewed import Review
from kproxy.proxy.serving import OWN, ServingFiles
from kproxy.proxy.wanted import Wanted
from kproxy.proxy.ways import DIRECT, Way
from kproxy.record.pseudonyms import key_path
from kproxy.record.settings import RecorderSettings
from kproxy.session.header import begin_session
from kproxy.session.recorder import RecorderProcess
from kproxy.session.review import reviewer
from kproxy.session.server_facts import server_facts

type Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettings:
    """What to record and where.

    `program`: the name of the COMMAND that is run (its arguments may hold secrets, so they are not kept); `state_home`:
    where keys of pseudonyms live; `wanted` None: everything is recorded; `faults`: what goes wrong on purpose;
    `drain`: seconds for what goes on at the end;
    `etcd` None: HTTP only.
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
    etcd: EtcdSettings | None = None
    lab: LabInfo | None = None
    program: str = ""
    literals: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Live:
    """A recording that goes on; whoever made it says at the end how its COMMAND ended."""

    proxy: Running
    session: Session
    recorder: RecorderProcess
    outbox: Outbox
    exit_code: int | None = None
    complete: bool = True  # whether all that was recorded came into the file

    def mark(self, text: str) -> Seq:
        """Write a named point; the number of the exchange that comes after it."""
        self.outbox.mark(text.encode(), time.monotonic_ns())
        return Seq(self.outbox.last_seq + 1)


@asynccontextmanager
async def recording(settings: RecordSettings, tell: Tell) -> AsyncIterator[Live]:
    """Record until the block ends; then the proxy stops, the recorder stores the rest and closes the file."""
    if settings.output.exists() and not settings.force:
        raise UsageError(f"{settings.output} exists already: choose another -o, or replace it with --force")
    if not settings.output.parent.is_dir():
        raise UsageError(f"the recording cannot be written: there is no folder {settings.output.parent}")
    token = secrets.token_urlsafe(32)
    credentials = Credentials(_asking(settings))
    await credentials.ready(interactive=settings.interactive)
    session, epoch = await begin_session(
        await server_facts(settings.upstream, credentials, settings.lab),
        settings.etcd,
        when_stuck=settings.when_stuck,
        program=settings.program,
        capture=settings.wanted.text if settings.wanted else "",
    )
    outbox = Outbox(settings.buffer_bytes, settings.when_stuck)
    recorder = RecorderProcess(
        _recorder_settings(
            settings, session, epoch, (token, basic_credentials(token), *_secrets(settings, credentials))
        ),
        outbox,
        tell,
    )
    try:
        proxy = _proxy_settings(settings, token, _review(settings, credentials), credentials)
        async with serve(proxy, outbox) as running:
            # The proxy first, so that a busy port makes and replaces no file.
            await recorder.start()
            live = Live(running, session, recorder, outbox)
            yield live
    except BaseException:
        # whatever it was, what has been recorded is closed properly; only a recorder that never started is ended
        if recorder.pid is not None and outbox.attached:
            await asyncio.shield(recorder.finish(None))
        await recorder.kill()
        raise
    await credentials.close()
    live.complete = await recorder.finish(live.exit_code)
    if not live.complete:
        tell("not everything could be written into the recording; `kproxy log` shows what is there, gaps say the rest")


def _review(settings: RecordSettings, credentials: Credentials) -> Review | None:
    """Who asks about clients' tokens: nobody, where nobody authenticates them or kproxy has no credentials to."""
    wanted = settings.identity in FORWARDING and settings.upstream.injects
    return reviewer(settings.upstream, credentials) if wanted else None


def _proxy_settings(
    settings: RecordSettings, token: str, review: Review | None, credentials: Credentials
) -> ProxySettings:
    return ProxySettings(
        upstream=settings.upstream,
        listen=settings.listen,
        token=token,
        allow_exec=settings.allow_exec,
        identity=settings.identity,
        client_ca_pem=settings.client_ca_pem,
        review=review,
        proxy_client=settings.proxy_client,
        credentials=credentials,
        wanted=settings.wanted,
        exec_content=settings.exec_content,
        faults=settings.faults,
        drain=settings.drain,
        way=settings.way,
        serving=settings.serving,
    )


def _asking(settings: RecordSettings) -> Upstream:
    """As whom kproxy itself speaks to the server: where clients' own credentials pass, no plugin is run for that."""
    passes = settings.identity is IdentityMode.PASS and settings.upstream.plugin is not None
    return settings.upstream.without_credentials() if passes else settings.upstream


def _recorder_settings(
    settings: RecordSettings, session: Session, epoch: int, hidden: tuple[str, ...]
) -> RecorderSettings:
    return RecorderSettings(
        recording=settings.output.absolute(),
        session=session,
        epoch=epoch,
        handoff=-1,
        key=key_path(settings.state_home, session.id),
        force=settings.force,
        literals=tuple(dict.fromkeys((*hidden, *settings.literals))),
        etcd=settings.etcd,
    )


def _secrets(settings: RecordSettings, credentials: Credentials) -> tuple[str, ...]:
    """What kproxy knows that must not be in a recording, wherever it occurs."""
    upstream, shown = settings.upstream, credentials.certificate()
    found = [upstream.token, upstream.password, shown[1] if shown else None]
    value = credentials.authorization()
    if value and value.startswith("Bearer "):
        found.append(value.removeprefix("Bearer "))
    if settings.proxy_client is not None:
        with suppress(OSError, ValueError):  # whoever uses it says what is wrong with it
            found.append(read_bounded(settings.proxy_client[1]).decode("ascii"))
    return tuple(each for each in found if each)


def state_home(env: Mapping[str, str]) -> Path:
    """Where kproxy keeps what must outlive a recording: $XDG_STATE_HOME, or ~/.local/state."""
    named = env.get("XDG_STATE_HOME", "")
    return Path(named) if named.startswith("/") else Path.home() / ".local" / "state"
