"""Takes an api-server's own spans beside the hand-off: where etcd cannot be relayed, they tell which request it was."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Self

from kproxy.model.exchange import Nanos
from kproxy.model.session import Gap
from kproxy.model.trace import Span
from kproxy.otlp.reading import MAX_TEXT
from kproxy.otlp.receiver import receiving
from kproxy.record.committer import Committer
from kproxy.record.gathering import Gathering
from kproxy.record.news import Say, SpansNews
from kproxy.record.redact import Redactor
from kproxy.record.sessiontime import SessionTime
from kproxy.record.settings import RecorderSettings
from kproxy.store.writer import Batch

GATHER = 0.2
"""Seconds that spans wait for more, to be committed together: nobody waits for them."""
LATEST = 12.0
"""Seconds that the end waits for the spans of the last requests: exporters send every 5 s."""
MOST_WAITING = 64 << 20
"""Characters of spans that wait to be stored; more are counted in a gap."""


class SpanIntake:
    """Takes spans until `finish`. OtlpError on entering where the address for them cannot be had."""

    def __init__(
        self, settings: RecorderSettings, committer: Committer, redactor: Redactor, say: Say, *, resumed: bool = False
    ) -> None:
        self._resumed = resumed
        self._listen = settings.otlp
        self._beginning = unix_nanos(settings.session.started_at)
        self._time = SessionTime(settings.epoch)
        self._gathering = Gathering(self, committer, GATHER)
        self._redactor = redactor
        self._say = say
        self._waiting: list[Span] = []
        self._gaps: list[Gap] = []
        self._size = 0  # of what waits
        self._left_out = 0
        self._port = 0
        self._found = False  # whether an exporter has found us
        self._latest = Nanos(0)  # the end of the latest span that came
        self._came = asyncio.Event()
        self._stack = AsyncExitStack()
        self._storing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._port = port = await self._stack.enter_async_context(receiving(self._listen, self._beginning, self._take))
        if self._resumed:
            self._gap("there was no recorder to take the api-server's spans, and what it had taken last is lost", 0)
        self._storing = asyncio.create_task(self._gathering.flush_often())
        self._say(SpansNews(port=port))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end_storing()
        await self._stack.aclose()

    async def finish(self) -> None:
        """All spans up to now are stored, or a gap says that the last ones did not come in time."""
        now = self._time.now()
        try:
            async with asyncio.timeout(LATEST):
                while self._latest < now:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            which = "none came" if not self._latest else f"the last one ended {(now - self._latest) / 1e9:.1f} s before"
            self._gap(f"the api-server's spans had not come to the session's end within {LATEST:.0f} s ({which})", 0)
        await self._end_storing()
        await self._gathering.flush()

    async def _end_storing(self) -> None:
        if self._storing is not None:
            self._storing.cancel()
            await asyncio.gather(self._storing, return_exceptions=True)

    def _take(self, spans: tuple[Span, ...]) -> None:
        if not self._found:
            self._found = True
            self._say(SpansNews(port=self._port, found=True))
        for span in spans:
            if self._size > MOST_WAITING:
                self._left_out += 1
                continue
            self._waiting.append(self._redacted(span))
            self._size += _size(self._waiting[-1])
        self._latest = max((span.ended for span in spans), default=self._latest)
        self._came.set()

    def _redacted(self, span: Span) -> Span:
        """Whatever a client may have a say in: URLs are among the names and attributes, an audit id is its own."""
        return replace(
            span,
            name=self._text(span.name),
            audit_id=self._text(span.audit_id),
            key=self._text(span.key),
            attributes=tuple((self._text(name), self._text(value)) for name, value in span.attributes),
        )

    def _text(self, found: str) -> str:
        return self._redactor.target(found)[:MAX_TEXT]

    def _gap(self, reason: str, count: int) -> None:
        self._gaps.append(Gap(kind="spans", reason=reason, at=self._time.now(), count=count))

    def take_batch(self) -> Batch:
        """As a Source."""
        if self._left_out:
            self._gap("more spans came than could be stored in time", self._left_out)
            self._left_out = 0
        batch = Batch(spans=self._waiting, gaps=self._gaps)
        self._waiting, self._gaps, self._size = [], [], 0
        return batch

    def give_back(self, batch: Batch) -> None:
        """As a Source."""
        self._waiting, self._gaps = batch.spans + self._waiting, batch.gaps + self._gaps
        self._size = sum(map(_size, self._waiting))


def _size(span: Span) -> int:
    """Characters, about."""
    said = sum(len(name) + len(value) for name, value in span.attributes)
    return 100 + len(span.name) + len(span.audit_id) + len(span.key) + said


def unix_nanos(started_at: str) -> int:
    """The session's beginning (RFC 3339, UTC, nanoseconds) in Unix time."""
    whole, _, fraction = started_at.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return seconds * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)
