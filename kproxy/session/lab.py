"""A lab without a COMMAND: it stays until a signal comes."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab

CHECK_SECONDS = 1.0


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
                time.sleep(CHECK_SECONDS)
                lab.check_alive()
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
