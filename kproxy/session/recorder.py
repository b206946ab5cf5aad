"""The recorder process, from this side: started, attached to the outbox, started again when it dies, seen off."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Protocol

from kproxy.errors import ProxyError, RecordingError
from kproxy.record.news import Closed, EtcdNews, RelayNews, SpansNews, of_line
from kproxy.record.settings import Goodbye, RecorderSettings

START_SECONDS = 45.0
"""Until a recorder is ready and follows etcd: a cold interpreter on a busy machine takes some."""
_EXPORTER_SECONDS = 60.0
"""Until an api-server's exporter has found the new receiver: gRPC and OpenTelemetry both wait before they try again."""
DRAIN_SECONDS = 30.0
"""Without anything more that was committed, at the end: a busy machine may take longer than that for all of it."""
_CLOSE_SECONDS = 60.0
SHORT = "not everything could be written into the recording; `kproxy log` shows what is there, the rest is missing"
_SHORT_OF_ROOM = (
    "not everything could be written into the recording, its disk stayed full; "
    "`kproxy log` shows what is there, the rest is missing"
)
_RETRY_SECONDS = (0.0, 0.1, 0.5, 1.0)
"""Before a recorder is started again: the last one for every further try."""

type Tell = Callable[[str], None]


class HandsOver(Protocol):
    """What hands over to a recorder: the outbox of this process, or that of another worker of the proxy."""

    lost: asyncio.Event
    failure: str
    left_out: int

    @property
    def blocked(self) -> int:
        """The recorder's errno while it can commit nothing, 0 when it can."""

    @property
    def progressed(self) -> bool:
        """Whether a recorder committed anything during the last `drain`."""

    @property
    def attached(self) -> bool:
        """Whether a recorder takes batches."""

    async def attach(self, sock: socket.socket, timeout: float) -> None:  # noqa: ASYNC109 - a deadline
        """Go on with the recorder at the other end. ProxyError."""

    async def detach(self) -> None:
        """Let go of it."""

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - how long the caller is ready to wait
        """Whether all there is was committed in time."""


class RecorderProcess:
    """One recording's recorder, whichever process it is at the moment."""

    def __init__(self, settings: RecorderSettings, outboxes: Sequence[HandsOver], tell: Tell) -> None:
        self._settings = settings
        self._outboxes = outboxes
        self._tell = tell
        self._process: Process | None = None
        self._news: asyncio.Task[None] | None = None
        self._following = asyncio.Event()  # etcd's watch stands, or there is none
        self._told_spans = asyncio.Event()  # an api-server has found where its spans are taken
        self._attached = {str(feed): asyncio.Event() for feed in settings.relays}  # to the etcd relays' feeds
        self._closed = False
        self._stayed_full = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return self._process.pid if self._process else None

    @property
    def shortfall(self) -> str:
        """What people are told when `finish` was False. On a disk that stayed full no gap could tell of it."""
        return _SHORT_OF_ROOM if self._stayed_full else SHORT

    async def start(self) -> None:
        """Start it and wait until it records and follows etcd. RecordingError, in its own words, if it cannot."""
        await self._spawn()
        await self._await_etcd()
        if self._settings.otlp:
            await self._await_spans()
        self._settings = replace(self._settings, force=False)  # a successor goes on with the file
        self._keeper = asyncio.create_task(self._keep())

    async def finish(self, exit_code: int | None) -> bool:
        """All that was recorded is committed, the recording closed. False if something had to be given up."""
        drained = await self._drain()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if not drained and any(outbox.blocked for outbox in self._outboxes):
            self._stayed_full = True
            await self.kill()  # no successor could do better
            return False
        for _ in range(3):
            await self._say_goodbye(exit_code, drained=drained)
            if self._closed:
                return drained
            with suppress(ProxyError, RecordingError):  # it died on its last steps: another one takes them
                await self._spawn()
                drained = await self._drain()
        return False

    async def kill(self) -> None:
        """End it at once: the session could not even begin."""
        if self._keeper is not None:
            self._keeper.cancel()
        await self._end_process()
        await self._detach()

    async def _drain(self) -> bool:
        return all(await asyncio.gather(*map(drained, self._outboxes)))

    async def _detach(self) -> None:
        await asyncio.gather(*(outbox.detach() for outbox in self._outboxes))

    async def _end_process(self) -> None:
        """Before a detach: what waits in the hand-off's socket for one that reads no more would hold that up."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _say_goodbye(self, exit_code: int | None, *, drained: bool) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        with suppress(ConnectionError):
            left_out = sum(outbox.left_out for outbox in self._outboxes)
            goodbye = Goodbye(exit_code=exit_code, left_out=left_out, drained=drained)
            process.stdin.write(goodbye.to_json().encode() + b"\n")
            await process.stdin.drain()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._detach()
                await process.wait()
                if self._news is not None:
                    await self._news
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _spawn(self) -> None:
        pairs = [socket.socketpair() for _ in self._outboxes]
        ours = [pair[0] for pair in pairs]
        with ExitStack() as theirs:
            descriptors = tuple(theirs.enter_context(pair[1]).fileno() for pair in pairs)
            settings = replace(self._settings, handoffs=descriptors)
            self._process = process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "kproxy.record", stdin=PIPE, stdout=PIPE, stderr=PIPE, pass_fds=descriptors,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        self._news = asyncio.create_task(self._hear(process))
        errors = asyncio.create_task(self._complain(process))
        try:
            if process.stdin is not None:
                process.stdin.write(settings.to_json().encode() + b"\n")
                await process.stdin.drain()
            attaching = zip(self._outboxes, ours, strict=True)
            await asyncio.gather(*(outbox.attach(sock, START_SECONDS) for outbox, sock in attaching))
        except (ProxyError, ConnectionError) as error:
            for sock in ours:
                sock.close()
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
            said = await errors
            raise RecordingError(said or f"the recorder did not start: {error}") from error

    async def _await_etcd(self) -> None:
        """What does not come is a gap, and the recorder writes it down."""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                if self._settings.etcds:
                    await self._following.wait()
                for feed in self._settings.relays:
                    await self._attached[str(feed)].wait()

    async def _await_spans(self) -> None:
        """Until the api-server's exporter has found us: it looks again after up to 30 s, and drops spans meanwhile."""
        try:
            async with asyncio.timeout(_EXPORTER_SECONDS):
                await self._told_spans.wait()
        except TimeoutError:
            self._tell(
                f"no spans have come within {_EXPORTER_SECONDS:.0f} s: is this address the api-server's endpoint?"
            )

    async def _keep(self) -> None:
        """Start another one whenever it is gone."""
        tries = 0
        while True:
            failure = await self._lost()
            if tries == 0:
                self._tell(f"the recorder was gone ({failure}); another one goes on with the recording")
            await self._end_process()
            await self._detach()
            await asyncio.sleep(_RETRY_SECONDS[min(tries, len(_RETRY_SECONDS) - 1)])
            try:
                await self._spawn()
                tries = 0
            except RecordingError as error:
                tries += 1
                if tries == len(_RETRY_SECONDS):
                    self._tell(f"the recorder cannot be started again, it is tried each second: {error}")

    async def _lost(self) -> str:
        """Until one of them has no recorder any more; why."""
        waiting = [asyncio.create_task(outbox.lost.wait()) for outbox in self._outboxes]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return next((outbox.failure for outbox in self._outboxes if outbox.lost.is_set()), "")

    async def _hear(self, process: Process) -> None:
        """Its news.

        That it is blocked by a full disk it says to people itself (`_complain`), and to each outbox in its answers.
        """
        if process.stdout is None:
            return
        async for line in process.stdout:
            match of_line(line):
                case EtcdNews():
                    self._following.set()
                case SpansNews(found=True):
                    self._told_spans.set()
                case RelayNews(feed=feed):
                    self._attached[feed].set()
                case Closed():
                    self._closed = True

    async def _complain(self, process: Process) -> str:
        """What it says to people is handed on; its last line is returned, without its name."""
        last = ""
        if process.stderr is not None:
            async for line in process.stderr:
                last = line.decode("utf-8", "replace").strip().removeprefix("kproxy recorder: ")
                if self._outboxes[0].attached:
                    self._tell(last)
        return last


async def drained(outbox: HandsOver) -> bool:
    """Whether all that an outbox has was committed; it is waited for as long as more of it is."""
    while not await outbox.drain(DRAIN_SECONDS):
        if not outbox.progressed:
            return False
    return True
