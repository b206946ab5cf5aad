"""Events that a replay's watch shows more than the recorded one, which its client left: the rule watch-tail.

What a client still gets when it leaves is a race. So an event more is hidden, but only one that stands behind all that
was recorded, in its order, and that shows what etcd's history has, nothing left out before it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from kproxy.diff.events import Match, Seen, watched
from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.diff.stale import is_stored
from kproxy.model.api import metadata_of
from kproxy.model.exchange import End, Exchange
from kproxy.renaming.kinds import Kind
from kproxy.renaming.target import SELECTORS, parameter

_LEFT = frozenset({End.CLIENT_GONE, End.STOPPED, End.COMPLETE})
_SELECT = (*SELECTORS, "shardSelector")


@dataclass(frozen=True, slots=True)
class Tail:
    """Where what both streams have ends, and how often the replay's stream has each version of an object.

    `late`: the replay's events that came out of the order of revisions; `live`: the revisions of those that are not of
    the state that it began with, in their order.
    """

    baseline: int
    replayed: int
    revision: int  # the greatest of the baseline's
    times: Counter[tuple[str, int | None]]
    late: frozenset[int]
    live: tuple[int, ...]

    @classmethod
    def of(cls, matched: list[Match], *, initial: bool) -> "Tail":
        """Of two streams' events beside each other; `initial`: the replay's began with a state, in any order."""
        both = [(a, b) for a, b in matched if a is not None and b is not None]
        theirs = sorted((b for _, b in matched if b is not None), key=lambda each: each.index)
        return cls(
            max((a.index for a, _ in both), default=-1),
            max((b.index for _, b in both), default=-1),
            max((a.revision or 0 for a, _ in both), default=0),
            Counter((b.uid, b.revision) for b in theirs),
            frozenset(_late(theirs, initial=initial)),
            tuple(sorted({b.revision for b in theirs[_initial(theirs) if initial else 0 :] if b.revision is not None})),
        )


def ran_on(of: Comparison, pair: Pair, tail: Tail, b: Seen) -> bool | None:
    """Whether an event more is one that the client would not have waited for, and that etcd's history has.

    None: it may be, but nobody knows whether that had it so.
    """
    if pair.baseline.end not in _LEFT or pair.replayed.end not in _LEFT:
        return False
    once = tail.times[b.uid, b.revision] == 1 and b.index not in tail.late
    if not once or not _came_later(of, tail, b) or _misses(of.replayed, pair.replayed, tail, b):
        return False
    return in_history(of.replayed, pair.replayed, b)


def _came_later(of: Comparison, tail: Tail, b: Seen) -> bool:
    """Whether an event is behind all that were recorded, or is of a change that was made after those there."""
    if b.index > tail.replayed:
        return True
    there = of.renaming.revisions.origin(of.renaming.origin(Kind.UID, b.uid) or b.uid, b.revision)
    return there is not None and there > tail.revision


def _misses(side: Side, exchange: Exchange, tail: Tail, b: Seen) -> bool:
    """Whether a change of the watched resource should have come before this event, and did not.

    A watch that selects may not show it; an api-server's own leases are left out of streams (HEARTBEATS).
    """
    info, target = exchange.info, exchange.request.target
    selects = info.name or any(parameter(target, name) for name in _SELECT)
    if selects or info.resource == "leases" or b.revision is None or not tail.live:
        return False
    before = bisect_left(tail.live, b.revision)
    since = tail.live[before - 1] if before else b.revision
    return any(side.history.between(info.group, info.resource, info.namespace, (since, b.revision)))


def _late(events: list[Seen], *, initial: bool) -> Iterator[int]:
    """The indexes of events that came behind one of a later revision, or ahead of one of an earlier revision."""
    live = [(each.index, each.revision) for each in events[_initial(events) if initial else 0 :] if each.revision]
    highest = list(accumulate((revision for _, revision in live), max))
    lowest = list(accumulate((revision for _, revision in reversed(live)), min))[::-1]
    for at, (index, revision) in enumerate(live):
        if revision < highest[at] or revision > lowest[at]:
            yield index


def _initial(events: list[Seen]) -> int:
    """How many events may be of the state that a watch began with."""
    return next((at for at, each in enumerate(events) if each.event.type != "ADDED"), len(events))


def in_history(side: Side, exchange: Exchange, seen: Seen) -> bool | None:
    """Whether etcd's watch saw the object at the event's revision, and as the event shows it; None: nobody knows.

    What is gone, or is selected no more, is shown as it was before. Of a Table only the object's name and uid count:
    its cells are no part of what etcd has.
    """
    ref = watched(exchange, seen)
    change = side.history.at(ref, seen.revision) if seen.revision is not None else None
    if change is None:
        return False
    gone = seen.event.type == "DELETED"
    if change.value is None and not gone:
        return False
    value = change.previous if gone else change.value
    stored = side.documents.stored(value)
    if stored.reason:
        return None
    if metadata_of(stored.value).get("uid") != seen.uid:
        return False
    return seen.event.object.get("kind") == "Table" or is_stored(side, seen.event.object, value)
