"""A COMMAND as a child: its exit code, and the signals that are handed on to it."""

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from kproxy.errors import LabError

FORWARDED = (signal.SIGTERM, signal.SIGHUP)


def run_command(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Runs COMMAND and returns its exit code, 128 + n if signal n ended it.

    A terminal's Ctrl-C reaches COMMAND by itself, SIGTERM and SIGHUP are handed on to it. LabError if it cannot be
    started.
    """
    with _started(command, env) as process:
        code = process.wait()
        return 128 - code if code < 0 else code


@contextmanager
def _started(command: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    # Ctrl-C reaches COMMAND too; a KeyboardInterrupt here could lose the exit code that wait() has just fetched
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda _number, _frame: None)}
    try:
        try:
            process = subprocess.Popen(list(command), env=dict(env))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise LabError(
                f"the command {command[0]!r} cannot be started: {reason}; is it on PATH, and yours to run?"
            ) from error

        def hand_on(number: int, _frame: FrameType | None) -> None:
            process.send_signal(number)

        before |= {number: signal.signal(number, hand_on) for number in FORWARDED}
        yield process
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
