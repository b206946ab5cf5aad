"""What was lately put in, and no more of it than fits: for indexes over recordings of any length."""

from collections import OrderedDict
from collections.abc import Hashable


class Recent[K: Hashable, V]:
    """A mapping that holds at most `most` entries, and forgets those that were not touched for longest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[K, V] = OrderedDict()

    def put(self, key: K, value: V) -> None:
        """Set an entry."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def get(self, key: K) -> V | None:
        """An entry, None if there is none, or no more."""
        if (found := self._entries.get(key)) is not None:
            self._entries.move_to_end(key)
        return found

    def __contains__(self, key: K) -> bool:
        """Whether there is such an entry."""
        return key in self._entries

    def __len__(self) -> int:
        """How many there are."""
        return len(self._entries)
