"""Which recorded event of a watch a live one stands for, while both go on: what it teaches holds for all after it.

So a pair is made only where it is certain: the same type, the same object's name, the version that is known to be its
image where it is known. What has no counterpart teaches nothing: an api-server renews leases of its own as often as it
sees fit, and each of them would be taken for another object's.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kproxy.model.jsontypes import text
from kproxy.renaming.derived import drawn_for
from kproxy.renaming.kinds import Kind, Owner
from kproxy.renaming.learn import Learner
from kproxy.renaming.renaming import Renaming
from kproxy.replay.expected import Expected
from kproxy.replay.issued import bind_issued
from kproxy.replay.watched import metadata_in, name_of, revision_of
from kproxy.wire.watchevents import WatchEvent

_MOST_UNNAMED = 4_096
"""Live events of generated names that nobody has told yet."""


_NONE: deque[Expected] = deque()


class _Known(NamedTuple):
    """A recorded name, and the uid of the live object that it is known of."""

    name: str
    uid: str


class WatchLearner:
    """Puts a live watch's events beside the recorded ones as they come.

    A name that the server made is known from the answer that told it, and whose it is by the uid: a recorded name may
    be drawn here for another object (two servers that draw some hundred names each have one in common now and then),
    and a name for one more object when the one that had it is gone.
    Where no answer did by the time that `settle` is called, and one object alone that was drawn for the same is left on
    both sides, that is the one; but not while answers that will tell it are on their way (`making`), and none that is
    told to be another recorded object: its versions would stand for those of one that is still to come.
    """

    def __init__(
        self,
        renaming: Renaming,
        recorded: Sequence[Expected],
        resource: str = "",
        making: Callable[[], bool] = lambda: False,
    ) -> None:
        self._renaming = renaming
        self._learner = Learner(renaming)
        self._resource = resource
        self._making = making
        self._left: dict[tuple[str, str], deque[Expected]] = {}
        self._names: dict[str, _Known] = {}
        """Recorded names, by the live ones that they are known to have become: a drawn one by its last object's."""
        self._live: dict[str, str] = {}
        """The same, the other way."""
        self._unknown: dict[str, str] = {}
        """Recorded names that nothing came for, each with what it was drawn for, "" if it was not."""
        self._unnamed: list[WatchEvent] = []
        self._given_up: set[int] = set()
        """Recorded events that were waited for in vain, by their ids."""
        self._late = 0
        self._by_uid: dict[str, str] = {}
        """The recorded names of objects, by their uids."""
        for event in recorded:
            self._by_uid[event.uid] = event.name
            self._left.setdefault((event.type, event.name), deque()).append(event)
            self._unknown.setdefault(event.name, event.drawn)

    @property
    def complete(self) -> bool:
        """Whether each recorded event has come, but for an api-server's own heartbeats."""
        return not any(left[0].counts for left in self._left.values() if left)

    def left(self, among: Sequence[Expected]) -> Iterator[Expected]:
        """Those of these recorded events that have not come."""
        left = {id(event) for events in self._left.values() for event in events}
        return (event for event in among if id(event) in left)

    def give_up(self, among: Sequence[Expected]) -> None:
        """Those of these recorded events that have not come were waited for in vain: whoever says so keeps them."""
        self._given_up = {id(event) for event in self.left(among)}

    def made_up(self) -> int:
        """How many of those came after all, since this was asked."""
        late, self._late = self._late, 0
        return late

    def name_here(self, event: Expected) -> str | None:
        """The namespace and name that a recorded event's object has here; None: nobody told."""
        if event.name in self._unknown:
            image = self._renaming.text(event.name)
            return None if image == event.name and event.drawn else image
        return self._live.get(event.name)

    def came(self, event: WatchEvent) -> None:
        """One more event came."""
        name = self._recorded_name(event)
        if name is not None:
            self._learn(name, event)
        elif _drawn(event) and self._told(event) is None and len(self._unnamed) < _MOST_UNNAMED:
            self._unnamed.append(event)

    def settle(self) -> None:
        """What was awaited has come."""
        waiting, self._unnamed = self._unnamed, []
        for event in waiting:
            live, prefix = name_of(event), _drawn(event)
            if self._recorded_name(event) is None and not self._making():
                untold = {name_of(other) for other in waiting if _drawn(other) == prefix and self._told(other) is None}
                alike = untold - self._names.keys()
                same = [name for name, made in self._unknown.items() if self._is_unknown(name, made, prefix)]
                if alike == {live} and len(same) == 1:
                    self._know(live, same[0], _uid(event))
            self.came(event)

    def _told(self, event: WatchEvent) -> str | None:
        """The uid of the recorded object that a live one is known to stand for."""
        return self._renaming.origin(Kind.UID, _uid(event))

    def _is_unknown(self, name: str, made: str, prefix: str) -> bool:
        """Whether a recorded name was made from this prefix, and no answer told what it became."""
        return bool(made) and self._renaming.text(made) == prefix and self._renaming.text(name) == name

    def _recorded_name(self, event: WatchEvent) -> str | None:
        live = name_of(event)
        known, uid = self._names.get(live), _uid(event)
        if known is not None and known.uid == uid:
            return known.name
        if drawn := _drawn(event):
            if (told := self._told(event)) is not None:
                name = self._by_uid.get(told)
                return self._know(live, name, uid) if name is not None else None
            if self._making():
                return None
        if known is not None:
            return None if drawn else known.name
        if live in self._unknown and self._renaming.text(live) == live:
            return self._know(live, live, uid)
        found = next((name for name in self._unknown if self._renaming.text(name) == live), None)
        return found if found is None else self._know(live, found, uid)

    def _know(self, live: str, recorded: str, uid: str) -> str:
        self._names[live] = _Known(recorded, uid)
        self._live[recorded] = live
        self._unknown.pop(recorded, None)  # known before, if it was drawn again
        return recorded

    def _learn(self, name: str, event: WatchEvent) -> None:
        left = self._left.get((event.type, name), _NONE)
        while (at := self._next_of(event, left)) is not None:
            recorded = left[at]
            del left[at]
            image = self._image(recorded)
            if image is None or image == revision_of(event):
                shown = recorded.read().object
                bind_issued(self._renaming, shown, event.object)
                self._learner.learn(shown, event.object, Owner(resource=self._resource))
                if image is not None or not left:  # else it may be a later one, and the earlier was never shown
                    self._late += id(recorded) in self._given_up
                return
            if image > revision_of(event):  # what comes before it was never recorded
                left.insert(at, recorded)
                return

    def _next_of(self, event: WatchEvent, left: Sequence[Expected]) -> int | None:
        """Where the next recorded event is that may be this one: of the same object, if it is known which that is."""
        told = self._told(event) if left else None
        return next((at for at, each in enumerate(left) if told is None or each.uid in {"", told}), None)

    def _image(self, recorded: Expected) -> int | None:
        """What an object's version is known to have become."""
        return self._renaming.revisions.exact(recorded.uid, recorded.revision) if recorded.uid else None


def _uid(event: WatchEvent) -> str:
    """The object's, "" if it has none."""
    return text(metadata_in(event.object).get("uid"))


def _drawn(event: WatchEvent) -> str:
    """What the object's name was drawn for, "" if it was not."""
    return drawn_for(metadata_in(event.object))
