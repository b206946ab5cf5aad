"""Pairs of values in etcd, learned from and, where nothing differs but what the servers chose, compared at once.

As kproxy.diff.atonce does with exchanges: what is kept of such a pair until all was learned is what is still to be
asked then. Others are decoded, and walked, a second time.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from kproxy.diff.documents import Document
from kproxy.diff.recent import Generations
from kproxy.diff.sides import Comparison
from kproxy.diff.told import Told, told_by
from kproxy.diff.trees import SeenTime, same_words
from kproxy.model.exchange import Seq
from kproxy.renaming.kinds import Kind, Owner
from kproxy.renaming.learn import Learner
from kproxy.renaming.path import Path
from kproxy.renaming.shelf import Shelf
from kproxy.renaming.times import seconds
from kproxy.renaming.traces import AskedTheRenaming, Leaf, Tracer
from kproxy.renaming.unchanged import grace_of, lies_ahead
from kproxy.renaming.walk import Walker

_MOST = 1 << 20
_SIZE = 4000
"""Bytes of what is remembered of pairs, and of one of them, about: a value comes again as the next one's previous."""

type Documents = tuple[str, tuple[Document, Document]]
"""A value and its image, with the revision that the baseline's had."""


class Kept(NamedTuple):
    """What is still to be asked of a change's values: by `scope` whose its revisions are.

    `times`: which of the values, the pair in seconds, the place; `texts`: those that must say the same.
    """

    scope: str
    times: tuple[tuple[int, int, int, Path], ...]
    texts: tuple[tuple[str, str], ...]

    def seen(self, seq: Seq | None, roots: tuple[str, str]) -> Iterator[SeenTime]:
        """Its times, as comparing the values sees them; `roots`: what each value is called."""
        for which, first, second, way in self.times:
            yield SeenTime(seq, first, second, "etcd", roots[which], way)


class _Walked(NamedTuple):
    told: Told
    times: tuple[tuple[int, int, Path], ...]


class Stored:
    """Goes through all changes that stand beside each other."""

    def __init__(self, of: Comparison) -> None:
        self._of = of
        self._walked: Generations[Hashable, _Walked | None] = Generations(_MOST, self._give)
        self._kept: Shelf[Kept] = Shelf(tuple, lambda kept: Kept(*kept))

    def learn(self, change: str, scope: str, values: Iterable[Documents]) -> None:
        """Learn from a change's values; `change`: what it is known by, `scope`: whose its revisions are."""
        times: list[tuple[int, int, int, Path]] = []
        texts: list[tuple[str, str]] = []
        equal = True
        for which, (revision, (first, second)) in enumerate(values):
            equal = equal and (first.encoding == second.encoding or not (first.encoding and second.encoding))
            if any(each.raw is not None or each.reason for each in (first, second)):
                equal = equal and not first.reason and not second.reason and first.raw == second.raw
                continue
            walked = self._walk(first, second, revision)
            if walked is None:
                Learner(self._of.renaming, self._of.traces).learn(first.value, second.value, Owner(revision=revision))
                equal = False
                continue
            walked.told.learn(self._of.renaming)
            equal = equal and walked.told.agreed
            times += [(which, *each) for each in walked.times]
            texts += walked.told.texts
        if equal:
            self._kept[change] = Kept(scope, tuple(times), tuple(texts))

    def settle(self) -> None:
        """All was gone through: give the renaming all votes that it has not heard."""
        self._give(self._walked.values())

    def equal(self, change: str) -> Kept | None:
        """What was kept of a change whose values are equal, now that all was learned; None for any other one."""
        kept = self._kept.get(change)
        if kept is None or not all(same_words(self._of.renaming, first, second) for first, second in kept.texts):
            return None
        return kept

    def forget(self) -> None:
        """Nothing is kept any more: all has to be compared as a whole, or was."""
        self._kept.close()

    def _walk(self, first: Document, second: Document, revision: str) -> _Walked | None:
        """What two values tell; None where that asks for what else was learned."""
        key = first.digest, second.digest, revision
        known = self._walked.get(key)
        if known is not None or key in self._walked:
            return known
        tracer = Tracer()
        try:
            Walker(tracer, tracer.text).walk(first.value, second.value, Owner(revision=revision))
        except AskedTheRenaming:
            walked = None
        else:
            trace = tracer.trace
            walked = _Walked(told_by(trace), tuple(_times_in(trace.leaves)))
        self._walked.put(key, walked, _SIZE)
        return walked

    def _give(self, walked: Iterator[_Walked | None]) -> None:
        for each in walked:
            if each is not None:
                each.told.settle(self._of.renaming)


def _times_in(leaves: Iterable[Leaf]) -> Iterator[tuple[int, int, Path]]:
    """The times that stand in an order with others (as kproxy.diff.trees has it)."""
    for path, place, kind, baseline, replayed in leaves:
        if kind is not Kind.TIME or baseline == replayed or lies_ahead(place):
            continue
        first, second = seconds(str(baseline)), seconds(str(replayed))
        if first is not None and second is not None:
            grace, other = grace_of(place)
            yield first - grace, second - other, path
