"""The heads of a pair of exchanges, learned from and held against each other at once."""

from collections.abc import Iterable
from functools import lru_cache

from kproxy.diff.framing import FRAMING_HEADERS
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
        same, drawn = _requests(*requests, forwarded=bool(baseline.forwarded))
        same = self._learn_all(drawn) and same
        if baseline.answer is None or replayed.answer is None:
            return same
        first, second = baseline.answer, replayed.answer
        return self._answers(first.headers, second.headers, (f"{first.body.size}", f"{second.body.size}")) and same

    def settle(self) -> None:
        """Give the renaming all votes that it has not heard."""
        for drawn, count in self._again.items():
            if count:
                self._renaming.learn_name(*drawn, count)
        self._again.clear()

    def _answers(self, first: Headers, second: Headers, sizes: tuple[str, str]) -> bool:
        """Whether fields say the same one by one: with `sizes` of these bodies, and one Date."""
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
            if (kind := KINDS.get(name)) is not None:
                drawn.append((kind, one[1], other[1]))
            elif name == "date":
                dates += 1
            elif name == "content-length":
                same = same and (one[1], other[1]) == sizes
            else:
                same = same and name in FRAMING_HEADERS and one[1] == other[1]
        return self._learn_all(drawn) and same and dates <= 1

    def _learn_by_name(self, first: Headers, second: Headers) -> None:
        """Learn from fields that stand in another order."""
        others = by_name(second)
        for name, values in by_name(first).items():
            if (kind := KINDS.get(name)) is not None:
                for a, b in zip(values, others.get(name, ()), strict=False):
                    self._learn((kind, a, b))

    def _learn_all(self, drawn: Iterable[_Drawn]) -> bool:
        """Whether all of them stand for each other now."""
        learned = [self._learn(each) for each in drawn]
        return all(learned)

    def _learn(self, drawn: _Drawn) -> bool:
        """Whether the two stand for each other now: then they do until all was learned."""
        known = self._again.get(drawn)
        if known is not None:
            self._again[drawn] = known + 1
            return True
        kind, baseline, replayed = drawn
        stands = self._renaming.learn_name(kind, baseline, replayed)
        stands = stands or self._renaming.image(kind, baseline) == replayed
        if stands and kind is not Kind.AUDIT_ID:  # each exchange has one of its own
            if len(self._again) >= _MOST:
                self.settle()
            self._again[drawn] = 0
        return stands


@lru_cache(maxsize=1024)
def _lower(name: str) -> str:
    return name.lower()


@lru_cache(maxsize=1024)  # clients ask the same way again and again
def _requests(first: Headers, second: Headers, *, forwarded: bool) -> tuple[bool, tuple[_Drawn, ...]]:
    """Whether two requests' fields certainly say the same, in whatever order, if what was drawn does; and that.

    `forwarded`: the recorded proxy sent the request on as somebody, whom a replay says itself.
    """
    values, others = by_name(first), by_name(second)
    same = True
    drawn: list[_Drawn] = []
    for name in dict.fromkeys((*values, *others)):
        here, there = values.get(name, []), others.get(name, [])
        if name in OF_THE_CLIENT or (forwarded and not here and name.startswith("impersonate-")):
            continue
        if (kind := KINDS.get(name)) is not None:
            drawn += [(kind, a, b) for a, b in zip(here, there, strict=False)]
            same = same and len(here) == len(there)
        else:
            same = same and here == there and all(is_plain((name, value)) for value in here)
    return same, tuple(drawn)
