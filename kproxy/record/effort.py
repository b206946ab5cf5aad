"""What the recorder costs the machine: how long it has worked, and how long it had to wait for a CPU meanwhile.

The kernel counts both (proc_pid_schedstat(5): nanoseconds on a CPU, and in the queue for one; a container's CPU limit
counts as waiting). Who waits for a CPU takes it from others when its turn comes: the proxy is told, and decides whether
the recorder should be given less to do.
"""

import os
import time
from collections.abc import Callable

type Effort = tuple[int, int]
"""Nanoseconds of work, nanoseconds of waiting for a CPU."""

_SCHEDSTAT = "/proc/self/schedstat"


class Meter:
    """What was spent since it was asked last. `read`: what was spent in all."""

    def __init__(self, read: Callable[[], Effort]) -> None:
        self._read = read
        self._last = read()

    def __call__(self) -> Effort:
        """Since the last time."""
        before, self._last = self._last, self._read()
        return max(0, self._last[0] - before[0]), max(0, self._last[1] - before[1])


def own_effort() -> Meter:
    """This process's, of its first thread, which does all the recorder's work."""
    try:
        descriptor = os.open(_SCHEDSTAT, os.O_RDONLY | os.O_CLOEXEC)  # as long as the process
    except OSError:
        return Meter(_guessed)
    if not _scheduled(descriptor)[0]:  # a kernel that does not count
        os.close(descriptor)
        return Meter(_guessed)
    return Meter(lambda: _scheduled(descriptor))


def _scheduled(descriptor: int) -> Effort:
    worked, waited, _ = os.pread(descriptor, 100, 0).split()
    return int(worked), int(waited)


def _guessed() -> Effort:
    """Where nobody counts: as if every CPU were busy. It matters only once exchanges are left out."""
    worked = time.thread_time_ns()
    return worked, worked
