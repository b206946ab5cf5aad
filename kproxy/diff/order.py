"""What stood in an order there must stand in that order here: revisions along happens-before, and times.

Exchange i happens before exchange k when i ended before k began, each on its own recording's clock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from kproxy.diff.bounds import Bounds
from kproxy.diff.moments import Moments
from kproxy.diff.short import InShort
from kproxy.diff.sides import Comparison, Pair
from kproxy.diff.stale import may_be_stale
from kproxy.diff.timeorder import Times
from kproxy.diff.trees import SeenRevision, SeenTime
from kproxy.diff.turned import headed, shown
from kproxy.model.api import WRITE_VERBS
from kproxy.model.exchange import Exchange, Seq
from kproxy.renaming.startstate import start_revision

_ANSWER_THEIR_OWN = WRITE_VERBS - {"deletecollection"}
"""Verbs that answer the version that they wrote, most of the time."""

type Learned = tuple[str, int, int]
"""Whose revision ("" for a list's), the baseline's and the replay's."""


@dataclass(slots=True)
class Order:
    """Both recordings' orders: learned pair by pair, then checked pair by pair.

    `look_up`: the times in an exchange that was checked in short.
    """

    of: Comparison
    look_up: Callable[[Seq], Iterable[SeenTime]] = lambda _: ()
    times: Times = field(init=False)
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
        if pair.spared is None:
            for time in pair.times:
                self.times.see(time, under_way)
        else:  # with those that are known in short, their places are looked up
            for time in pair.times:
                self.times.see_again((time.baseline, time.replayed), moments.seq, 1, under_way)
            self._see_in_short(pair.spared)
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
        self._see_in_short(short)
        self._check_moments(short.moments)

    def _see_in_short(self, short: InShort) -> None:
        if short.times:
            under_way = shown(short.moments)
            for pair, count in short.times:
                self.times.see_again(pair, short.moments.seq, count, under_way)

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


def _answered_before(one: Moments, later: Moments) -> bool:
    here, there = one.baseline.answered, one.replayed.answered
    return here is not None and there is not None and here <= later.baseline.started and there <= later.replayed.started
