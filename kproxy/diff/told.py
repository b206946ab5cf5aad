"""What a pair of documents tells, in short: so that it is told again without going through them again.

Documents recur, and objects in lists, answers and events. What was walked once is known by both sides' bytes: what it
teaches the renaming, the revisions and times in it, the texts that must say the same.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from kproxy.diff.recent import Generations
from kproxy.diff.trees import CLIENTS
from kproxy.renaming.derived import hash_in, stems
from kproxy.renaming.kinds import UUID, Kind, Place
from kproxy.renaming.learn import learn_text
from kproxy.renaming.lessons import Lesson, lesson_of
from kproxy.renaming.pseudonyms import has_pseudonym
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.times import seconds
from kproxy.renaming.traces import Leaf, Trace
from kproxy.renaming.unchanged import grace_of, lies_ahead

type Revision = tuple[str, int, int]
"""Whose ("" for a list's), the baseline's and the replay's."""

_AGREE_ONCE_LEARNED = frozenset(
    {Kind.UID, Kind.NAME, Kind.HASH, Kind.CLUSTER_IP, Kind.NODE_PORT, Kind.SERVER_PORT, Kind.PSEUDONYM, Kind.ADDRESS}
    | {Kind.AUTHORITY, Kind.DAY, Kind.REVISION, Kind.TIME}
)
"""Kinds of values that stand for each other whenever the renaming has learned so, whatever else it knows."""

_MOST = 1 << 21
"""Bytes of documents of which it is remembered what they tell, about."""
_EXTRA = 600
"""Bytes that it takes beside them."""


@dataclass(slots=True)
class Told:
    """What two documents told: `revisions`, `times` in seconds that stand in an order, how often each, `texts`.

    `lessons`: what it teaches the renaming. `plain`: that is all there is to it, once the renaming has learned what the
    servers chose. `clients`: it says the same whatever is known, as a request does of its client's words, or times
    for nobody's. `agreed`: the renaming learned, and both sides' values stood for each other. `again`: how often it was
    told since, which the renaming has not heard.
    """

    lessons: list[Lesson] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    times: dict[tuple[int, int], int] = field(default_factory=dict)
    texts: list[tuple[str, str]] = field(default_factory=list)
    plain: bool = True
    clients: bool = True
    agreed: bool = False
    again: int = 0

    def learn(self, renaming: Renaming) -> list[Revision]:
        """Learn from it, the first time or again; the revisions in it."""
        if self.agreed:
            self.again += 1
        else:
            self._teach(renaming, 1)
            self.agreed = self.plain and all(map(renaming.stands, self.lessons))
        return self.revisions

    def settle(self, renaming: Renaming) -> None:
        """Tell the renaming how often it was told again: those are votes."""
        if self.again:
            self._teach(renaming, self.again)
            self.again = 0

    def _teach(self, renaming: Renaming, weight: int) -> None:
        for lesson in self.lessons:
            if lesson.kind is None:
                learn_text(renaming, lesson.baseline, lesson.replayed, weight)
            else:
                renaming.take(lesson, weight)


def told_by(trace: Trace) -> Told:
    """What a trace tells."""
    told = Told(texts=list(trace.fields))
    for leaf in trace.leaves:
        told.plain &= tell(told, leaf)
    return told


def tell(told: Told, leaf: Leaf) -> bool:
    """Take one leaf in; whether it is plain."""
    _, place, kind, baseline, replayed = leaf
    if kind is None:
        if isinstance(baseline, str) and isinstance(replayed, str):
            _tell_text(told, baseline, replayed)
            return True
        return type(baseline) is type(replayed) and baseline == replayed
    told.lessons.append(lesson_of(kind, place, baseline, replayed))
    told.clients &= kind is Kind.TIME and not place.owner.uid and baseline == replayed
    first, second = str(baseline), str(replayed)
    if kind is Kind.REVISION:
        told.revisions.append((place.revision_scope(), int(first), int(second)))
    elif kind is Kind.TIME:
        if place.fields[:1] in CLIENTS and baseline != replayed:
            return False  # it depends on what both clients asked for
        _tell_time(told, place, first, second)
    elif kind is Kind.NAME:
        found = stems(place.baseline, place.replayed, first, second)
        if found is not None and found[0] != found[1]:
            told.texts.append(found)  # drawn for another drawn name (an event's, for a pod): these must say the same
        return found is not None
    elif kind is Kind.HASH:
        drawn = hash_in(first), hash_in(second)
        return drawn[0] is not None and drawn[1] is not None and not drawn[0][0] and not drawn[1][0]
    return kind in _AGREE_ONCE_LEARNED


def _tell_text(told: Told, baseline: str, replayed: str) -> None:
    hidden = has_pseudonym(baseline)
    if baseline != replayed or hidden:  # equal in a replay, which sends it: a vote like others
        told.lessons.append(Lesson(None, baseline, replayed))
    if baseline != replayed or hidden or UUID.search(baseline):
        told.texts.append((baseline, replayed))


def _tell_time(told: Told, place: Place, baseline: str, replayed: str) -> None:
    first, second = seconds(baseline), seconds(replayed)
    if first is None or second is None or baseline == replayed or lies_ahead(place):
        return
    grace, other = grace_of(place)
    pair = first - grace, second - other
    told.times[pair] = told.times.get(pair, 0) + 1


class Store:
    """What was told lately, by what it was told by."""

    def __init__(self, renaming: Renaming, most: int = _MOST) -> None:
        self._renaming = renaming
        self._known: Generations[Hashable, tuple[Told, ...] | None] = Generations(most, self._give)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def get(self, key: Hashable) -> tuple[Told, ...] | None:
        """What was told; None for what cannot be told in short."""
        return self._known.get(key)

    def put(self, key: Hashable, told: tuple[Told, ...] | None, size: int) -> None:
        """`size` in bytes of what was gone through for it."""
        self._known.put(key, told, size + _EXTRA)

    def settle(self) -> None:
        """Give the renaming all votes that it has not heard."""
        self._give(self._known.values())

    def _give(self, all_told: Iterator[tuple[Told, ...] | None]) -> None:
        for found in all_told:
            for each in found or ():
                each.settle(self._renaming)
