"""A lab, or its controllers: around a COMMAND, or until a signal comes."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from kproxy.lab.controllers import BesideSettings, start_beside
from kproxy.lab.info import LabInfo
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.session.command import run_command

_CHECK_SECONDS = 1.0


def run_in_lab(settings: LabSettings, command: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Runs COMMAND with KUBECONFIG, ETCDCTL_ENDPOINTS and KPROXY_LAB of a fresh server, which ends with it.

    COMMAND's exit code, as run_command's. LabError if the server does not start, UsageError if COMMAND does not.
    """
    with start_lab(settings, env) as lab:
        return asyncio.run(run_command(command, command_environment(env, lab.environment())))


def run_beside(info: LabInfo, settings: BesideSettings, command: Sequence[str], env: Mapping[str, str]) -> int:
    """Runs COMMAND while a lab's controllers run; its exit code, as `lab run`'s."""
    with start_beside(info, settings, env):
        return asyncio.run(run_command(command, env))


def command_environment(env: Mapping[str, str], lab: Mapping[str, str]) -> dict[str, str]:
    """The environment with the lab's entries, without other options for etcdctl: they belong to another etcd."""
    return {name: value for name, value in env.items() if not name.startswith("ETCDCTL_")} | dict(lab)


class _Came(BaseException):
    """A signal came."""

    def __init__(self, number: int) -> None:
        self.number = number


def idle_lab(settings: LabSettings, signals: Sequence[signal.Signals], tell: Callable[[str], None]) -> int:
    """Start it, say how to reach it, wait; the number of the signal that ended it. LabError if a server dies."""
    try:
        with _raising(signals), start_lab(settings) as lab:
            for name, value in lab.environment().items():
                tell(f"export {name}={value}")
            tell(f"# {lab.info.kind} {lab.info.server_version} on etcd {lab.info.etcd_version}; Ctrl-C ends it")
            while True:
                time.sleep(_CHECK_SECONDS)
                lab.check_alive()
    except _Came as came:
        return came.number


def idle_beside(
    info: LabInfo, settings: BesideSettings, signals: Sequence[signal.Signals], tell: Callable[[str], None]
) -> int:
    """Start a lab's controllers and wait; the number of the signal that ended it. LabError if one dies."""
    try:
        with _raising(signals), start_beside(info, settings, os.environ) as controllers:
            tell(f"# {', '.join(controllers.pids)} run; Ctrl-C ends them")
            while True:
                time.sleep(_CHECK_SECONDS)
                controllers.check_alive()
    except _Came as came:
        return came.number


@contextmanager
def _raising(signals: Sequence[signal.Signals]) -> Iterator[None]:
    def come(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        raise _Came(number)

    before = {number: signal.signal(number, come) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
