"""Tests that are coroutines."""

import asyncio
import functools
from collections.abc import Callable, Coroutine


def in_loop[**P](test: Callable[P, Coroutine[object, object, None]]) -> Callable[P, None]:
    """Runs the test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
