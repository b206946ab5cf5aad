"""What was used lately: what neither of the last two generations used is forgotten."""

from collections.abc import Callable, Iterator


class Generations[K, V]:
    """Values by key, of about `most` bytes; `leaving` is called with all of them before some are forgotten."""

    def __init__(self, most: int, leaving: Callable[[Iterator[V]], None] | None = None) -> None:
        self._most = most // 2
        self._size = 0
        self._leaving = leaving
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._young or key in self._old

    def get(self, key: K) -> V | None:
        """What is remembered of a key, None if nothing is."""
        found = self._young.get(key)
        if found is None:
            if (found := self._old.get(key)) is None:
                return None
            self._young[key] = found
            self._size += found[1]  # what is used in each generation fills it, too
        return found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """`size` in bytes, about."""
        self._young[key] = value, size
        self._size += size
        if self._size > self._most:
            if self._leaving is not None:
                self._leaving(self.values())
            self._old, self._young, self._size = self._young, {}, 0

    def values(self) -> Iterator[V]:
        """All that is remembered; what was used again may come twice."""
        for generation in (self._old, self._young):
            for value, _ in generation.values():
                yield value
