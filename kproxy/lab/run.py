"""A COMMAND with a lab of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from kproxy.errors import LabError
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab

FORWARDED = (signal.SIGTERM, signal.SIGHUP)


def run_in_lab(settings: LabSettings, command: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Runs COMMAND with KUBECONFIG, ETCDCTL_ENDPOINTS and KPROXY_LAB of a fresh server, which ends with it.

    Returns COMMAND's exit code, 128 + n if signal n ended it. A terminal's Ctrl-C reaches COMMAND by itself, SIGTERM
    and SIGHUP are handed on to it. LabError if the server or COMMAND does not start.
    """
    with start_lab(settings, env) as lab, _started(command, command_environment(env, lab.environment())) as process:
        code = process.wait()
        return 128 - code if code < 0 else code


def command_environment(env: Mapping[str, str], lab: Mapping[str, str]) -> dict[str, str]:
    """The environment with the lab's entries, without other options for etcdctl: they belong to another etcd."""
    return {name: value for name, value in env.items() if not name.startswith("ETCDCTL_")} | dict(lab)


@contextmanager
def _started(command: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    # Ctrl-C reaches COMMAND too; a KeyboardInterrupt here could lose the exit code that wait() has just fetched
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda _number, _frame: None)}
    try:
        try:
            process = subprocess.Popen(list(command), env=dict(env))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise LabError(f"the command {command[0]!r} cannot be started: {reason}") from error

        def hand_on(number: int, _frame: FrameType | None) -> None:
            process.send_signal(number)

        before |= {number: signal.signal(number, hand_on) for number in FORWARDED}
        yield process
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
