"""A COMMAND with a lab of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from kproxy.errors import LabError
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab

FORWARDED = (signal.SIGTERM, signal.SIGHUP)
LOOK = 0.2  # seconds between looks at the servers


def run_in_lab(settings: LabSettings, command: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Runs COMMAND with KUBECONFIG, ETCDCTL_ENDPOINTS and KPROXY_LAB of a fresh server, which ends with it.

    Returns COMMAND's exit code, 128 + n if signal n ended it. A terminal's Ctrl-C reaches COMMAND by itself, SIGTERM
    and SIGHUP are handed on to it. LabError if the server or COMMAND does not start.
    """
    with start_lab(settings, env) as lab, _started(command, command_environment(env, lab.environment())) as process:
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                continue  # COMMAND got it too: its answer counts
            return 128 - code if code < 0 else code


def hold_lab(settings: LabSettings, announce: Callable[[Lab], None], env: Mapping[str, str] = os.environ) -> int:
    """A fresh server without a COMMAND: `announce` tells of it, then it stays until Ctrl-C (130), SIGTERM or SIGHUP.

    Returns 128 + n. LabError if it does not start, or one of its servers ends.
    """
    received: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    with start_lab(settings, env) as lab:
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, *FORWARDED)}
        try:
            announce(lab)
            while not received:
                time.sleep(LOOK)
                lab.check_alive()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return 128 + received[0]


def command_environment(env: Mapping[str, str], lab: Mapping[str, str]) -> dict[str, str]:
    """The environment with the lab's entries, without other options for etcdctl: they belong to another etcd."""
    return {name: value for name, value in env.items() if not name.startswith("ETCDCTL_")} | dict(lab)


@contextmanager
def _started(command: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(list(command), env=dict(env))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise LabError(f"the command {command[0]!r} cannot be started: {reason}") from error

    def hand_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in FORWARDED}
    try:
        yield process
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
