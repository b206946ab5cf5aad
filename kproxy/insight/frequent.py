"""What occurs most, of any number of things, in bounded memory."""

from collections.abc import Hashable


class Frequent[T: Hashable]:
    """Counts, exactly while there are at most `capacity` different things; then the rarest are forgotten.

    `error`: a count may be too low by at most this much, 0 while nothing was forgotten (lossy counting).
    """

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._counts: dict[T, int] = {}
        self.error = 0

    def add(self, thing: T, count: int = 1) -> None:
        """Count one more."""
        self._counts[thing] = self._counts.get(thing, 0) + count
        if len(self._counts) > 2 * self._capacity:
            self._forget()

    def most(self, number: int) -> list[tuple[T, int]]:
        """Those that occur most, most first; of equals in the order in which they came."""
        return sorted(self._counts.items(), key=lambda item: -item[1])[:number]

    def __len__(self) -> int:
        """How many different things are remembered."""
        return len(self._counts)

    def _forget(self) -> None:
        """The rarer half."""
        kept = self.most(self._capacity)
        rarest_kept = {thing for thing, _ in kept}
        self.error += max(count for thing, count in self._counts.items() if thing not in rarest_kept)
        self._counts = {thing: count for thing, count in self._counts.items() if thing in rarest_kept}
