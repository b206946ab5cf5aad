"""COMMAND, run beside a recording: its exit code is ours."""

import asyncio
import signal
from collections.abc import Mapping, Sequence

from kproxy.errors import UsageError

FORWARDED = (signal.SIGTERM, signal.SIGHUP)
"""Signals that are meant for COMMAND as much as for us. Ctrl-C reaches it by itself: a terminal sends it to both."""


async def run_command(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run it to its end. Its exit code, 128 + n if signal n ended it; UsageError (exit 2) if it never started."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=dict(env))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"the command {command[0]!r} cannot be started: {reason}; is it on PATH, and yours to run?"
        ) from error
    loop = asyncio.get_running_loop()
    for number in FORWARDED:
        loop.add_signal_handler(number, _hand_on, process, number)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    try:
        code = await process.wait()
    finally:
        for number in (*FORWARDED, signal.SIGINT):
            loop.remove_signal_handler(number)
        if process.returncode is None:
            process.kill()
    return 128 - code if code < 0 else code


def _hand_on(process: asyncio.subprocess.Process, number: int) -> None:
    if process.returncode is None:
        process.send_signal(number)
