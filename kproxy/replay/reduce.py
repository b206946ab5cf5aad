"""The smallest part of a session that still shows something: delta debugging among an exchange's causes. Pure.

Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002): take chunks away, large ones first, as
long as what is left still shows it. Causes (causes.py) say where to begin: with what the exchange cannot do without,
then with what is close to it; and what goes together: an object's exchanges are taken as one, and whoever takes an
exchange away takes away those that cannot do without it, too.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from kproxy.model.exchange import Seq
from kproxy.replay.causes import Causes, Links, closure

type Shows = Callable[[frozenset[Seq]], bool]
"""Whether a part of the session still shows it; asked once for each part, and it may take its time."""


def reduced(everything: Iterable[Seq], must: Seq, causes: Causes, shows: Shows, most: int) -> frozenset[Seq]:
    """A part with `must` that still shows it, and of which nothing can be left out, or `most` parts were tried.

    `everything` shows it, and that is not asked again.
    """
    search = _Search(causes.needs, shows, most)
    whole = frozenset(everything) | {must}
    rings = [ring & whole for ring in causes.rings(must)]
    kept = next((ring for ring in rings if ring < whole and search.asks(ring)), whole)
    # What stands far away first: most of it has nothing to do with it. Objects go as a whole, then single exchanges.
    kept = search.narrowed(kept, rings[0], lambda seq: causes.lives.get(seq, seq))
    return search.narrowed(kept, frozenset((must,)), lambda seq: seq)


class _Search:
    def __init__(self, needs: Links, shows: Shows, most: int) -> None:
        self._shows = shows
        self._left = most
        self._known: dict[frozenset[Seq], bool] = {}
        self._needed_by: defaultdict[int, list[int]] = defaultdict(list)
        for seq, others in needs.items():
            for other in others:
                self._needed_by[other].append(seq)

    @property
    def may_ask(self) -> bool:
        return self._left > 0

    def asks(self, part: frozenset[Seq]) -> bool:
        if part not in self._known:
            if not self.may_ask:
                return False
            self._left -= 1
            self._known[part] = self._shows(part)
        return self._known[part]

    def narrowed(self, kept: frozenset[Seq], fixed: frozenset[Seq], unit: Callable[[Seq], Seq]) -> frozenset[Seq]:
        """Take away what can be but for `fixed`: in ever smaller chunks of whole units, until none can."""
        chunks = 2
        while kept - fixed and self.may_ask:
            units = _units(kept - fixed, unit)
            chunks = min(chunks, len(units))
            smaller = self._pass_over(kept, fixed, [_joined(each) for each in _split(units, chunks)])
            if smaller == kept and chunks == len(units):
                break
            chunks = 2 * chunks if smaller == kept else max(2, chunks - 1)
            kept = smaller
        return kept

    def _pass_over(self, kept: frozenset[Seq], fixed: frozenset[Seq], chunks: list[frozenset[Seq]]) -> frozenset[Seq]:
        """Try to take away each chunk, the latest ones first: the least hangs on them."""
        for each in reversed(chunks):
            chunk = each & kept
            together = (closure(self._needed_by, chunk) - fixed) & kept
            for gone in (together, chunk) if len(chunk) == 1 and together != chunk else (together,):
                if gone and self.asks(kept - gone):
                    kept -= gone
                    break
        return kept


def _units(seqs: Iterable[Seq], unit: Callable[[Seq], Seq]) -> list[frozenset[Seq]]:
    found: defaultdict[Seq, set[Seq]] = defaultdict(set)
    for seq in seqs:
        found[unit(seq)].add(seq)
    return [frozenset(found[each]) for each in sorted(found)]


def _split(units: list[frozenset[Seq]], chunks: int) -> Iterator[list[frozenset[Seq]]]:
    """As even as can be: a crumb that is left over costs as much to try as a half."""
    bounds = [len(units) * each // chunks for each in range(chunks + 1)]
    return (units[begin:end] for begin, end in pairwise(bounds))


def _joined(units: Iterable[frozenset[Seq]]) -> frozenset[Seq]:
    return frozenset().union(*units)
