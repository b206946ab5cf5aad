"""What steps meet in: scopes, and who waits for whom in each. Pure; small whatever the recording's length.

A scope is anything that requests share: an object, a resource's objects in a namespace, the rights that are granted. A
step touches it in one of three ways:

- READ: it sees what is there. Readers do not wait for each other.
- PART: it changes a part, and says nothing of the others. Writers of parts do not wait for each other.
- WHOLE: it changes, or depends on, all of it. It waits for everything before it, and everything after waits for it.

So the touches of a scope fall into groups, one after the other: each member waits for the whole group before its own.
That orders every two steps that conflict, in both directions, and keeps only the last two groups.
"""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

type Scope = tuple[str, ...]
"""What is shared: the kind of scope, and what it is called."""

_FEW = 8
"""A group of this many is named member by member. Of a larger one the first member that waited for it is named."""


class Mode(Enum):
    """How a step touches a scope."""

    READ = "read"
    PART = "part"
    WHOLE = "whole"


class Touch(NamedTuple):
    """That a step touches a scope."""

    scope: Scope
    mode: Mode


class _Groups:
    """The last two groups of a scope."""

    __slots__ = ("before", "mode", "now")

    def __init__(self, mode: Mode, number: int) -> None:
        self.mode = mode
        self.now = [number]
        self.before: list[int] = []

    def waited(self, mode: Mode) -> list[int]:
        """Whom a touch in this mode waits for."""
        if mode is not self.mode or mode is Mode.WHOLE:
            return self.now
        return self.before if len(self.before) <= _FEW else self.now[:1]

    def join(self, number: int, mode: Mode) -> list[int]:
        """Take a step in; whom it waits for."""
        waited = self.waited(mode)
        if mode is not self.mode or mode is Mode.WHOLE:
            self.before, self.now, self.mode = self.now, [number], mode
        else:
            self.now.append(number)
        return waited


class Scopes:
    """All scopes that steps touched lately.

    `reach`: how many steps back anything is remembered; what lies farther back is done before a step is taken (plan.py
    says why). None: everything is remembered.
    """

    def __init__(self, reach: int | None) -> None:
        self._reach = reach
        self._groups: dict[Scope, _Groups] = {}
        self._swept = 0

    def take(self, number: int, touches: Iterable[Touch]) -> dict[int, Scope]:
        """The steps that a step waits for, each with the scope where they meet; the step is one of those met then."""
        self._sweep(number)
        found: dict[int, Scope] = {}
        known = self._groups
        for scope, mode in touches:
            groups = known.get(scope)
            if groups is None:
                known[scope] = _Groups(mode, number)
                continue
            for earlier in groups.join(number, mode):
                found.setdefault(earlier, scope)
        found.pop(number, None)
        return found

    def look(self, touches: Iterable[Touch]) -> dict[int, Scope]:
        """The steps that a step would wait for that nobody waits for."""
        found: dict[int, Scope] = {}
        for scope, mode in touches:
            if (groups := self._groups.get(scope)) is not None:
                for number in groups.waited(mode):
                    found.setdefault(number, scope)
        return found

    def knows(self, scope: Scope) -> bool:
        """Whether a step touched a scope lately."""
        return scope in self._groups

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._groups)

    def _sweep(self, number: int) -> None:
        """Forget what is out of reach, once in a while."""
        if self._reach is None or number - self._swept < self._reach:
            return
        self._swept, floor = number, number - self._reach
        for scope, groups in list(self._groups.items()):
            groups.now = [each for each in groups.now if each >= floor]
            groups.before = [each for each in groups.before if each >= floor]
            if not groups.now:
                del self._groups[scope]
