"""What a recording's exchanges tell of a moment: the greatest revision known before it, the smallest written after it.

Of what learning saw, only that is kept which raises the greatest revision known, or was written.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from kproxy.model.api import WRITE_VERBS
from kproxy.model.exchange import Exchange, Nanos
from kproxy.renaming.rows import Rows

_NEVER = 1 << 62
_ASKED = 1000
"""Exchanges that are asked whether they were over before another one in both recordings; a bound of the time."""


class Bounds:
    """For one recording: the greatest revision known before a moment, the smallest one written after it."""

    def __init__(self) -> None:
        self._known = Rows(4)
        """When an exchange ended, the greatest by then, when its other exchange ended on that clock, what that told.

        The first two rise.
        """
        self._most = 0
        """The last one's second."""
        self._found = Rows(2)
        """When a write began, a revision in it."""
        self._written = Rows(2)
        """How long before time began a write did (so that the latest is the first), the smallest from then on."""

    def learn(self, exchange: Exchange, revisions: Iterable[tuple[str, int, int]], there: Exchange) -> None:
        """The revisions in one answer, here and `there`: in the exchange that stands for it in the other recording."""
        highest = other = 0
        writes = exchange.info.verb in WRITE_VERBS
        for scope, revision, image in revisions:
            highest, other = max(highest, revision), max(other, image)
            if writes and scope:
                self._found.put((exchange.started, revision))
        if highest:
            self._raise(_end(exchange), highest, (_end(there), other))

    def _raise(self, end: Nanos, highest: int, there: tuple[Nanos, int]) -> None:
        rows = self._known
        if rows.last is None or end >= rows.last:  # as mostly: those that overlap do not end as they began
            if highest > self._most:
                rows.append((end, highest, *there))
                self._most = highest
            return
        at = rows.right(end)
        if at and rows[at - 1][1] >= highest:
            return
        while at < len(rows) and rows[at][1] <= highest:
            rows.delete(at)
        rows.insert(at, (end, highest, *there))
        self._most = max(self._most, highest)

    def settle(self) -> None:
        """All was learned: what a write wrote is what was beyond all that was known before it."""
        lowest = _NEVER
        for start, found in groupby(reversed(self._found), itemgetter(0)):
            before = self.before(Nanos(start))
            for _, revision in sorted(found, reverse=True):
                if before < revision < lowest:
                    lowest = revision
                    self._written.append((-start, lowest))
        self._found.close()

    def before(self, moment: Nanos) -> int:
        """The greatest revision that an exchange ended with before one began at that moment; 0: none."""
        found = self._known.until(moment)
        return found[1] if found is not None else 0

    def over_in_both(self, exchange: Exchange, there: Exchange) -> Iterator[tuple[int, int]]:
        """What was known of those that ended before this one on both clocks: here and there, the latest first."""
        at = self._known.right(exchange.started)
        for each in range(at - 1, max(at - 1 - _ASKED, -1), -1):
            _, known, end, told = self._known[each]
            if end <= there.started:
                yield known, told

    def after(self, moment: Nanos | None) -> int:
        """The smallest new revision that an exchange wrote that began after one was over, which ended then if ever."""
        found = self._written.until(-(_NEVER if moment is None else moment))
        return found[1] if found is not None else _NEVER

    def close(self) -> None:
        """Take all away, and the files."""
        for each in (self._known, self._found, self._written):
            each.close()


def _end(exchange: Exchange) -> Nanos:
    return exchange.ended if exchange.ended is not None else Nanos(_NEVER)
