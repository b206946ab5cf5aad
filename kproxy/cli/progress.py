"""Progress of a replay and of a comparison on a terminal, on standard error; nothing where that is no terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kproxy.cli.replay_status import ReplayStatus
from kproxy.model.etcd import key_text
from kproxy.replay.events import (
    NotSettled,
    ReplayEnded,
    ReplayEvent,
    RequestFailed,
    RequestLeftOut,
    StateNotReached,
    WaitedInVain,
)
from kproxy.report.printing import printable

_EACH_SECONDS = 0.1
"""Between two pictures: a replay may send thousands of requests a second."""


@contextmanager
def replay_progress() -> Iterator[tuple[Callable[[ReplayEvent], None], Callable[[int, int], None]]]:
    """What the engine's events are given to, and what the comparison tells then how far it is."""
    with _bar() as bar:
        console = bar.console
        task = bar.add_task("", total=None, what="replaying")

        status, shown = ReplayStatus(), 0.0

        def show(event: ReplayEvent) -> None:
            nonlocal shown
            status.note(event)
            now = time.monotonic()
            if now - shown >= _EACH_SECONDS or isinstance(event, ReplayEnded):
                shown = now
                line = escape(printable(status.line))
                bar.update(task, total=status.requests, completed=status.sent, description=line)
            match event:
                case RequestFailed() | RequestLeftOut():
                    console.print(f"kproxy: exchange {event.seq}: {escape(printable(event.reason))}", highlight=False)
                case WaitedInVain():
                    came = f"{event.events} of {event.recorded} events or bytes in {event.seconds:.0f} s"
                    console.print(f"kproxy: stream {event.seq} delivered {came}", highlight=False)
                case StateNotReached():
                    said = f"did not come to its recorded state in {event.attempts} attempts"
                    console.print(f"kproxy: exchange {event.seq} {said}", highlight=False)
                case NotSettled():
                    key = escape(printable(key_text(event.key)))
                    what = (
                        f"the target did not do with {key} in {event.seconds:.0f} s what the recorded server had done"
                    )
                    console.print(f"kproxy: {what}", highlight=False)
                case _:
                    pass

        yield show, _comparing(bar)


@contextmanager
def compare_progress() -> Iterator[Callable[[int, int], None]]:
    """What a comparison tells how far it is; of a short one nothing is shown."""
    with _bar() as bar:
        yield _comparing(bar)


def _comparing(bar: Progress) -> Callable[[int, int], None]:
    task = bar.add_task("", total=None, visible=False, what="comparing")
    return lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.fields[what]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
