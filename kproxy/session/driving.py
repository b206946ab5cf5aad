"""What a replay stands on while it is driven: connections into its own proxy, signals, whether its target serves."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError, ReplayError
from kproxy.proxy.sockets.inside import InsideConnection
from kproxy.replay.answers import read_all
from kproxy.replay.stopping import Stopper
from kproxy.replay.transport import Transport, WireRequest
from kproxy.wire.http1 import AnswerHead

_ALIVE_SECONDS = 5.0
_STOPPING = (signal.SIGINT, signal.SIGTERM)


class InsideLink:
    """A replay's Link into its own proxy: the exchange that a request became is known when it was sent."""

    def __init__(self, connection: InsideConnection) -> None:
        self._connection = connection
        self._leg = connection.leg

    @property
    def begun(self) -> int:
        """The exchange that the last request became."""
        return self._connection.begun

    @property
    def unreached(self) -> str:
        """Why there is no target."""
        return self._connection.unreached

    @property
    def late(self) -> bool:
        """Whether the target took no connection in time."""
        return self._connection.late

    @property
    def answered(self) -> AnswerHead | None:
        """The last answer's head, as the proxy has read it."""
        return self._connection.answered

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return self._leg.usable

    @property
    def closed(self) -> bool:
        """Whether we closed it."""
        return self._leg.left

    async def send(self, data: bytes) -> None:
        """Hand it over."""
        self._connection.begun = 0
        self._leg.send(data)

    async def receive(self) -> bytes:
        """What has come."""
        return await self._leg.receive()

    def close(self) -> None:
        """Leave."""
        self._leg.leave()


def seen_from_inside(target: Upstream) -> Upstream:
    """The target as a client behind the proxy sees it: the proxy sets credentials, and puts the path's prefix on."""
    return replace(target.without_credentials(), path_prefix="")


@contextmanager
def stopped_by_signals(stopper: Stopper) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop the replay, which is then closed and told as far as it came; the next one ends all."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are told to the main thread only
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOPPING}

    def give_back() -> None:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)

    def came(number: signal.Signals) -> None:
        if stopper.stopped is not None and stopper.stopped.signal:
            give_back()
            os.kill(os.getpid(), number)
            return
        stopper.stop(f"stopped by {number.name}", number)

    for number in _STOPPING:
        loop.add_signal_handler(number, came, number)
    try:
        yield
    finally:
        give_back()


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Look for circular garbage a tenth as often: a replay makes much that is short-lived, and hardly a circle.

    And not again in all that was there before.
    """
    before = gc.get_threshold()
    gc.set_threshold(before[0] * 10, *before[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


@contextmanager
def preempting_nobody() -> Iterator[None]:
    """Let whoever has the processor keep it when an answer comes: that is read when it is our turn.

    A target on the same machine is stopped by each of many answers, else, in what it does for the others; it takes 6 %
    less CPU for a read without that (docs/performance.md). Nobody waits at a replay that goes as fast as it can, which
    is what SCHED_BATCH of sched(7) is for. A policy that somebody chose is kept, and so is one that may not be changed.
    """
    changed = hasattr(os, "SCHED_BATCH") and _schedule(os.SCHED_BATCH, instead_of=os.SCHED_OTHER)
    try:
        yield
    finally:
        if changed:
            _schedule(os.SCHED_OTHER, instead_of=os.SCHED_BATCH)


def _schedule(policy: int, *, instead_of: int) -> bool:
    """Give this thread another policy; whether it had `instead_of`, and has it now."""
    try:
        if os.sched_getscheduler(0) != instead_of:
            return False
        os.sched_setscheduler(0, policy, os.sched_param(0))
    except OSError:  # a container may forbid it; musl answers ENOSYS: https://github.com/python/cpython/issues/78831
        return False
    return True


async def serves(target: Upstream) -> bool:
    """Whether the target answers that it serves, asked directly: none of that is in the replay's recording."""
    try:
        transport = Transport(target)
    except (ConfigError, ReplayError):
        return True  # what cannot be asked is not known to be gone
    headers = (("Accept", "*/*"), ("User-Agent", "kproxy-guard"), ("Host", ""))
    try:
        async with asyncio.timeout(_ALIVE_SECONDS):
            reply = await transport.send(WireRequest(method="GET", target="/readyz", headers=headers))
            await read_all(reply)
            return reply.status < 500
    except (ReplayError, TimeoutError):
        return False
    finally:
        transport.close()
