"""A recorder process, and speaking with it as the session does.

ours, theirs = socket.socketpair()
recorder = await start(settings, theirs)     # settings.handoff is filled in
await outbox.attach(ours)                    # the proxy's end; a recorder that dies is started again the same way
…
await outbox.drain(10); await recorder.goodbye(exit_code=0); await outbox.detach(); await recorder.wait()
"""

import asyncio
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import kproxy
from kproxy.errors import RecordingError
from kproxy.record.news import News, Ready, of_line
from kproxy.record.settings import Goodbye, RecorderSettings

START_PATIENCE = 60.0
"""Seconds that a recorder may take to be ready."""


@dataclass(slots=True)
class RecorderProcess:
    """A recorder process. `news`: the last of each kind, by its name."""

    process: asyncio.subprocess.Process
    news: dict[str, News] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _over: bool = False
    _listener: asyncio.Task[None] | None = None

    async def said[N: News](self, kind: type[N]) -> N:
        """News of this kind, as soon as there is some. RecordingError if it ends first, or takes too long."""
        try:
            async with asyncio.timeout(START_PATIENCE), self._changed:
                await self._changed.wait_for(lambda: self._over or kind.__name__ in self.news)
        except TimeoutError as error:
            raise RecordingError(
                f"The recorder process does not get to «{kind.__name__}» within {START_PATIENCE:.0f} s."
            ) from error
        if not isinstance(found := self.news.get(kind.__name__), kind):
            raise RecordingError("The recorder process has ended: what it said before is the reason.")
        return found

    async def goodbye(self, exit_code: int | None = None, *, drained: bool = True) -> None:
        """The proxy has ended properly: when its end of the hand-off is closed, too, the recording is complete."""
        with suppress(ConnectionError):
            await self._tell(Goodbye(exit_code=exit_code, drained=drained).to_json())

    async def wait(self) -> int:
        """Its exit code."""
        code = await self.process.wait()
        if self._listener is not None:
            await self._listener
        return code

    async def _tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            said = of_line(line)
            async with self._changed:
                self.news[type(said).__name__] = said
                self._changed.notify_all()
        async with self._changed:
            self._over = True
            self._changed.notify_all()


async def start(settings: RecorderSettings, handoff: socket.socket) -> RecorderProcess:
    """A recorder with this end of the hand-off, which is closed here. RecordingError if it does not get ready."""
    root = str(Path(kproxy.__file__).parent.parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    with handoff:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "kproxy.record"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[handoff.fileno()],
            env=os.environ | {"PYTHONPATH": path},
        )
        line = replace(settings, handoffs=(handoff.fileno(),)).to_json()
    recorder = RecorderProcess(process)
    recorder._listener = asyncio.create_task(recorder._listen())
    with suppress(ConnectionError):  # it has ended: `said` says so
        await recorder._tell(line)
    try:
        await recorder.said(Ready)
    except RecordingError:
        with suppress(ProcessLookupError):
            process.kill()
        await recorder.wait()
        raise
    return recorder
