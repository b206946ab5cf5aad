"""What stood in an order there must stand in that order here: revisions along happens-before, and times.

Exchange i happens before exchange k when i ended before k began, each on its own recording's clock. Of what learning
saw, only that is kept which raises the greatest revision known, or was written.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice, pairwise, product
from operator import itemgetter

from kproxy.diff.findings import Findings
from kproxy.diff.moments import Moment, Moments
from kproxy.diff.short import InShort
from kproxy.diff.sides import Comparison, Pair
from kproxy.diff.stale import may_be_stale
from kproxy.diff.trees import SeenRevision, SeenTime
from kproxy.diff.turned import Shown, headed, shown
from kproxy.model.api import WRITE_VERBS
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.renaming.rows import Rows
from kproxy.renaming.startstate import start_revision

_NEVER = 1 << 62
_ANSWER_THEIR_OWN = WRITE_VERBS - {"deletecollection"}
"""Verbs that answer the version that they wrote, most of the time."""
_ASKED = 1000
"""Exchanges that are asked whether they were over before another one in both recordings; a bound of the time."""

type Learned = tuple[str, int, int]
"""Whose revision ("" for a list's), the baseline's and the replay's."""


class Bounds:
    """For one recording: the greatest revision known before a moment, the smallest one written after it."""

    def __init__(self) -> None:
        self._known = Rows(4)
        """When an exchange ended, the greatest by then, when its other exchange ended on that clock, what that told.

        The first two rise.
        """
        self._found = Rows(2)
        """When a write began, a revision in it."""
        self._written = Rows(2)
        """How long before time began a write did (so that the latest is the first), the smallest from then on."""

    def learn(self, exchange: Exchange, revisions: Iterable[tuple[str, int, int]], there: Exchange) -> None:
        """The revisions in one answer, here and `there`: in the exchange that stands for it in the other recording."""
        highest = other = 0
        for scope, revision, image in revisions:
            highest, other = max(highest, revision), max(other, image)
            if scope and exchange.info.verb in WRITE_VERBS:
                self._found.put((exchange.started, revision))
        if highest:
            self._raise(_end(exchange), highest, (_end(there), other))

    def _raise(self, end: Nanos, highest: int, there: tuple[Nanos, int]) -> None:
        rows = self._known
        at = rows.right(end)
        if at and rows[at - 1][1] >= highest:
            return
        while at < len(rows) and rows[at][1] <= highest:
            rows.delete(at)
        rows.insert(at, (end, highest, *there))

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


@dataclass(slots=True)
class Order:
    """Both recordings' orders: learned pair by pair, then checked pair by pair.

    `look_up`: the times in an exchange that was checked in short.
    """

    of: Comparison
    look_up: Callable[[Seq], Iterable[SeenTime]] = lambda _: ()
    times: "Times" = field(init=False)
    _baseline: Bounds = field(default_factory=Bounds)
    _replayed: Bounds = field(default_factory=Bounds)
    _wrong: frozenset[tuple[str, int]] = frozenset()
    _last: Moments | None = None

    def __post_init__(self) -> None:
        self.times = Times(self.of.findings, self.look_up)

    def learn(self, pair: Pair, revisions: list[Learned]) -> None:
        """The revisions in one pair of answers."""
        if revisions:
            self._baseline.learn(pair.baseline, revisions, pair.replayed)
            self._replayed.learn(
                pair.replayed, ((scope, there, here) for scope, here, there in revisions), pair.baseline
            )

    def settle(self) -> None:
        """All was learned, the renaming too."""
        self._baseline.settle()
        self._replayed.settle()
        wrong = set()
        start = start_revision(self.of.baseline.recording)
        for scope, versions in self.of.renaming.revisions.pairs():
            for (_, before), (revision, after) in pairwise(versions):
                if after <= before and revision > start:  # what was restored stands in the restore's order
                    wrong.add((scope, revision))
        self._wrong = frozenset(wrong)

    def known_before(self, replayed: Exchange) -> int:
        """The greatest revision that an exchange of the replay ended with before this one of it began; 0: none."""
        return self._replayed.before(replayed.started)

    def check(self, pair: Pair) -> None:
        """One pair after the other, in the baseline's order: what was seen in it, and its Date."""
        for seen in pair.revisions:
            if not self._in_bounds(pair, seen):
                self._differ(pair, seen, "renamed")
            if (seen.scope, seen.baseline) in self._wrong:
                self._differ(pair, seen, "reordered")
        moments = pair.moments
        under_way = shown(moments)
        for time in pair.times:
            self.times.see(time, under_way)
        self._check_moments(moments)

    def may_be_wrong(self, short: InShort) -> bool:
        """Whether a revision in a pair may be out of order: only for one that may, its documents are needed."""
        if self._wrong or (
            short.highest  # else there is none in it
            and short.highest >= self._replayed.after(short.moments.replayed.ended)
            and short.lowest < self._baseline.after(short.moments.baseline.ended)
        ):
            return True
        if not short.answered:
            return False
        lower = self._baseline.before(short.moments.baseline.started)
        other = self._replayed.before(short.moments.replayed.started)
        return any(
            (baseline > lower and replayed <= other) if owned else (baseline >= lower and replayed < other)
            for owned, baseline, replayed in short.answered
        )

    def check_in_short(self, short: InShort) -> None:
        """A pair whose revisions are not out of order: the times that were seen in it, and its Date."""
        if short.times:
            under_way = shown(short.moments)
            for pair, count in short.times:
                self.times.see_again(pair, short.moments.seq, count, under_way)
        self._check_moments(short.moments)

    def _check_moments(self, moments: Moments) -> None:
        self.times.explain(moments)
        self._date(moments)
        self._last = moments

    def finish(self) -> None:
        """All was checked."""
        self._date(None)
        self.times.finish()

    def close(self) -> None:
        """Take away what was learned, and the files that it is in."""
        self._baseline.close()
        self._replayed.close()

    def _differ(self, pair: Pair, seen: SeenRevision, kind: str) -> None:
        self.of.findings.differ(pair.baseline.seq, seen.where, seen.path, kind, str(seen.baseline), str(seen.replayed))

    def _in_bounds(self, pair: Pair, seen: SeenRevision) -> bool:
        """Whether a revision stands between what was before and what came after, if the baseline's does.

        A write does not always answer what it wrote: one that takes the last finalizer away answers the version that
        it deleted, one that changes nothing the version that is there. That one may have been written by a request
        that the replay's others overtook. So only what was over before it in both recordings contradicts it. The
        deletion of a collection answers what was there, whoever wrote it, and however long before.
        """
        first, second = self._baseline, self._replayed
        if seen.baseline < first.after(pair.baseline.ended) and seen.replayed >= second.after(pair.replayed.ended):
            return False
        verb = pair.baseline.info.verb
        if seen.where != "body" or (seen.scope and verb not in _ANSWER_THEIR_OWN) or may_be_stale(pair.baseline):
            return True
        lower, other = first.before(pair.baseline.started), second.before(pair.replayed.started)
        if seen.scope:
            new = seen.baseline > lower and seen.replayed <= other
            return not (new and self._was_there(pair, seen.replayed))
        return seen.baseline < lower or seen.replayed >= other

    def _was_there(self, pair: Pair, replayed: int) -> bool:
        """Whether what was over before the pair in both recordings knew of this revision of the replay's already."""
        ours = self._replayed.over_in_both(pair.replayed, pair.baseline)
        theirs = self._baseline.over_in_both(pair.baseline, pair.replayed)
        return any(known >= replayed for known, _ in ours) or any(known >= replayed for _, known in theirs)

    def _date(self, later: Moments | None) -> None:
        """The Date of an answer that no other exchange overlapped: their order is the requests' order."""
        last = self._last
        if last is None or (later is not None and not _answered_before(last, later)):
            return
        first, second = last.baseline.date, last.replayed.date
        if first is not None and second is not None and self.of.replayed.clock.explains_at(last.replayed):
            self.times.see_date((first, second), last.seq, shown(last) or headed(last))


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
            for pair in clamped[each]:
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
                found = (each for each in self._look_up(place) if (each.baseline, each.replayed) == pair)
                yield from islice(found, len(list(same)))

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


def _end(exchange: Exchange) -> Nanos:
    return exchange.ended if exchange.ended is not None else Nanos(_NEVER)


def _text(when: int) -> str:
    try:
        return datetime.fromtimestamp(when, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):  # beyond the year 9999, by its zone
        return f"{when} seconds since 1970"


def _answered_before(one: Moments, later: Moments) -> bool:
    here, there = one.baseline.answered, one.replayed.answered
    return here is not None and there is not None and here <= later.baseline.started and there <= later.replayed.started


def crossing(rising: Sequence[tuple[int, int]], pair: tuple[int, int]) -> tuple[int, int]:
    """From where to where pairs that rise on both sides are out of order with another one; they stand together."""
    first, second = pair
    earlier = bisect_right(rising, second, key=itemgetter(1)), bisect_left(rising, first, key=itemgetter(0))
    later = bisect_right(rising, first, key=itemgetter(0)), bisect_left(rising, second, key=itemgetter(1))
    return earlier if earlier[0] < earlier[1] else later


def heaviest_rising(values: list[int], weights: list[int]) -> set[int]:
    """The positions of a heaviest subsequence that never falls.

    `tops` are the values that a subsequence may end with, each with the weight of the best one, rising in both.
    """
    tops: list[tuple[int, int, int]] = []  # value, weight, position
    before: list[int] = []
    for position, value in enumerate(values):
        at = bisect_right(tops, (value, _NEVER, 0))
        weight, last = (tops[at - 1][1], tops[at - 1][2]) if at else (0, -1)
        before.append(last)
        weight += weights[position]
        while at < len(tops) and tops[at][1] <= weight:
            del tops[at]
        if at and tops[at - 1][0] == value:
            at -= 1
            del tops[at]
        insort(tops, (value, weight, position))
    kept: set[int] = set()
    position = tops[-1][2] if tops else -1
    while position >= 0:
        kept.add(position)
        position = before[position]
    return kept
