"""Fresh servers, one after the other: the next one starts while this one is at work, and an ended one is put away then.

Starting a server is waiting, for the most part; who replays a hundred small parts would wait a hundred times.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType
from typing import Self


class Spares[Server]:
    """Servers made by `start`, each used once; a context manager. All of them live in one thread of their own."""

    def __init__(self, start: Callable[[], AbstractContextManager[Server]]) -> None:
        self._start = start
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spare-server")
        self._next: Future[tuple[ExitStack, Server]] | None = None
        self._ends: list[Future[None]] = []
        """The servers that were put away, or are about to be."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        unused, self._next = self._next, None
        if unused is not None and not unused.cancel() and unused.exception() is None:
            self._ends.append(self._thread.submit(unused.result()[0].close))
        self._thread.shutdown()
        for failure in filter(None, [each.exception() for each in self._ends]):
            if error is None:
                raise failure
            error.add_note(f"A server could not be put away: {failure}")

    def prepare(self) -> None:
        """Start the next one, if that is not done already."""
        if self._next is None:
            self._next = self._thread.submit(self._started)

    @contextmanager
    def fresh(self, *, more: bool = True) -> Iterator[Server]:
        """A server for as long as the block lasts; what its start raised. `more`: another one starts meanwhile."""
        self.prepare()
        mine, self._next = self._next, None
        if mine is None:
            raise RuntimeError("a spare server was asked for by two at once")
        stack, server = mine.result()
        if more:
            self.prepare()
        try:
            yield server
        finally:
            self._ends.append(self._thread.submit(stack.close))

    def _started(self) -> tuple[ExitStack, Server]:
        with ExitStack() as stack:
            server = stack.enter_context(self._start())
            return stack.pop_all(), server
