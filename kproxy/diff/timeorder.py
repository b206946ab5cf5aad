"""Times that stood in an order there must stand in that order here, as far as no request explains another one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby, product

from kproxy.diff.findings import Findings
from kproxy.diff.moments import Moment, Moments
from kproxy.diff.rising import crossing, heaviest_rising
from kproxy.diff.trees import SeenTime
from kproxy.diff.turned import Shown
from kproxy.model.api import WRITE_VERBS
from kproxy.model.exchange import Seq

_NEVER = 1 << 62


class Times:
    """Pairs of times, each once, with the first places where it was seen: there are no more than seconds went by."""

    PLACES = 8
    LONGEST = 60
    """Seconds of a request in which its time may have been set, at most."""

    def __init__(self, findings: Findings, look_up: Callable[[Seq], Iterable[SeenTime]]) -> None:
        """`look_up`: the times in an exchange that was seen in short."""
        self._findings = findings
        self._look_up = look_up
        self._explained: set[tuple[int, int]] = set()
        self._seen: dict[tuple[int, int], list[SeenTime | Seq]] = {}
        self._counts: dict[tuple[int, int], int] = {}
        self._shown: dict[tuple[int, int], Shown] = {}
        self._starts = (_NEVER, _NEVER)
        self._looked_up: dict[Seq, dict[tuple[int, int], list[SeenTime]]] = {}

    def see(self, time: SeenTime, under_way: Shown | None = None) -> None:
        """A pair of times at a place; `under_way`: when the exchanges were that showed it."""
        places = self._see((time.baseline, time.replayed), 1, under_way)
        if len(places) < self.PLACES:
            places.append(time)

    def see_again(self, pair: tuple[int, int], seq: Seq, count: int, under_way: Shown | None) -> None:
        """The same, so many times in an exchange: its places are looked up when they are asked for."""
        places = self._see(pair, count, under_way)
        if (left := self.PLACES - len(places)) > 0:
            places.extend([seq] * min(count, left))

    def see_date(self, pair: tuple[int, int], seq: Seq, under_way: Shown | None = None) -> None:
        """The same, of an answer's Date: what is older than the first one is as old as that one."""
        self._starts = (min(self._starts[0], pair[0]), min(self._starts[1], pair[1]))
        places = self._see(pair, 1, under_way)
        if len(places) < self.PLACES:
            places.append(SeenTime(seq, *pair, "header", "date"))

    def _see(self, pair: tuple[int, int], count: int, under_way: Shown | None) -> list[SeenTime | Seq]:
        if under_way is not None:
            known = self._shown.get(pair)
            self._shown[pair] = under_way if known is None else under_way.earlier(known)
        self._counts[pair] = self._counts.get(pair, 0) + count
        return self._seen.setdefault(pair, [])

    def explain(self, moments: Moments) -> None:
        """What a write set while it went on may have either time, however others that went on then came through.

        Requests that overlapped, or that nothing orders, come through in one order there, and in another one here.
        """
        if moments.verb in WRITE_VERBS:
            self._explained.update(product(_seconds_of(moments.baseline), _seconds_of(moments.replayed)))

    def finish(self) -> None:
        """What is not in the longest order that both have is out of order, where nothing explains it.

        A write that went on then and there, or that the replay went in another order.
        """
        start, other = (each if each < _NEVER else 0 for each in self._starts)
        clamped: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for pair in self._seen:
            clamped.setdefault((max(pair[0], start), max(pair[1], other)), []).append(pair)
        order = sorted(clamped)
        weights = [sum(self._counts[pair] for pair in clamped[each]) for each in order]
        kept = heaviest_rising([replayed for _, replayed in order], weights)
        rising = [order[at] for at in sorted(kept)]
        for position, each in enumerate(order):
            if position in kept:
                continue
            crossed = range(*crossing(rising, each))
            for pair in sorted(clamped[each]):
                others = (other for at in crossed for other in clamped[rising[at]])
                if pair in self._explained or self._turned(pair, others):
                    continue
                for time in self._places(pair):
                    self._findings.differ(time.seq, time.where, time.path, "reordered", *map(_text, each))

    def _places(self, pair: tuple[int, int]) -> Iterator[SeenTime]:
        """Where a pair of times was seen first."""
        for place, same in groupby(self._seen[pair]):
            if isinstance(place, SeenTime):
                yield from [place] * len(list(same))
            else:
                yield from self._times_in(place).get(pair, [])[: len(list(same))]

    def _times_in(self, seq: Seq) -> dict[tuple[int, int], list[SeenTime]]:
        """An exchange's, looked up once for several pairs of times."""
        found = self._looked_up.get(seq)
        if found is None:
            found = defaultdict(list)
            for each in self._look_up(seq):
                found[each.baseline, each.replayed].append(each)
            if len(self._looked_up) > self.PLACES:
                self._looked_up.clear()
            self._looked_up[seq] = found
        return found

    def _turned(self, pair: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
        """Whether the requests that told these times changed places with all those that it is out of order with."""
        own = self._shown.get(pair)
        found = (self._shown.get(other) for other in others)
        return own is not None and all(other is not None and own.turned(other) for other in found)


def _seconds_of(moment: Moment) -> range:
    """The seconds of a server's clock in which it served a request."""
    if moment.date is None:
        return range(0)
    lasted = ((moment.answered or moment.started) - moment.started) // 1_000_000_000
    return range(moment.date - min(lasted, Times.LONGEST) - 1, moment.date + 1)


def _text(when: int) -> str:
    try:
        return datetime.fromtimestamp(when, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):  # beyond the year 9999, by its zone
        return f"{when} seconds since 1970"
