"""A resource's changes, in the order of the recorded revisions, each beside the revision that it has in the replay."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Self


class Timeline:
    """Pairs of revisions, each baseline's once: learning a pair again keeps the greater image."""

    def __init__(self) -> None:
        self._order = array("q")
        self._images = array("q")
        """By the same places."""
        self._highest = array("q")
        """The greatest image up to each place, as far as it has been asked for."""

    def learn(self, baseline: int, replayed: int) -> None:
        """A change's two revisions."""
        at = bisect_left(self._order, baseline)
        if at == len(self._order) or self._order[at] != baseline:
            self._order.insert(at, baseline)
            self._images.insert(at, replayed)
        elif self._images[at] < replayed:
            self._images[at] = replayed
        else:
            return
        del self._highest[at:]

    def image(self, baseline: int) -> int | None:
        """What a change's revision became, None for what is none."""
        at = bisect_left(self._order, baseline)
        return self._images[at] if at < len(self._order) and self._order[at] == baseline else None

    def bounds(self, baseline: int) -> tuple[int | None, int | None]:
        """The greatest image of a change up to a revision, and the smallest one of a change after it."""
        at = bisect_right(self._order, baseline)
        for image in self._images[len(self._highest) : at]:
            before = self._highest[-1] if self._highest else 0
            self._highest.append(max(before, image))
        return (self._highest[at - 1] if at else None), min(self._images[at:], default=None)

    def items(self) -> Iterator[tuple[int, int]]:
        """All pairs, in the baseline's order."""
        return zip(self._order, self._images, strict=True)

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
            if (image := other.image(replayed)) is not None:
                through.learn(baseline, image)
        return through

    def __len__(self) -> int:
        """How many changes it knows."""
        return len(self._order)
