"""The proxy's end of the hand-off to the recorder: batches go out over a socket, its answers come back.

Backlog knows what must be told; here it is sent: a batch 20 ms after its first record, or as soon as it is large; or,
with `pass` or a Pace of its own, when that one says that it gets in nobody's way. The recorder at the other end may
die: `lost` is set, the backlog grows, and `attach` goes on with the next one.
"""

import asyncio
import contextlib
import socket
from collections import deque

from kproxy.errors import ProxyError
from kproxy.proxy.handover.backlog import DEFAULT_BUFFER, DEFAULT_MAX_BODY, Backlog, Batch, WhenStuck
from kproxy.proxy.handover.numbers import SharedNumbers
from kproxy.proxy.handover.pace import Pace
from kproxy.wire.handoff import ANSWER, AnswerType

__all__ = ["DEFAULT_BUFFER", "DEFAULT_MAX_BODY", "Outbox", "WhenStuck"]

FLUSH_SECONDS = 0.02
_LATE_BYTES = 64 * 1024
"""So much is a batch though nobody takes it yet: a recorder that does not live long should store some."""
_READY_SECONDS = 30.0


class Outbox(Backlog):
    """A Backlog that is attached to a recorder, or waits for one."""

    def __init__(
        self,
        buffer_bytes: int = DEFAULT_BUFFER,
        when_stuck: WhenStuck = "pass",
        *,
        max_body: int = DEFAULT_MAX_BODY,
        numbers: SharedNumbers | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`pace` None: that of a proxy with `pass`; with `block` nothing waits until a CPU is to spare."""
        super().__init__(buffer_bytes, when_stuck, max_body=max_body, numbers=numbers)
        self.lost = asyncio.Event()
        self.lost.set()
        self.failure = ""  # why the last recorder was lost
        self._timer: asyncio.TimerHandle | None = None
        self._unsent: deque[Batch] = deque()
        self._more = asyncio.Event()  # it may be that something can be sent
        self._pace = pace or Pace()
        self._paced = pace is not None or when_stuck == "pass"
        self._late = False  # the batch that is being filled could have gone
        self._resting: asyncio.TimerHandle | None = None
        self._sent = 0  # the batch that was sent last
        self._kept = 0  # batches up to this one were kept for the recorder: it should store them soon
        self._ending = False  # what there is should be stored soon
        self.progressed = False
        """Whether anything was committed during the last `drain`."""
        self._tasks: list[asyncio.Task[None]] = []
        self._writer: asyncio.StreamWriter | None = None

    @property
    def blocked(self) -> int:
        """The recorder's errno while it can commit nothing, 0 when it can."""
        return self._overflow.blocked

    @property
    def attached(self) -> bool:
        """Whether a recorder takes batches."""
        return not self.lost.is_set()

    async def attach(self, sock: socket.socket, timeout: float = _READY_SECONDS) -> None:  # noqa: ASYNC109 - a deadline
        """Go on with the recorder at the other end of this socket, once it says READY.

        ProxyError if it does not within `timeout` seconds, or speaks of batches that never were. The socket is the
        outbox's from now on.
        """
        await self.detach()
        reader, writer = await asyncio.open_connection(sock=sock)
        self._writer = writer
        try:
            async with asyncio.timeout(timeout):
                again, batches = self.again(await _ready(reader))
        except (OSError, EOFError, ValueError) as error:
            await self.detach()
            reason = "it took too long" if isinstance(error, TimeoutError) else error
            reason = "it ended before it said so" if isinstance(error, EOFError) else reason
            raise ProxyError(
                f"The recorder did not get ready: {reason}; is the machine busy, or short of memory?"
            ) from error
        writer.write(again)
        self._unsent = deque(batches)
        self._sent = 0
        self._kept = batches[-1].number if batches else 0
        self._more.set()
        self._overflow.blocked = 0
        self.lost.clear()
        self._tasks = [asyncio.create_task(self._send(writer)), asyncio.create_task(self._listen(reader))]

    async def detach(self) -> None:
        """Let go of the recorder; nothing is forgotten."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):  # the other end may be gone already: that is why we close
                await writer.wait_closed()
        if self._resting is not None:
            self._resting.cancel()
        self.lost.set()

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - how long the caller is ready to wait
        """Send what there is and wait until all of it is committed; False if `timeout` seconds were not enough."""
        self.close_gap()
        self.flush()
        self._ending = True
        self._more.set()
        before = self._committed
        try:
            async with asyncio.timeout(timeout):
                await self.empty.wait()
        except TimeoutError:
            return False
        finally:
            self._ending = False
            self.progressed = self._committed > before
        return True

    def flush(self) -> Batch | None:
        """Close the batch that is being filled, and send it if someone is there."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._late = False
        batch = super().flush()
        if batch is not None and self.attached:
            self._unsent.append(batch)
            self._more.set()
        return batch

    def due(self, *, soon: bool) -> None:
        """Flush in 20 ms if somebody takes it then, or when the event loop comes round again."""
        if self._timer is not None:
            if not soon:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(
            0 if soon else FLUSH_SECONDS, self.flush if soon else self._in_time
        )

    def _in_time(self) -> None:
        """A batch that nobody takes now grows meanwhile: each one costs the recorder a transaction."""
        self._timer = None
        if self._filled >= _LATE_BYTES or (self.attached and not self._rests()):
            self.flush()
        else:
            self._late = True
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._in_time)

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._more.wait()
                self._more.clear()
                while (self._unsent or self._late) and not self._rests():
                    if not self._unsent:
                        self.flush()
                        continue
                    batch = self._unsent.popleft()
                    if self._sent <= self._committed:
                        self._pace.begins(asyncio.get_running_loop().time())
                    self._sent = batch.number
                    writer.write(batch.data)
                    await writer.drain()
        except OSError as error:
            self._lose(str(error))

    def _rests(self) -> bool:
        """Whether the recorder should get nothing for now; `_more` is set when that may have changed."""
        if not self._paced or not self._pace.busy:
            return False
        if self._ending or self._committed < self._kept:
            return False
        if self.pending_bytes > self._overflow.most:
            return False  # there it is exchanges that have begun which would be cut, or clients that would wait
        if self._sent > self._committed:
            return True
        loop = asyncio.get_running_loop()
        pause = self._pace.pause(loop.time())
        if not pause:
            return False
        if self._resting is not None:
            self._resting.cancel()
        self._resting = loop.call_later(pause, self._more.set)
        return True

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                kind, a, b, c = ANSWER.unpack(await reader.readexactly(ANSWER.size))
                self._answer(kind, a, b, c)
        except EOFError:
            self._lose("it closed the hand-off")
        except (OSError, ValueError) as error:
            self._lose(str(error))

    def _answer(self, kind: int, a: int, b: int, c: int) -> None:
        if kind == AnswerType.COMMITTED:
            turn = self._overflow.turns if self._overflow.on else 0
            self._pace.committed(asyncio.get_running_loop().time(), b / 1e9, c / 1e6, turn)
            self._overflow.crowded |= self._pace.busy
            self.committed(a)
            self._more.set()
        elif kind == AnswerType.CHECKPOINT:
            self.checkpoint(a, b, c)
        elif kind == AnswerType.BLOCKED:
            self._overflow.blocked = a
        elif kind == AnswerType.UNBLOCKED:
            self._overflow.blocked = 0
        else:
            raise ValueError(f"it sent an answer of unknown type {kind}")

    def _lose(self, why: str) -> None:
        self.failure = why
        self._unsent.clear()
        self.lost.set()


async def _ready(reader: asyncio.StreamReader) -> int:
    """The last batch that the recorder says it has committed."""
    kind, number, _, _ = ANSWER.unpack(await reader.readexactly(ANSWER.size))
    if kind != AnswerType.READY:
        raise ValueError("it did not begin with READY")
    return int(number)
