"""The smallest part of a session that still shows something: delta debugging over the causal graph. Pure.

Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002): take chunks away, large ones first, as
long as what is left still shows it. The graph says where to begin, with what the exchange causally needs, and what goes
together: whoever takes an exchange away takes away those that need it, too.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet

from kproxy.model.exchange import Seq
from kproxy.replay.plan import Send, Step

type Needs = Mapping[Seq, AbstractSet[Seq]]
"""Of each request those that it directly needs."""

type Shows = Callable[[frozenset[Seq]], bool]
"""Whether a part of the session still shows it; asked once for each part, and it may take its time."""


def needs_of(steps: Iterable[Step]) -> dict[Seq, set[Seq]]:
    """Which requests each request of a plan directly needs: what lies between them (events, ends) looked through."""
    before: dict[int, frozenset[Seq]] = {}
    found: dict[Seq, set[Seq]] = {}
    for step in steps:
        needed = frozenset().union(*(before.get(number, frozenset()) for number in step.after))
        action = step.action
        if isinstance(action, Send):
            found[action.seq] = set(needed) - {action.seq}
            needed = frozenset((action.seq,))
        before[step.number] = needed
    return found


def closure(needs: Needs, of: Iterable[Seq]) -> frozenset[Seq]:
    """These requests and all that they need, directly or not."""
    found: set[Seq] = set()
    left = list(of)
    while left:
        seq = left.pop()
        if seq not in found:
            found.add(seq)
            left += needs.get(seq, frozenset())
    return frozenset(found)


def reduced(everything: Iterable[Seq], must: Seq, needs: Needs, shows: Shows, most: int) -> frozenset[Seq]:
    """A part with `must` that still shows it, and of which nothing can be left out, or `most` parts were tried.

    `everything` shows it, and that is not asked again.
    """
    search = _Search(must, needs, shows, most)
    whole = frozenset(everything) | {must}
    start = closure(needs, [must]) & whole
    kept = start if start < whole and search.asks(start) else whole
    size = max(1, len(kept) // 2)
    while len(kept) > 1 and search.may_ask:
        smaller = search.pass_over(kept, size)
        if smaller == kept and size == 1:
            break
        size = max(1, min(size // 2 if smaller == kept else size, len(smaller) // 2))
        kept = smaller
    return kept


class _Search:
    def __init__(self, must: Seq, needs: Needs, shows: Shows, most: int) -> None:
        self._must = must
        self._shows = shows
        self._left = most
        self._known: dict[frozenset[Seq], bool] = {}
        self._needed_by: defaultdict[Seq, set[Seq]] = defaultdict(set)
        for seq, others in needs.items():
            for other in others:
                self._needed_by[other].add(seq)

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

    def pass_over(self, kept: frozenset[Seq], size: int) -> frozenset[Seq]:
        """Try to take away each chunk of `size`, the latest ones first: the least hangs on them."""
        left = sorted(kept - {self._must}, reverse=True)
        for at in range(0, len(left), size):
            chunk = frozenset(left[at : at + size]) & kept
            together = (closure(self._needed_by, chunk) - {self._must}) & kept
            for gone in (together, chunk) if size == 1 and together != chunk else (together,):
                if gone and self.asks(kept - gone):
                    kept -= gone
                    break
        return kept
