"""A resource's changes, in the order of the recorded revisions, each beside the revision that it has in the replay."""

from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Self


class Timeline:
    """Pairs of revisions, each baseline's once: learning a pair again keeps the greater image."""

    def __init__(self) -> None:
        self._images: dict[int, int] = {}
        self._order: list[int] = []
        self._highest: list[int] = []
        """The greatest image up to each place of `_order`, as far as it has been asked for."""

    def learn(self, baseline: int, replayed: int) -> None:
        """A change's two revisions."""
        known = self._images.get(baseline)
        if known is not None and known >= replayed:
            return
        self._images[baseline] = replayed
        if known is None:
            insort(self._order, baseline)
        del self._highest[bisect_right(self._order, baseline) - 1 :]

    def bounds(self, baseline: int) -> tuple[int | None, int | None]:
        """The greatest image of a change up to a revision, and the smallest one of a change after it."""
        at = bisect_right(self._order, baseline)
        for revision in self._order[len(self._highest) : at]:
            before = self._highest[-1] if self._highest else 0
            self._highest.append(max(before, self._images[revision]))
        later = (self._images[revision] for revision in self._order[at:])
        return (self._highest[at - 1] if at else None), min(later, default=None)

    def items(self) -> Iterator[tuple[int, int]]:
        """All pairs, in the baseline's order."""
        return ((revision, self._images[revision]) for revision in self._order)

    def inverse(self) -> Self:
        """The same pairs the other way."""
        turned = type(self)()
        for baseline, replayed in self.items():
            turned.learn(replayed, baseline)
        return turned

    def compose(self, other: Self) -> Self:
        """From these revisions to the images of their images, where `other` knows one."""
        through = type(self)()
        for baseline, replayed in self.items():
            if replayed in other._images:
                through.learn(baseline, other._images[replayed])
        return through

    def __len__(self) -> int:
        """How many changes it knows."""
        return len(self._order)
