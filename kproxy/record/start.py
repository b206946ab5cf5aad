"""Takes the start state: what the server held when the session began. A task beside the hand-off, never before it.

It is in the recording as a whole, or not at all; a gap of kind `start` says why, or which lists the user may not have.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

from kproxy.errors import KproxyError
from kproxy.model.exchange import Nanos
from kproxy.model.session import Gap
from kproxy.model.start import StartSource
from kproxy.record.committer import Committer
from kproxy.record.news import Say, StartMissing
from kproxy.record.redact import Redactor
from kproxy.record.settings import RecorderSettings
from kproxy.record.startapi import ApiStart
from kproxy.record.startetcd import EtcdStart
from kproxy.store.writer import Batch

PATIENCE = 60.0
"""Seconds that the end of a session waits for what was begun at its start."""


class Source(Protocol):
    """Where a start state is read from."""

    async def begin(self) -> None:
        """What must be known before the first exchange."""

    async def read(self) -> bool:
        """Reads all of it into the recording. False: there is nothing that is worth it. TooLarge, KproxyError."""


class StartTaking:
    """The task. As a context manager: it goes on while the block lasts."""

    def __init__(self, settings: RecorderSettings, committer: Committer, redactor: Redactor, say: Say) -> None:
        self._committer = committer
        self._redactor = redactor
        self._say = say
        self._taken = committer.writer.session.start_state  # by a recorder before this one
        self._source = None if self._taken else _source(settings, committer, redactor)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._source is not None:
            with suppress(KproxyError):  # whoever reads on says what is wrong
                await self._source.begin()
            self._task = asyncio.create_task(self._take(self._source))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def finish(self) -> str:
        """What the header says of it (Session.start_state)."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=PATIENCE)
            if not self._task.done():
                await self.__aexit__(None, None, None)
                await self._missing("the session was over before it had been read")
        return self._taken

    async def _take(self, source: Source) -> None:
        try:
            whole = await source.read()
        except KproxyError as error:
            await self._missing(str(error).rstrip("."))
            return
        if not whole:
            self._committer.writer.forget_start()
            await self._found("unused")
            return
        if isinstance(source, ApiStart) and source.refused:
            await self._say_gap(f"the start state is without what this user may not list: {', '.join(source.refused)}")
        await self._found("api" if isinstance(source, ApiStart) else "etcd")

    async def _found(self, what: str) -> None:
        self._taken = what
        await self._committer.commit(Batch(session=replace(self._committer.writer.session, start_state=self._taken)))

    async def _missing(self, reason: str) -> None:
        self._committer.writer.forget_start()
        await self._say_gap(f"the start state is not in the recording: {reason}")

    async def _say_gap(self, reason: str) -> None:
        reason = self._redactor.text(reason)
        await self._committer.commit(Batch(gaps=[Gap(kind="start", reason=reason, at=Nanos(0), count=0)]))
        self._say(StartMissing(reason=reason))


def _source(settings: RecorderSettings, committer: Committer, redactor: Redactor) -> Source | None:
    match settings.start.source:
        case StartSource.ETCD if settings.etcds:
            return EtcdStart(settings, committer.commit, redactor)
        case StartSource.API if settings.start.api is not None:
            return ApiStart(settings.start, settings.start.api, committer.commit, redactor)
        case _:
            return None
