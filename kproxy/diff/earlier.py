"""States that a replay's watch began with before that of the recorded watch: the rule watch-initial-state.

A watch from no certain revision begins with any state from then on. Where the recorded one opened amid what was being
written, the replay's opens before it: then it shows an object as it had been, and what the recorded one began with
after that. Each such state must be what the replay's etcd had, none left out, and none that was over when it was asked.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from kproxy.diff.events import Match, Seen, from_anywhere, watched
from kproxy.diff.sides import Comparison, Pair
from kproxy.diff.tails import in_history
from kproxy.model.exchange import Exchange
from kproxy.renaming.target import parameter


@dataclass(frozen=True, slots=True)
class Earlier:
    """Indexes of the replay's events: `states` that came before, and `first`, beside which the recorded watch began."""

    states: frozenset[int]
    first: frozenset[int]


def began_earlier(of: Comparison, pair: Pair, matched: list[Match]) -> Earlier:
    """What a replay's watch shows of objects before the state with which the recorded one began."""
    if not (from_anywhere(pair.baseline) and from_anywhere(pair.replayed)) or all(b is None or a for a, b in matched):
        return Earlier(frozenset(), frozenset())
    waiting: defaultdict[str, list[Seen]] = defaultdict(list)
    states: set[int] = set()
    first: set[int] = set()
    begun: set[str] = set()
    for a, b in matched:
        if b is None:
            continue
        if a is None:
            waiting[b.uid].append(b)
        elif b.uid not in begun:
            begun.add(b.uid)
            before = waiting.pop(b.uid, [])
            if before and a.event.type == "ADDED" and _were_there(of, pair.replayed, [*before, b]):
                states.update(each.index for each in before)
                first.add(b.index)
    return Earlier(frozenset(states), frozenset(first))


def _were_there(of: Comparison, replayed: Exchange, events: list[Seen]) -> bool:
    """Whether events of one object are its states from one that it had when the watch was asked for, each once."""
    if events[0].event.type != "ADDED" or any(each.event.type != "MODIFIED" for each in events[1:]):
        return False
    revisions = [each.revision or 0 for each in events]
    if sorted(each.index for each in events) != [each.index for each in events]:
        return False
    changed: list[int] = [change.revision for change in of.replayed.history.changes(watched(replayed, events[0]))]
    if any(revision not in changed for revision in revisions):
        return False
    if any(changed.index(after) - changed.index(before) != 1 for before, after in pairwise(revisions)):
        return False
    old = parameter(replayed.request.target, "resourceVersion") == "0"
    if not old and revisions[1] <= of.known_before(replayed):
        return False
    return all(in_history(of.replayed, replayed, each) for each in events[:-1])
