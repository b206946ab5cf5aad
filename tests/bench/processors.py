"""Which processors this process, and whatever it starts from then on, may run on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def several() -> bool:
    """Whether there is more than one."""
    return len(os.sched_getaffinity(0)) > 1


def one() -> frozenset[int]:
    """The first of those that we have."""
    return frozenset({min(os.sched_getaffinity(0))})


def all_but_one() -> frozenset[int]:
    """The others, where there are several."""
    return frozenset(os.sched_getaffinity(0) - one())


@contextmanager
def running_on(processors: frozenset[int]) -> Iterator[None]:
    """On these alone, until the block ends."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
