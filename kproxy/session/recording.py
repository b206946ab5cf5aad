"""A recording while it is made: recorder and proxy around whatever speaks through them."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from kproxy.config.credentials import Credentials
from kproxy.config.entry import read_bounded
from kproxy.errors import KproxyError, UsageError
from kproxy.model.exchange import Seq
from kproxy.model.session import Session
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.handover.pace import LEAST_SHARE, Pace
from kproxy.proxy.launch import Running, serve
from kproxy.proxy.settings import ProxySettings
from kproxy.proxy.ways.forward import basic_credentials
from kproxy.proxy.within import Within, within
from kproxy.record.pseudonyms import key_path
from kproxy.record.settings import Followed, RecorderSettings
from kproxy.session.etcds import begin_etcds
from kproxy.session.header import begin_session
from kproxy.session.keeping import AT_ONCE, keep_ledger
from kproxy.session.recorder import RecorderProcess
from kproxy.session.recordsettings import RecordSettings, asking, proxy_settings, start_wish
from kproxy.session.relays import check_relays
from kproxy.session.server_facts import server_facts
from kproxy.session.workers import Team, directed, stopping

type Tell = Callable[[str], None]


@dataclass(slots=True)
class Live:
    """A recording that goes on; whoever made it says at the end how its COMMAND ended.

    `within`: where this process itself is the only client, and nothing is listened on.
    """

    proxy: Running
    session: Session
    recorder: RecorderProcess
    outbox: Outbox
    within: Within | None = None
    exit_code: int | None = None
    complete: bool = True  # whether all that was recorded came into the file

    def mark(self, text: str) -> Seq:
        """Write a named point; the number of the exchange that comes after it."""
        self.outbox.mark(text.encode(), time.monotonic_ns())
        return Seq(self.outbox.last_seq + 1)


@asynccontextmanager
async def recording(
    settings: RecordSettings, tell: Tell, team: Team | None = None, *, own: bool = False
) -> AsyncIterator[Live]:
    """Record until the block ends; then the proxy stops, the recorder stores the rest and closes the file.

    `team`: with which further workers were hired, where there are any. `own`: this process is the client.
    """
    if settings.output.exists() and not settings.force:
        raise UsageError(f"{settings.output} exists already: choose another -o, or replace it with --force")
    if not settings.output.parent.is_dir():
        raise UsageError(f"the recording cannot be written: there is no folder {settings.output.parent}; make it first")
    token = team.token if team else secrets.token_urlsafe(32)
    await check_relays(settings.relays)
    credentials = Credentials(asking(settings))
    await credentials.ready(interactive=settings.interactive)
    server = await server_facts(settings.upstream, credentials, settings.lab)
    server, etcds = await begin_etcds(settings.etcd, settings.stores, server)
    session, epoch = begin_session(
        server,
        etcds,
        prefix=settings.stores.prefix,
        when_stuck=settings.when_stuck,
        program=settings.program,
        capture=settings.wanted.text if settings.wanted else "",
        traced=settings.traced,
    )
    hidden = (token, basic_credentials(token), *_secrets(settings, credentials))
    outbox = _outbox_of_a_replay(settings) if own else _outbox(settings, team)
    async with directed(team, tell) as others:
        recorder = RecorderProcess(
            replace(
                _recorder_settings(settings, session, epoch, etcds, hidden), start=start_wish(settings, credentials)
            ),
            [outbox, *others],
            tell,
        )
        try:
            async with (
                _serving(proxy_settings(settings, token, credentials), outbox, team, own=own) as (running, inside),
                stopping(others),
            ):
                # The proxy first, so that a busy port makes and replaces no file.
                await recorder.start()
                live = Live(running, session, recorder, outbox, inside)
                yield live
        except BaseException:
            # whatever it was, what has been recorded is closed properly; only a recorder that never started is ended
            if recorder.pid is not None and outbox.attached:
                await asyncio.shield(recorder.finish(None))
            await recorder.kill()
            raise
        await credentials.close()
        live.complete = await recorder.finish(live.exit_code)
    if live.complete:
        await asyncio.to_thread(_keep_ledger, settings.output, tell)
    else:
        tell(recorder.shortfall)


def _outbox(settings: RecordSettings, team: Team | None) -> Outbox:
    return Outbox(settings.buffer_bytes, settings.when_stuck, numbers=team.numbers if team else None)


def _outbox_of_a_replay(settings: RecordSettings) -> Outbox:
    """What the buffer holds is stored when there is a CPU to spare, else at the end: the target is often beside us."""
    return Outbox(settings.buffer_bytes, settings.when_stuck, pace=Pace(LEAST_SHARE))


@asynccontextmanager
async def _serving(
    settings: ProxySettings, outbox: Outbox, team: Team | None, *, own: bool
) -> AsyncIterator[tuple[Running, Within | None]]:
    if own:
        upstream = settings.upstream
        async with within(settings, outbox) as inside:
            yield Running(url=upstream.url, address=(upstream.host, upstream.port), ca_pem=None, token=None), inside
        return
    async with serve(settings, outbox, team.stand if team else None) as running:
        yield running, None


def _keep_ledger(output: Path, tell: Tell) -> None:
    """Traffic has ended: which request caused which change is computed now, unless it takes long, for all who ask."""
    try:
        if not keep_ledger(str(output), AT_ONCE):
            tell(f"`kproxy correlate {output} --keep` computes its ledger once for all: it is large, and takes a while")
    except KproxyError as error:
        tell(f"which request caused which change is computed when it is asked for: {error}")


def _recorder_settings(
    settings: RecordSettings, session: Session, epoch: int, etcds: tuple[Followed, ...], hidden: tuple[str, ...]
) -> RecorderSettings:
    return RecorderSettings(
        recording=settings.output.absolute(),
        session=session,
        epoch=epoch,
        handoffs=(),
        key=key_path(settings.state_home, session.id),
        force=settings.force,
        literals=tuple(dict.fromkeys((*hidden, *settings.literals))),
        etcds=etcds,
        otlp=settings.otlp,
        relays=settings.relays,
        trace=settings.trace,
    )


def _secrets(settings: RecordSettings, credentials: Credentials) -> tuple[str, ...]:
    """What kproxy knows that must not be in a recording, wherever it occurs."""
    upstream, shown = settings.upstream, credentials.certificate()
    found = [upstream.token, upstream.password, shown[1] if shown else None]
    value = credentials.authorization()
    if value and value.startswith("Bearer "):
        found.append(value.removeprefix("Bearer "))
    etcds = [each for each in (settings.etcd, *(one.settings for one in settings.stores.overrides)) if each is not None]
    found += [each.password for each in etcds]
    keys = [settings.proxy_client[1]] if settings.proxy_client is not None else []
    for path in dict.fromkeys((*keys, *(each.key for each in etcds if each.key is not None))):
        with suppress(OSError, ValueError):  # whoever uses it says what is wrong with it
            found.append(read_bounded(path).decode("ascii"))
    return tuple(each for each in found if each)


def state_home(env: Mapping[str, str]) -> Path:
    """Where kproxy keeps what must outlive a recording: $XDG_STATE_HOME, or ~/.local/state."""
    named = env.get("XDG_STATE_HOME", "")
    return Path(named) if named.startswith("/") else Path.home() / ".local" / "state"
