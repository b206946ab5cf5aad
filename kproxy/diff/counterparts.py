"""Which event of one watch stream stands beside which of the other: object by object, state by state."""

from collections import defaultdict, deque
from collections.abc import Callable
from difflib import SequenceMatcher

from kproxy.diff.events import OF_NO_OBJECT, Match, Seen
from kproxy.renaming.derived import drawn_for
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming


def matched_events(renaming: Renaming, first: list[Seen], second: list[Seen]) -> list[Match]:
    """Each object's events beside each other, objects in the baseline's order, then those of the replay only."""
    pairs: list[Match] = []
    left = _Left(_by_identity(second, renaming.merged.text))
    for identity, events in _by_identity(first, str).items():
        pairs += _sequence(renaming, events, left.counterpart(renaming, identity, events[0]))
    for others in left.events.values():
        pairs += [(None, b) for b in others]
    return pairs


def _by_identity(seen: list[Seen], said: Callable[[str], str]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = defaultdict(list)
    for each in seen:
        if not each.bookmark:
            found[_identity(each, said)].append(each)
    return found


def _identity(seen: Seen, said: Callable[[str], str]) -> str:
    if seen.event.type in OF_NO_OBJECT:
        return seen.event.type
    return f"{said(seen.name)}/{seen.uid}"


class _Left:
    """The replay's objects that stand beside none yet: found by what they are, are called, or were drawn for."""

    def __init__(self, events: dict[str, list[Seen]]) -> None:
        self.events = dict(events)
        self._called: dict[str, deque[str]] = defaultdict(deque)
        self._drawn: dict[str, deque[str]] | None = None  # when it is asked for
        for identity in events:
            self._called[identity.rpartition("/")[0]].append(identity)

    def counterpart(self, renaming: Renaming, identity: str, event: Seen) -> list[Seen]:
        """The events of the same object: by uid, else the first of its name, else one drawn for the same.

        That only of an object that nothing told of: one that is known, and has no events here, has none.
        """
        if identity in self.events or event.event.type in OF_NO_OBJECT:
            return self.events.pop(identity, [])
        name, uid = renaming.common(identity.rpartition("/")[0]), renaming.image(Kind.UID, event.uid)
        if f"{name}/{uid or ''}" in self.events:
            return self.events.pop(f"{name}/{uid or ''}")
        found = self._first(self._called.get(name))
        if found is None and uid is None and (drawn := drawn_for(event.metadata, renaming.text)):
            found = self._first(self._drawn_for().get(drawn))
        return [] if found is None else self.events.pop(found)

    def _first(self, waiting: deque[str] | None) -> str | None:
        while waiting and waiting[0] not in self.events:
            waiting.popleft()
        return waiting[0] if waiting else None

    def _drawn_for(self) -> dict[str, deque[str]]:
        if self._drawn is None:
            self._drawn = defaultdict(deque)
            for identity, events in self.events.items():
                self._drawn[drawn_for(events[0].metadata)].append(identity)
        return self._drawn


def _sequence(renaming: Renaming, first: list[Seen], second: list[Seen]) -> list[Match]:
    if len(first) == len(second):
        return list(zip(first, second, strict=True))
    if (begin := _folded_until(renaming, first, second)) is not None:
        return [*((each, None) for each in first[:begin]), *_sequence(renaming, first[begin:], second)]
    if (begin := _begun_until(renaming, first, second)) is not None:
        return [*((None, each) for each in second[:begin]), *_sequence(renaming, first, second[begin:])]
    a = [(each.event.type, renaming.revisions.exact(each.uid, each.revision)) for each in first]
    b = [(each.event.type, each.revision) for each in second]
    pairs: list[Match] = []
    for _, i, k, j, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        common = min(k - i, m - j)
        pairs += zip(first[i : i + common], second[j : j + common], strict=True)
        pairs += [(each, None) for each in first[i + common : k]]
        pairs += [(None, each) for each in second[j + common : m]]
    return pairs


def _folded_until(renaming: Renaming, first: list[Seen], second: list[Seen]) -> int | None:
    """The index of the state that the replay's watch shows first, when it is not the recorded one's first."""
    if not second or second[0].event.type != "ADDED":
        return None
    images = [renaming.revisions.exact(each.uid, each.revision) for each in first]
    return next((at for at, image in enumerate(images) if at and image == second[0].revision), None)


def _begun_until(renaming: Renaming, first: list[Seen], second: list[Seen]) -> int | None:
    """The index of the recorded watch's first state, when the replay's began with an earlier one."""
    if not first or not second or first[0].event.type != "ADDED" or second[0].event.type != "ADDED":
        return None
    image = renaming.revisions.exact(first[0].uid, first[0].revision)
    return next((at for at, each in enumerate(second) if at and image == each.revision), None)
