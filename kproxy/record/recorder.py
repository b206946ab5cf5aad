"""The recorder process's one task: from the first batch to the recording's last word."""

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import replace

from kproxy.errors import ConfigError
from kproxy.model.exchange import Nanos
from kproxy.model.session import Gap, Session, SessionEnd
from kproxy.record.assembly import Assembler
from kproxy.record.committer import Committer
from kproxy.record.effort import own_effort
from kproxy.record.followers import Followers
from kproxy.record.inlet import Inlets
from kproxy.record.literals import Literals
from kproxy.record.news import Blocked, Closed, Ready, Say, Unblocked
from kproxy.record.pseudonyms import Pseudonyms, load_key
from kproxy.record.redact import Redactor
from kproxy.record.relays import Relays
from kproxy.record.sessiontime import SessionTime
from kproxy.record.settings import Goodbye, RecorderSettings
from kproxy.record.spans import SpanIntake
from kproxy.record.start import StartTaking
from kproxy.store.reader import is_unclosed
from kproxy.store.sqlite import NotWritableNowError
from kproxy.store.writer import Batch, Writer
from kproxy.wire.handoff import AnswerType

_GOODBYE_PATIENCE = 30.0
"""Seconds between the end of the hand-off and the goodbye, or the end of whoever would say it."""
LAST_PATIENCE = 60.0
"""Seconds that the last batches wait for a full disk."""


async def record(settings: RecorderSettings, control: asyncio.StreamReader, say: Say) -> None:
    """Records until the proxy and the session are gone. KproxyError, one sentence, if it cannot.

    `say` is called with what the session wants to know.
    """
    redactor = _redactor(settings)

    def assembler() -> Assembler:
        return Assembler(redactor, epoch=settings.epoch, max_body=settings.max_body, trace=settings.trace)

    resumed = is_unclosed(settings.recording, settings.session.id)
    with _writer(settings, resumed=resumed) as writer:
        async with AsyncExitStack() as stack:
            committer = Committer(writer, lambda error: _blocked(inlets, say, error))
            lines = stack.enter_context(ExitStack())
            inlets = Inlets(settings.handoffs, committer, assembler, time.monotonic_ns, lines, effort=own_effort())
            followers = None
            if settings.etcds:
                followers = await stack.enter_async_context(Followers(settings, committer, redactor, say))
            spans = None
            if settings.otlp:
                spans = await stack.enter_async_context(SpanIntake(settings, committer, redactor, say, resumed=resumed))
            start = await stack.enter_async_context(StartTaking(settings, committer, redactor, say))
            relays = await stack.enter_async_context(Relays(settings, committer, redactor, say))
            say(Ready())
            farewell = asyncio.create_task(_farewell(control, committer))
            await inlets.run()
            committer.patience = LAST_PATIENCE
            goodbye = await _goodbye(farewell)
            await inlets.end("the proxy was gone" if goodbye is None else "the session was ended")
            if goodbye is not None and not goodbye.drained:
                await committer.commit(Batch(gaps=[_rest(SessionTime(settings.epoch))]))
            end = replace(writer.session, max_lag=Nanos(max(inlets.max_lag, writer.session.max_lag)))
            end = replace(end, start_state=await start.finish())
            if followers is not None:
                end = replace(end, etcd_end=await followers.finish())
            await relays.finish()  # what the last changes were caused by has passed the relay before they were seen
            if spans is not None:
                await spans.finish()
            await _close(committer, _ended(end, goodbye, SessionTime(settings.epoch)))
    say(Closed())


def _redactor(settings: RecorderSettings) -> Redactor:
    pseudonyms = Pseudonyms(load_key(settings.key))
    return Redactor(pseudonyms, Literals(pseudonyms, settings.literals))


def _writer(settings: RecorderSettings, *, resumed: bool) -> Writer:
    """A new recording, or the same session's, which a recorder before this one left."""
    if resumed:
        return Writer.resume(settings.recording)
    return Writer.create(settings.recording, settings.session, force=settings.force)


def _blocked(inlets: Inlets, say: Say, error: NotWritableNowError | None) -> None:
    if error is None:
        inlets.say(AnswerType.UNBLOCKED)
        say(Unblocked())
    else:
        inlets.say(AnswerType.BLOCKED, error.errno)
        say(Blocked(reason=str(error)))


async def _farewell(control: asyncio.StreamReader, committer: Committer) -> bytes:
    """The session's last line, b"" if it is gone without one: from then on a full disk is not waited for any longer."""
    try:
        return await control.readline()
    finally:
        committer.patience = LAST_PATIENCE


async def _goodbye(farewell: asyncio.Task[bytes]) -> Goodbye | None:
    """The session's goodbye; None if it is gone without one."""
    with suppress(TimeoutError, ConfigError, ValueError, OSError):
        async with asyncio.timeout(_GOODBYE_PATIENCE):
            line = await farewell
            return Goodbye.from_json(line) if line else None
    return None


def _ended(session: Session, goodbye: Goodbye | None, session_time: SessionTime) -> Session:
    ended = session_time.now()
    if goodbye is None:
        return replace(session, end=SessionEnd.PROXY_GONE, ended=ended)
    capture = f"{session.capture}: {goodbye.left_out} exchanges left out" if session.capture else ""
    return replace(session, end=SessionEnd.COMPLETE, ended=ended, exit_code=goodbye.exit_code, capture=capture)


def _rest(session_time: SessionTime) -> Gap:
    """What was still in the proxy's memory: nobody knows which exchanges, and how many."""
    reason = "the session ended before the proxy could hand over the rest"
    return Gap(kind="exchanges", reason=reason, at=session_time.now(), count=0)


async def _close(committer: Committer, session: Session) -> None:
    """The header first, with patience; then the single file, without."""
    await committer.commit(Batch(session=session))
    await asyncio.to_thread(committer.writer.close, session)
