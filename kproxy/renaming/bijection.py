"""A one-to-one map that is learned from pairs."""

from collections.abc import Callable, Iterator
from typing import Self


class Bijection:
    """Values and their images. Each pair that is seen is a vote; until `settle`, the first pair wins.

    `settle` lets the most often seen pairs win, so that one wrong value among many right ones is found where it
    stands, and not at all the others.
    """

    def __init__(self, *, injective: bool = True) -> None:
        """`injective` False: two values may have the same image (times that only keep their order)."""
        self._injective = injective
        self._votes: dict[tuple[str, str], int] = {}
        self._forward: dict[str, str] = {}
        self._backward: dict[str, str] = {}

    def learn(self, baseline: str, replayed: str, weight: int = 1) -> None:
        """One more place where the two stand for each other."""
        pair = (baseline, replayed)
        self._votes[pair] = self._votes.get(pair, 0) + weight
        self._keep(baseline, replayed)

    def settle(self) -> None:
        """Decide by votes; among equals the pair that was seen first."""
        self._forward.clear()
        self._backward.clear()
        for (baseline, replayed), _ in sorted(self._votes.items(), key=lambda item: -item[1]):
            self._keep(baseline, replayed)

    def _keep(self, baseline: str, replayed: str) -> None:
        if baseline not in self._forward and not (self._injective and replayed in self._backward):
            self._forward[baseline] = replayed
            self._backward[replayed] = baseline

    def image(self, baseline: str) -> str | None:
        """What stands for it in the replay."""
        return self._forward.get(baseline)

    def agrees(self, baseline: str, replayed: str) -> bool:
        """Whether the two stand for each other."""
        return self._forward.get(baseline) == replayed

    def changed(self) -> Iterator[tuple[str, str]]:
        """The pairs whose two values differ."""
        return ((a, b) for a, b in self._forward.items() if a != b)

    def items(self) -> Iterator[tuple[str, str]]:
        """All pairs."""
        return iter(self._forward.items())

    def inverse(self) -> Self:
        """The same pairs the other way; of values that share an image, the first one stands for it."""
        turned = type(self)(injective=self._injective)
        for a, b in self._forward.items():
            turned.learn(b, a, self._votes.get((a, b), 1))
        return turned

    def compose(self, image: Callable[[str], str | None]) -> Self:
        """From these values to the images of their images, where `image` knows one."""
        through = type(self)(injective=self._injective)
        for a, b in self._forward.items():
            if (c := image(b)) is not None:
                through.learn(a, c, self._votes.get((a, b), 1))
        return through

    def __len__(self) -> int:
        """How many values have an image."""
        return len(self._forward)
