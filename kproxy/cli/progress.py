"""A replay's progress on a terminal, on standard error; nothing where that is no terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kproxy.model.etcd import key_text
from kproxy.replay.events import (
    NotSettled,
    ReplayEvent,
    ReplayStarted,
    RequestFailed,
    RequestLeftOut,
    RequestSent,
    StateNotReached,
    WaitedInVain,
)
from kproxy.report.text import printable


@contextmanager
def replay_progress() -> Iterator[Callable[[ReplayEvent], None]]:
    """What the engine's events are given to."""
    console = Console(stderr=True)
    columns = (
        TextColumn("replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def show(event: ReplayEvent) -> None:
            match event:
                case ReplayStarted():
                    bar.update(task, total=event.requests)
                case RequestSent():
                    bar.update(task, advance=1, description=escape(printable(f"{event.method} {event.target}"))[:60])
                case RequestFailed() | RequestLeftOut():
                    console.print(f"kproxy: exchange {event.seq}: {escape(printable(event.reason))}", highlight=False)
                case WaitedInVain():
                    came = f"{event.events} of {event.recorded} events in {event.seconds:.0f} s"
                    console.print(f"kproxy: watch {event.seq} delivered {came}", highlight=False)
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

        yield show
