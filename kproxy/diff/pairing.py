"""Which exchange of one recording stands beside which of the other, as numbers: they are all that is kept of them."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from kproxy.model.exchange import Seq


class Pairing:
    """Pairs of sequence numbers, in the baseline's order."""

    def __init__(self, pairs: Iterable[tuple[Seq, Seq]]) -> None:
        baseline, replayed = array("q"), array("q")
        for first, second in pairs:
            baseline.append(first)
            replayed.append(second)
        self.baseline, self.replayed = _ordered(baseline, replayed)
        self._replayed, self._baseline = _ordered(replayed, baseline)

    def __len__(self) -> int:
        return len(self.baseline)

    def image(self, seq: Seq) -> Seq | None:
        """The replay's exchange beside one of the baseline's."""
        return _beside(self.baseline, self.replayed, seq)

    def back(self, seq: Seq) -> Seq | None:
        """The baseline's exchange beside one of the replay's."""
        return _beside(self._replayed, self._baseline, seq)

    def around(self, seq: Seq) -> tuple[Seq | None, Seq | None]:
        """The replay's exchanges beside the ones before and after one of the baseline's that has none."""
        return _around(self.baseline, self.replayed, seq)

    def around_back(self, seq: Seq) -> tuple[Seq | None, Seq | None]:
        """The baseline's exchanges beside the ones before and after one of the replay's that has none."""
        return _around(self._replayed, self._baseline, seq)

    def place(self, seq: Seq) -> int:
        """The place among the replay's, in their order, of one that is there."""
        return bisect_left(self._replayed, seq)

    def at(self, place: int) -> Seq:
        """The replay's exchange at a place."""
        return Seq(self._replayed[place])


class Images(Mapping[Seq, Seq]):
    """The replay's exchanges by the baseline's beside them: a view, which keeps nothing."""

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing

    def __getitem__(self, seq: Seq) -> Seq:
        found = self._pairing.image(seq)
        if found is None:
            raise KeyError(seq)
        return found

    def __iter__(self) -> Iterator[Seq]:
        return map(Seq, self._pairing.baseline)

    def __len__(self) -> int:
        return len(self._pairing)


def _ordered(keys: "array[int]", values: "array[int]") -> tuple["array[int]", "array[int]"]:
    if all(keys[at] <= keys[at + 1] for at in range(len(keys) - 1)):
        return keys, values
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return array("q", [keys[at] for at in order]), array("q", [values[at] for at in order])


def _beside(keys: "array[int]", values: "array[int]", seq: Seq) -> Seq | None:
    at = bisect_left(keys, seq)
    return Seq(values[at]) if at < len(keys) and keys[at] == seq else None


def _around(keys: "array[int]", values: "array[int]", seq: Seq) -> tuple[Seq | None, Seq | None]:
    at = bisect_left(keys, seq)
    following = at + (at < len(keys) and keys[at] == seq)  # one whose promised partner is not there
    return Seq(values[at - 1]) if at else None, Seq(values[following]) if following < len(keys) else None
