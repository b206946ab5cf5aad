"""Replays beside each other: while one waits for its server, another one replays or compares."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from tests.verification.kept import Kept
from tests.verification.runs import Run, Subject, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One recording: how it is called, how it is come by (`make` may take minutes), how it is replayed how often."""

    name: str
    make: Callable[[], Subject]
    ways: tuple[tuple[Way, int], ...]


def left(planned: Planned, kept: Kept) -> list[Way]:
    """The runs that are still to be done, each way in its turn."""
    missing = [(way, times - kept.of(planned.name, way)) for way, times in planned.ways]
    most = max((times for _, times in missing), default=0)
    return [way for turn in range(most) for way, times in missing if turn < times]


def all_runs(
    planned: list[Planned], kept: Kept, workers: int, replay: Callable[[Subject, Way], Run]
) -> Iterator[tuple[Planned, Run]]:
    """Each run as it ends; what raises ends all, after those that are under way.

    The recording that takes longest to make is to stand last: it is begun first, and the others are replayed meanwhile.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="verification")
    todo = [(each, ways) for each in planned if (ways := left(each, kept))]
    try:
        made = {each.name: pool.submit(each.make) for each, _ in reversed(todo)}
        runs = {pool.submit(_run, made[each.name], way, replay): each for each, ways in todo for way in ways}
        while runs:
            done, _ = wait(runs, return_when=FIRST_COMPLETED)
            for future in done:
                run = future.result()
                kept.add(run)
                yield runs.pop(future), run
    finally:
        pool.shutdown(cancel_futures=True)


def _run(made: Future[Subject], way: Way, replay: Callable[[Subject, Way], Run]) -> Run:
    return replay(made.result(), way)
