"""A resource's changes, in the order of the recorded revisions, each beside the revision that it has in the replay."""

from collections.abc import Iterator
from typing import Self

from kproxy.renaming.rows import Rows


class Timeline:
    """Pairs of revisions, each baseline's once: learning a pair again keeps the greater image."""

    def __init__(self) -> None:
        self._rows = Rows(2)

    def learn(self, baseline: int, replayed: int) -> None:
        """A change's two revisions."""
        rows = self._rows
        if (last := rows.last) is None or last < baseline:
            rows.append((baseline, replayed))
            return
        at = rows.left(baseline)
        known = rows[at]
        if known[0] != baseline:
            rows.insert(at, (baseline, replayed))
        elif known[1] < replayed:
            rows.change(at, 1, replayed)

    def image(self, baseline: int) -> int | None:
        """What a change's revision became, None for what is none."""
        found = self._rows.find(baseline)
        return found[1] if found is not None else None

    def bounds(self, baseline: int) -> tuple[int | None, int | None]:
        """The greatest image of a change up to a revision, and the smallest one of a change after it."""
        at = self._rows.right(baseline)
        return self._rows.most_before(at), self._rows.least_from(at)

    def items(self) -> Iterator[tuple[int, int]]:
        """All pairs, in the baseline's order."""
        return ((baseline, replayed) for baseline, replayed in self._rows)

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
        return len(self._rows)

    def close(self) -> None:
        """Take all pairs away, and their file."""
        self._rows.close()
