"""The heads of a pair of exchanges, learned from and held against each other at once."""

from collections.abc import Collection
from functools import lru_cache

from kproxy.diff.headers import KINDS, OF_THE_CLIENT, by_name, is_plain
from kproxy.model.exchange import Exchange, Headers
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming

_MOST = 256
"""Pairs of which it is remembered that they stand for each other: a server has a few flow schemas, a client one run."""

type _Drawn = tuple[Kind, str, str]
"""What was drawn there, and here."""


class Heads:
    """Goes through the heads of all pairs.

    What recurs in most of them (a flow schema's uid) is counted; `settle` tells the renaming how often it was seen.
    """

    def __init__(self, renaming: Renaming) -> None:
        self._renaming = renaming
        self._again: dict[_Drawn, int] = {}

    def same(self, baseline: Exchange, replayed: Exchange) -> bool:
        """Learn from two heads each; whether they certainly say the same by that, but for their answers' Date."""
        requests = baseline.request.headers, replayed.request.headers
        same = (requests[0] == requests[1] and _are_plain(requests[0])) or self._fields(
            *requests, left_out=OF_THE_CLIENT
        )
        if baseline.answer is None or replayed.answer is None:
            return same
        first, second = baseline.answer, replayed.answer
        sizes = f"{first.body.size}", f"{second.body.size}"
        return self._fields(first.headers, second.headers, sizes=sizes) and same

    def settle(self) -> None:
        """Give the renaming all votes that it has not heard."""
        for drawn, count in self._again.items():
            if count:
                self._renaming.learn_name(*drawn, count)
        self._again.clear()

    def _fields(
        self,
        first: Headers,
        second: Headers,
        *,
        left_out: Collection[str] = (),
        sizes: tuple[str, str] | None = None,
    ) -> bool:
        """Whether fields say the same one by one; of answers with `sizes` of these bodies, and one Date."""
        if len(first) != len(second):
            self._learn_by_name(first, second)
            return False
        same, dates = True, 0
        drawn: list[_Drawn] = []
        for one, other in zip(first, second, strict=True):
            if one == other and is_plain(one):
                continue
            name = _lower(one[0])
            if name != _lower(other[0]):
                self._learn_by_name(first, second)
                return False
            if name in left_out:
                continue
            if (kind := KINDS.get(name)) is not None:
                drawn.append((kind, one[1], other[1]))
            elif name == "date" and sizes is not None:
                dates += 1
            elif name != "content-length" or (one[1], other[1]) != sizes:
                same = False
        learned = [self._learn(each) for each in drawn]  # all of them
        return same and dates <= 1 and all(learned)

    def _learn_by_name(self, first: Headers, second: Headers) -> None:
        """The same, of fields that stand in another order."""
        others = by_name(second)
        for name, values in by_name(first).items():
            if (kind := KINDS.get(name)) is not None:
                for a, b in zip(values, others.get(name, ()), strict=False):
                    self._learn((kind, a, b))

    def _learn(self, drawn: _Drawn) -> bool:
        """Whether the two stand for each other now: then they do until all was learned."""
        known = self._again.get(drawn)
        if known is not None:
            self._again[drawn] = known + 1
            return True
        kind, baseline, replayed = drawn
        self._renaming.learn_name(kind, baseline, replayed)
        stands = self._renaming.image(kind, baseline) == replayed
        if stands and kind is not Kind.AUDIT_ID:  # each exchange has one of its own
            if len(self._again) >= _MOST:
                self.settle()
            self._again[drawn] = 0
        return stands


@lru_cache(maxsize=1024)
def _lower(name: str) -> str:
    return name.lower()


@lru_cache(maxsize=1024)
def _are_plain(headers: Headers) -> bool:
    return all(map(is_plain, headers))
