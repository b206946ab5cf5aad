"""Which exchange of one recording stands beside which of the other, as numbers: they are all that is kept of them."""

from collections.abc import Iterable, Iterator, Mapping

from kproxy.model.exchange import Seq
from kproxy.renaming.rows import Rows


class Pairing:
    """Pairs of sequence numbers, in the baseline's order."""

    def __init__(self, pairs: Iterable[tuple[Seq, Seq]]) -> None:
        self._images, self._origins = Rows(2), Rows(2)
        for first, second in pairs:
            self._images.put((first, second))
            self._origins.put((second, first))

    def __len__(self) -> int:
        return len(self._images)

    @property
    def baseline(self) -> Iterator[Seq]:
        """The baseline's exchanges, in their order."""
        return (Seq(seq) for seq, _ in self._images)

    @property
    def replayed(self) -> Iterator[tuple[Seq, Seq]]:
        """The replay's exchanges, in their order, each with the baseline's beside it."""
        return ((Seq(seq), Seq(first)) for seq, first in self._origins)

    def image(self, seq: Seq) -> Seq | None:
        """The replay's exchange beside one of the baseline's."""
        return _beside(self._images, seq)

    def back(self, seq: Seq) -> Seq | None:
        """The baseline's exchange beside one of the replay's."""
        return _beside(self._origins, seq)

    def around(self, seq: Seq) -> tuple[Seq | None, Seq | None]:
        """The replay's exchanges beside the ones before and after one of the baseline's that has none."""
        return _around(self._images, seq)

    def around_back(self, seq: Seq) -> tuple[Seq | None, Seq | None]:
        """The baseline's exchanges beside the ones before and after one of the replay's that has none."""
        return _around(self._origins, seq)

    def close(self) -> None:
        """Take all pairs away, and their files."""
        self._images.close()
        self._origins.close()


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
        return self._pairing.baseline

    def __len__(self) -> int:
        return len(self._pairing)


def _beside(rows: Rows, seq: Seq) -> Seq | None:
    found = rows.find(seq)
    return Seq(found[1]) if found is not None else None


def _around(rows: Rows, seq: Seq) -> tuple[Seq | None, Seq | None]:
    at = rows.left(seq)
    following = at + (at < len(rows) and rows[at][0] == seq)  # one whose promised partner is not there
    return Seq(rows[at - 1][1]) if at else None, Seq(rows[following][1]) if following < len(rows) else None
