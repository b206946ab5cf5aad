"""A one-to-one map that is learned from pairs."""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Self

from kproxy.renaming.shelf import Packed
from kproxy.renaming.spilled import HOT, Counts, Spilled

_NO_PAIRS: dict[str, str] = {}
"""The way back where there is none: never written to."""


class Bijection:
    """Values and their images. Each pair that is seen is a vote; until `settle`, the first pair wins.

    `settle` lets the most often seen pairs win, so that one wrong value among many right ones is found where it
    stands, and not at all the others.
    """

    __slots__ = ("_again", "_backward", "_disputed", "_forward", "_hot", "_injective")

    def __init__(self, *, injective: bool = True, large: bool = False, hot: int = HOT) -> None:
        """`injective` False: two values may have the same image (times that only keep their order).

        `large`: there may be any number of pairs, of which the latest `hot` are kept in memory.
        """
        self._injective = injective
        self._forward: MutableMapping[str, str] = Spilled(hot) if large else {}
        self._backward: MutableMapping[str, str] = _NO_PAIRS if not injective else Spilled(hot) if large else {}
        self._hot = hot if large else 0
        self._again: dict[str, int] | Counts | None = None  # made when there is one: of most pairs nothing is disputed
        """By baseline, the votes of a pair that stands, beyond the first one."""
        self._disputed: dict[tuple[str, str], int] | None = None
        """The votes of pairs that do not go with those that stand."""

    def learn(self, baseline: str, replayed: str, weight: int = 1) -> bool:
        """One more place where the two stand for each other; whether that is news that stands."""
        known = self._forward.get(baseline)
        if known == replayed:
            self._vote(baseline, weight)
            return False
        if known is None and not (self._injective and replayed in self._backward):
            self._keep(baseline, replayed)
            if weight > 1:
                self._vote(baseline, weight - 1)
            return True
        pair = (baseline, replayed)
        if self._disputed is None:
            self._disputed = {}
        self._disputed[pair] = self._disputed.get(pair, 0) + weight
        return False

    def _vote(self, baseline: str, weight: int) -> None:
        if self._again is None:
            self._again = Counts(self._hot) if self._hot else {}
        self._again[baseline] = self._again.get(baseline, 0) + weight

    def become(self, baseline: str, replayed: str) -> None:
        """From now on this is a value's image, whose votes it keeps: of a map that is not injective."""
        self._keep(baseline, replayed)

    def settle(self) -> bool:
        """Decide by votes; among equals the pair that was seen first. Whether that took its image from any value.

        A pair that was seen first, and again, keeps its image though another value is shown with that more often: it
        is the later one that was not to have it (a write that another server does not carry out shows the revision of
        the write before, from then on).
        """
        if not self._disputed:
            return False
        standing = [(pair, self._votes(pair[0])) for pair in self._forward.items()]
        most: dict[str, int] = {}
        for (baseline, _), count in self._disputed.items():
            most[baseline] = max(count, most.get(baseline, 0))
        sure = [(pair, count) for pair, count in standing if count > 1 and count >= most.get(pair[0], 0)]
        votes = sorted([*standing, *self._disputed.items()], key=lambda item: -item[1])
        self._forward.clear()
        self._backward.clear()
        self._again = self._disputed = None
        for (baseline, replayed), count in dict((*sure, *votes)).items():
            self.learn(baseline, replayed, count)
        return any(self._forward.get(baseline) != replayed for (baseline, replayed), _ in standing)

    def state(self) -> Packed:
        """All of it as marshal takes it; of one that is not large."""
        return self._injective, self._forward, self._again, self._disputed

    @classmethod
    def of_state(cls, state: Packed) -> Self:
        """One again."""
        injective, forward, again, disputed = state
        made = cls(injective=injective)
        made._forward, made._again, made._disputed = forward, again, disputed
        if injective:
            made._backward = {image: value for value, image in forward.items()}
        return made

    def _votes(self, baseline: str) -> int:
        return self._again.get(baseline, 0) + 1 if self._again is not None else 1

    def _keep(self, baseline: str, replayed: str) -> None:
        self._forward[baseline] = replayed
        if self._injective:
            self._backward[replayed] = baseline

    def image(self, baseline: str) -> str | None:
        """What stands for it in the replay."""
        return self._forward.get(baseline)

    def origin(self, replayed: str) -> str | None:
        """What it stands for in the baseline; None too where several values may share an image."""
        return self._backward.get(replayed)

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
            turned.learn(b, a, self._votes(a))
        return turned

    def compose(self, image: Callable[[str], str | None]) -> Self:
        """From these values to the images of their images, where `image` knows one."""
        through = type(self)(injective=self._injective)
        for a, b in self._forward.items():
            if (c := image(b)) is not None:
                through.learn(a, c, self._votes(a))
        return through

    def close(self) -> None:
        """Take all pairs away, and their files."""
        for each in (self._forward, self._backward, self._again):
            if isinstance(each, Spilled | Counts):
                each.close()

    def __len__(self) -> int:
        """How many values have an image."""
        return len(self._forward)
