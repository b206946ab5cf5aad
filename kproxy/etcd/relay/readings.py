"""Reads what passed, when there is time: forwarding goes first."""

import asyncio
import time
from collections import deque
from typing import Protocol

from kproxy.model.etcd import EtcdCall
from kproxy.wire.etcdtraffic import EtcdTraffic

DELAY = 0.02
"""Seconds that what passed waits for more."""
TURN_NANOS = 500_000
"""How long reading goes on before the sockets get their turn."""
BACKLOG = 16 * 1024 * 1024
"""Bytes that wait to be read; beyond, they are read before anything more is forwarded."""


class Listener(Protocol):
    """Who is told what was read."""

    def calls(self, calls: list[EtcdCall]) -> None:
        """Calls, at least one."""

    def unread(self, traffic: EtcdTraffic, at: int) -> None:
        """From here on nothing of a connection is read."""

    def gone(self, traffic: EtcdTraffic) -> None:
        """A connection is at its end, and read."""


type _Passed = tuple[EtcdTraffic, bool | None, bytes, int]


class Readings:
    """What passed on all connections, in its order."""

    def __init__(self, listener: Listener) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._passed: deque[_Passed] = deque()
        self._waiting = 0  # bytes in it
        self._scheduled = False

    def note(self, traffic: EtcdTraffic, data: bytes, at: int, *, answer: bool | None) -> None:
        """Bytes that passed at `at`, of the answering side or the other; `answer` None: the connection's end."""
        self._passed.append((traffic, answer, data, at))
        self._waiting += len(data)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_later(DELAY, self._turn)
        elif self._waiting > BACKLOG:
            self.read_all()

    def read_all(self) -> None:
        """Everything that passed until now."""
        self._read(None)

    def _turn(self) -> None:
        self._read(time.monotonic_ns() + TURN_NANOS)
        if self._passed:
            self._loop.call_soon(self._turn)
        else:
            self._scheduled = False

    def _read(self, until: int | None) -> None:
        calls: list[EtcdCall] = []
        passed = self._passed
        while passed:
            traffic, answer, data, at = passed.popleft()
            self._waiting -= len(data)
            readable = not traffic.unreadable
            calls += _read(traffic, answer, data, at)
            if readable and traffic.unreadable:
                self._listener.unread(traffic, at)
            if answer is None:
                self._listener.gone(traffic)
            if until is not None and time.monotonic_ns() > until:
                break
        if calls:
            self._listener.calls(calls)


def _read(traffic: EtcdTraffic, answer: bool | None, data: bytes, at: int) -> list[EtcdCall]:  # noqa: FBT001 - see note
    try:
        if answer is None:
            return traffic.close(at)
        return traffic.answer(data, at) if answer else traffic.request(data, at)
    except Exception as error:  # noqa: BLE001 - a mistake of the reader must not reach those who only want to talk
        traffic.unreadable = f"this should not happen: {type(error).__name__}: {error}"
        return []
