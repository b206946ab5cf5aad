"""What a pair of documents tells, in short: so that it is told again without going through them again.

Documents recur, and objects in lists, answers and events. What was walked once is known by both sides' bytes: what it
teaches the renaming, the revisions and times in it, the texts that must say the same.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from kproxy.diff.trees import CLIENTS
from kproxy.model.jsontypes import JSON
from kproxy.renaming.derived import hash_in, stems
from kproxy.renaming.kinds import UUID, Kind, Place
from kproxy.renaming.learn import Learner
from kproxy.renaming.pseudonyms import has_pseudonym
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.times import seconds
from kproxy.renaming.traces import Trace
from kproxy.renaming.unchanged import grace_of, lies_ahead

type Revision = tuple[str, int, int]
"""Whose ("" for a list's), the baseline's and the replay's."""

_AGREE_ONCE_LEARNED = frozenset(
    {Kind.UID, Kind.NAME, Kind.HASH, Kind.CLUSTER_IP, Kind.NODE_PORT, Kind.SERVER_PORT, Kind.PSEUDONYM, Kind.ADDRESS}
    | {Kind.AUTHORITY, Kind.REVISION, Kind.TIME}
)
"""Kinds of values that stand for each other whenever the renaming has learned so, whatever else it knows."""

_MOST = 1 << 22
"""Bytes of documents of which it is remembered what they tell, about."""
_EXTRA = 600
"""Bytes that it takes beside them."""


@dataclass(slots=True)
class Told:
    """What two documents told: `revisions`, `times` in seconds that stand in an order, how often each, `texts`.

    `plain`: that is all there is to it, once the renaming has learned what the servers chose. `agreed`: it did, and
    both sides' values stood for each other. `again`: how often it was told since, which the renaming has not heard.
    """

    trace: Trace
    revisions: list[Revision]
    times: dict[tuple[int, int], int]
    texts: list[tuple[str, str]]
    plain: bool
    agreed: bool = False
    again: int = 0

    def learn(self, renaming: Renaming) -> list[Revision]:
        """Learn from it, the first time or again; the revisions in it."""
        if self.agreed:
            self.again += 1
            return self.revisions
        learner = Learner(renaming)
        learner.traced(None, self.trace)
        self.agreed = self.plain and all(
            renaming.agrees(each.kind, each.place, each.baseline, each.replayed)
            for each in self.trace
            if each.kind is not None
        )
        return learner.revisions

    def settle(self, renaming: Renaming) -> None:
        """Tell the renaming how often it was told again: those are votes."""
        if self.again:
            Learner(renaming, weight=self.again).traced(None, self.trace)
            self.again = 0


def told_by(trace: Trace) -> Told:
    """What a trace tells."""
    told = Told(trace, [], {}, [], plain=True)
    plain = [_tell(told, each.place, each.kind, each.baseline, each.replayed) for each in trace]
    told.plain = all(plain)
    return told


def _tell(told: Told, place: Place, kind: Kind | None, baseline: JSON, replayed: JSON) -> bool:
    """Take one leaf in; whether it is plain."""
    if kind is None:
        if isinstance(baseline, str) and isinstance(replayed, str):
            if baseline != replayed or UUID.search(baseline) or has_pseudonym(baseline):
                told.texts.append((baseline, replayed))
            return True
        return type(baseline) is type(replayed) and baseline == replayed
    first, second = str(baseline), str(replayed)
    if kind is Kind.REVISION:
        told.revisions.append((place.revision_scope(), int(first), int(second)))
    elif kind is Kind.TIME:
        if place.fields[:1] in CLIENTS:
            return False
        _tell_time(told, place, first, second)
    elif kind is Kind.NAME:
        found = stems(place.baseline, place.replayed, first, second)
        return found is not None and found[0] == found[1]
    elif kind is Kind.HASH:
        drawn = hash_in(first), hash_in(second)
        return drawn[0] is not None and drawn[1] is not None and not drawn[0][0] and not drawn[1][0]
    return kind in _AGREE_ONCE_LEARNED


def _tell_time(told: Told, place: Place, baseline: str, replayed: str) -> None:
    first, second = seconds(baseline), seconds(replayed)
    if first is None or second is None or baseline == replayed or lies_ahead(place):
        return
    grace, other = grace_of(place)
    pair = first - grace, second - other
    told.times[pair] = told.times.get(pair, 0) + 1


class Store:
    """What was told lately, by what it was told by: what neither of the last two generations told is forgotten."""

    def __init__(self, renaming: Renaming, most: int = _MOST) -> None:
        self._renaming = renaming
        self._most = most // 2
        self._size = 0
        self._young: dict[Hashable, tuple[Told, ...] | None] = {}
        self._old: dict[Hashable, tuple[Told, ...] | None] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._young or key in self._old

    def get(self, key: Hashable) -> tuple[Told, ...] | None:
        """What was told; None for what cannot be told in short."""
        if key in self._young:
            return self._young[key]
        found = self._young[key] = self._old[key]
        return found

    def put(self, key: Hashable, told: tuple[Told, ...] | None, size: int) -> None:
        """`size` in bytes of what was gone through for it."""
        self._young[key] = told
        self._size += size + _EXTRA
        if self._size > self._most:
            self.settle()
            self._old, self._young, self._size = self._young, {}, 0

    def settle(self) -> None:
        """Give the renaming all votes that it has not heard."""
        for found in (*self._old.values(), *self._young.values()):
            for each in found or ():
                each.settle(self._renaming)
