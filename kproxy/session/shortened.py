"""The clock of a part of a session: the time that what is left out took is left out, too. Pure."""

from bisect import bisect_right
from collections.abc import Iterable

from kproxy.model.exchange import Nanos


class Shortened:
    """Moments of a session in the shorter one's clock: their order stays, and the distances within what is kept."""

    def __init__(self, starts: Iterable[tuple[Nanos, bool]]) -> None:
        """`starts`: when each exchange began, in order, and whether it is kept. Before the first one nothing is cut."""
        self._begins: list[int] = []
        self._before: list[int] = []  # nanoseconds that were cut before that moment
        self._is_cut: list[bool] = []
        cut = last = 0
        dropping = False
        for start, kept in starts:
            cut += start - last if dropping else 0
            self._begins.append(start)
            self._before.append(cut)
            self._is_cut.append(not kept)
            last, dropping = start, not kept

    def at(self, moment: Nanos) -> Nanos:
        """A moment; one that was cut out is where the cut is."""
        index = bisect_right(self._begins, moment) - 1
        if index < 0:
            return moment
        inside = moment - self._begins[index] if self._is_cut[index] else 0
        return Nanos(moment - self._before[index] - inside)

    def maybe(self, moment: Nanos | None) -> Nanos | None:
        """A moment that may not be known."""
        return None if moment is None else self.at(moment)
