"""The part of a plan that is being taken: steps are read as there is room for them, and each is given out once. Pure.

A plan may be longer than memory is large, and tells no waits beyond its reach. So no step is read that lies `window` or
more behind the first one that is not done; what was read and is not held is done.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kproxy.errors import ReplayError
from kproxy.replay.plan import Step

WINDOW = 2048
"""Steps ahead of the first one that is not done: what is independent of a slow one goes on meanwhile."""


@dataclass(slots=True)
class _Held:
    step: Step
    waits: int
    """How many steps it still waits for."""
    followers: list[int] = field(default_factory=list)


class Frontier:
    """See the module. `more` reads steps, `done` is for each that was given out; both give what can be taken now.

    `at_once`: steps that are read by one `more`, at most; None: as many as there is room for.
    """

    def __init__(self, steps: Iterator[Step], window: int = WINDOW, at_once: int | None = None) -> None:
        self._steps = steps
        self._window = window
        self._at_once = at_once
        self._held: dict[int, _Held] = {}
        self._next = 0
        self._exhausted = False

    @property
    def over(self) -> bool:
        """Whether all steps are done."""
        return self._exhausted and not self._held

    @property
    def held(self) -> int:
        """How many steps were read and are not done."""
        return len(self._held)

    @property
    def has_room(self) -> bool:
        """Whether there are steps that may be read."""
        return not self._exhausted and self._next - next(iter(self._held), self._next) < self._window

    def done(self, number: int) -> list[Step]:
        """A step that was given out is done."""
        found: list[Step] = []
        for follower in self._held.pop(number).followers:
            held = self._held[follower]
            held.waits -= 1
            if not held.waits:
                found.append(held.step)
        return found

    def more(self) -> list[Step]:
        """Read on while there is room. ReplayError for a plan that is none."""
        found: list[Step] = []
        until = None if self._at_once is None else self._next + self._at_once
        while self.has_room and self._next != until:
            step = next(self._steps, None)
            if step is None:
                self._exhausted = True
                break
            if step.number != self._next or any(not 0 <= each < step.number for each in step.after):
                raise ReplayError(f"Step {step.number} of the plan waits for what comes later.")
            self._next += 1
            before = [held for each in dict.fromkeys(step.after) if (held := self._held.get(each)) is not None]
            self._held[step.number] = _Held(step, len(before))
            for held in before:
                held.followers.append(step.number)
            if not before:
                found.append(step)
        return found
