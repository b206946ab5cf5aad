"""COMMAND, run beside a recording or a player, or in a lab: its exit code is ours."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from kproxy.errors import UsageError

_FORWARDED = (signal.SIGTERM, signal.SIGHUP)
"""Signals that are meant for COMMAND as much as for us. Ctrl-C reaches it by itself: a terminal sends it to both."""


async def run_command(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run it to its end. Its exit code, 128 + n if signal n ended it; UsageError (exit 2) if it never started."""
    post = _Post()
    with _handed_to(post):  # before it starts: a Ctrl-C that it dies of must not cost us its exit code
        try:
            process = post.process = await asyncio.create_subprocess_exec(*command, env=dict(env))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(
                f"the command {command[0]!r} cannot be started: {reason}; is it on PATH, and yours to run?"
            ) from error
        try:
            post.deliver()
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
    return 128 - code if code < 0 else code


class _Post:
    """Signals for COMMAND: those that come before it runs wait for it."""

    def __init__(self) -> None:
        self.process: Process | None = None
        self._waiting: list[int] = []

    def take(self, number: int) -> None:
        """One more."""
        self._waiting.append(number)
        self.deliver()

    def deliver(self) -> None:
        """Hand on what there is."""
        if self.process is not None:
            for number in self._waiting:
                if self.process.returncode is None:
                    self.process.send_signal(number)
            self._waiting.clear()


@contextmanager
def _handed_to(post: _Post) -> Iterator[None]:
    """What is meant for COMMAND goes there, and Ctrl-C, which it gets by itself, nowhere."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (*_FORWARDED, signal.SIGINT)}
    for number in _FORWARDED:
        loop.add_signal_handler(number, post.take, number)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
