"""A verdict that is not there yet."""

from collections.abc import Callable


class Pending:
    """Who waits for it is called once, from the event loop, when it makes sense to ask again."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def then(self, ask_again: Callable[[], None]) -> None:
        """Call it when this is over. Nobody is given one that is."""
        self._waiting.append(ask_again)

    def resolve(self) -> None:
        """It is over."""
        waiting, self._waiting = self._waiting, []
        for ask_again in waiting:
            ask_again()
