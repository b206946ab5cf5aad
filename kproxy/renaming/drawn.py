"""What servers drew, by the object that it is drawn for; and names of the replay that stand for one of the baseline's.

Once an object is gone, its name, its address and its port may be drawn again. Among 27**5 names that hardly ever comes;
a session of some hundred pods of one template has it once in some hundred recordings, and as often in a replay
(k8s.io/apiserver/pkg/storage/names); of the 254 addresses of a small range it comes soon.
"""

from collections.abc import Mapping

from kproxy.renaming.bijection import Bijection
from kproxy.renaming.lessons import WITHIN
from kproxy.renaming.text import Names, rename_names, rename_ports

_MOST_AGAIN = 64
"""Names that are taken for ones that were drawn again, at most: looking for each takes a while."""


class Drawn:
    """Each drawn value's image where it was drawn, for one object (by its uid) or in a namespace: there, one to one."""

    def __init__(self, hot: int) -> None:
        self._hot = hot
        self._own = Bijection(large=True, hot=hot)
        """By uid and value on both sides, in one map: there is one for each object."""
        self._places: dict[str, Bijection] = {}
        self._looked = 0

    def learn(self, where: str, baseline: str, replayed: str, weight: int) -> bool:
        """One more place (`lessons.drawn_in`) where they stand for each other; whether that is news that stands."""
        found, whose = self._map(where)
        return found.learn(whose + baseline, whose + replayed, weight)

    def agrees(self, where: str, baseline: str, replayed: str) -> bool | None:
        """Whether they stand for each other there; None where nothing told of either."""
        found, whose = self._map(where)
        image = found.image(whose + baseline)
        if image is None:
            return None if found.origin(whose + replayed) is None else False
        return image == whose + replayed

    def _map(self, where: str) -> tuple[Bijection, str]:
        """What was drawn in a place, and what stands before each value there."""
        if where.endswith(WITHIN):
            return self._own, where
        found = self._places.get(where)
        if found is None:
            found = self._places[where] = Bijection(large=True, hot=self._hot)
        return found, ""

    def is_again(self, where: str, baseline: str, before: str) -> bool:
        """Whether a value was drawn for another object, too, and was `before` there."""
        if not where.endswith(WITHIN) or self._looked >= _MOST_AGAIN:
            return False
        self._looked += 1
        for key, image in self._own.items():
            uid, _, value = key.partition(WITHIN)
            if value == baseline and image == f"{uid}{WITHIN}{before}" and uid + WITHIN != where:
                return True
        return False

    def settle(self) -> bool:
        """Decide by votes; whether that took its image from any value."""
        changed = [each.settle() for each in (self._own, *self._places.values())]
        return any(changed)

    def close(self) -> None:
        """Take all pairs away, and their files."""
        for each in (self._own, *self._places.values()):
            each.close()


class Merged:
    """Values of the replay that stand, one after the other, for one of the baseline's: of all, the last is said."""

    def __init__(self, pairs: Mapping[str, str] | None = None) -> None:
        self.pairs: dict[str, str] = {}
        """Each value that is not said any more, and the one that is."""
        self._others: dict[str, list[str]] = {}
        """The same, the other way."""
        self._names: Names | None = None
        for before, now in (pairs or {}).items():
            self.add(before, now)

    def add(self, before: str | None, now: str | None) -> None:
        """`now` was drawn for what had been `before`; where either is not known, or both are one, nothing changes."""
        if before is None or now is None or before == now:
            return
        others = self._others.pop(now, [])
        for end in {self.said(before), self.said(now)} - {now}:
            others += (end, *self._others.pop(end, ()))
        others = [each for each in others if each != now]
        self.pairs |= dict.fromkeys(others, now)
        self.pairs.pop(now, None)
        self._others[now] = others
        self._names = None

    def text(self, value: str) -> str:
        """A text of the replay, with the last ones in the place of all others."""
        if not self.pairs:
            return value
        if self._names is None:  # ports are renamed where something says that they are some
            self._names = Names(self.pairs.get, (each for each in self.pairs if not each.isdecimal()))
        return rename_names(rename_ports(value, self.pairs), self._names)

    def said(self, value: str) -> str:
        """The last one of those that stand for what a value stands for."""
        return self.pairs.get(value, value)

    def are_one(self, first: str, second: str) -> bool:
        """Whether two values stand for one."""
        return first == second or self.said(first) == self.said(second)
