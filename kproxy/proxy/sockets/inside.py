"""A client in the proxy's own process: what it sends goes straight into a Tap, with no socket and no TLS in between.

A replay is such a client. Its requests are recorded as anybody's are; and of each it is known which exchange it became,
because a request that is handed over is framed, numbered and recorded before `send` returns.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from kproxy.proxy.sockets.connection import Connection, Wiring
from kproxy.proxy.sockets.legs import HIGH_WATER
from kproxy.proxy.tap.actions import Unreached
from kproxy.wire.http1 import AnswerHead


class _InsideLeg:
    """Both faces of the client's end: a Leg for the proxy's Connection, and what the client reads and sends by."""

    def __init__(
        self, on_data: Callable[[bytes], None], on_end: Callable[[bool], None], on_room: Callable[[], None]
    ) -> None:
        self.buffered = 0  # bytes that the client has not read
        self.broken = False
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._on_data = on_data
        self._on_end = on_end
        self._on_room = on_room
        self._reading = False
        self._kept_back: deque[bytes] = deque()  # what the client sent while the proxy did not read
        self._left = False
        self._came: deque[bytes] = deque()
        self._ended = False  # nothing more comes for the client
        self._waiter: asyncio.Future[None] | None = None

    # The proxy's face

    def resume(self) -> None:
        """Read from now on."""
        if self._reading or self.closed:
            return
        self._reading = True
        if self._kept_back or self._left:
            self._loop.call_soon(self._read_on)

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._reading = False

    def write(self, data: bytes) -> None:
        """For the client; one that has left breaks the connection, as a socket would by its reset."""
        if self._left:
            if not self.broken:
                self.broken = True
                self._loop.call_soon(self._on_end, False)
            return
        self._came.append(data)
        self.buffered += len(data)
        self._wake()

    def half_close(self) -> None:
        """Nothing more is written."""
        self._ended = True
        self._wake()

    def close(self, *, cut: bool = False) -> None:
        """Close it: what was written can still be read."""
        del cut
        self.closed = True
        self.half_close()

    def abort(self) -> None:
        """Close it now."""
        self.close()

    # The client's face

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return not (self._ended or self._left or self.closed)

    @property
    def left(self) -> bool:
        """Whether the client closed it."""
        return self._left

    def send(self, data: bytes) -> None:
        """Hand bytes over. ConnectionResetError where nobody takes them any more."""
        if not self.usable:
            raise ConnectionResetError("it closed the connection")
        if self._reading and not self._kept_back:
            self._on_data(data)
        else:
            self._kept_back.append(data)

    async def receive(self) -> bytes:
        """What has come, b"" at the end."""
        while not self._came:
            if self._ended or self._left:
                return b""
            self._waiter = self._loop.create_future()
            await self._waiter
        data = self._came.popleft() if len(self._came) == 1 else b"".join(self._came)
        self._came.clear()
        full, self.buffered = self.buffered > HIGH_WATER, 0
        if full:
            self._on_room()
        return data

    def leave(self) -> None:
        """Close it as a client does: nothing more is sent, what still comes is not read."""
        if self._left:
            return
        self._left = True
        self._came.clear()
        self.buffered = 0
        self._wake()
        if self._reading and not self._kept_back:
            self._loop.call_soon(self._on_end, True)

    def _read_on(self) -> None:
        while self._kept_back and self._reading:
            self._on_data(self._kept_back.popleft())
        if self._left and self._reading and not self.closed:
            self._on_end(True)

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class InsideConnection(Connection):
    """Serves one client of the proxy's own process.

    `begun`: the number of the exchange that the last request became, 0 before; `unreached`: why there is no server,
    `late`: whether for want of time alone.
    """

    def __init__(self, wiring: Wiring, number: int) -> None:
        super().__init__(wiring, None, number)
        self.leg = _InsideLeg(self._client_data, self._client_ended, self._balance)
        self._client = self.leg
        self.leg.resume()
        self.begun = 0
        self.unreached = ""
        self.late = False

    @property
    def answered(self) -> AnswerHead | None:
        """The head of the last answer that was passed on."""
        return self._tap.answered

    def _client_data(self, data: bytes) -> None:
        before = self._outbox.last_seq
        super()._client_data(data)
        self._note(before)

    def _wake(self) -> None:
        before = self._outbox.last_seq
        super()._wake()
        self._note(before)

    def _note(self, before: int) -> None:
        """Whatever was numbered meanwhile is of this connection: nobody else had a turn."""
        if self._outbox.last_seq != before:
            self.begun = self._outbox.last_seq

    def _no_server(self, problem: Unreached) -> None:
        self.unreached, self.late = problem.reason, problem.kind == "timeout"
        super()._no_server(problem)
