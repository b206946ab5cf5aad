"""Who last set each field of an object: the versions of its key, gone through once, compared field by field."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from kproxy.fields.changes import field_changes
from kproxy.fields.leaves import Leaves, leaves_of
from kproxy.fields.paths import FieldPath
from kproxy.fields.shape import Shape
from kproxy.history.stored import Stored, after, before
from kproxy.history.versions import missing_between
from kproxy.model.attribution import LedgerEntry
from kproxy.model.etcd import ChangeType, KeyChange
from kproxy.model.jsontypes import JSON
from kproxy.model.recording import Recording

BEFORE = -1
"""The place of what was there before the session's first change."""

MISSING = -2
"""That of changes which are not in the recording: in a gap, or with a value that it has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBlame:
    """A field, its value, and the place (among the steps) of the change that last set it, BEFORE or MISSING."""

    path: FieldPath
    value: JSON
    setter: int


@dataclass(frozen=True, slots=True)
class Step:
    """A change as blame sees it: the state that it left, and whether it made the object (or took it away).

    `found` is the state that the change itself found, where changes before it are not in the recording.
    """

    load: Callable[[], Stored]
    begins: bool
    found: Callable[[], Stored] | None = None


def steps_of(recording: Recording, entries: Iterable[LedgerEntry]) -> list[Step]:
    """The changes of a key as steps; values are decoded when they are asked for."""
    steps, last = [], None
    for entry in entries:
        lacks = last is not None and missing_between(last, entry.change)
        found = partial(before, recording, entry.change) if lacks else None
        steps.append(Step(partial(after, recording, entry.change), _begins(entry.change), found))
        last = entry
    return steps


def _begins(change: KeyChange) -> bool:
    return change.type is ChangeType.DELETE or change.create_revision == change.revision


@dataclass(slots=True)
class Blame:
    """An object's fields with their setters. `steps` are its changes in order, up to the moment asked for.

    `first` is what was there before them. `incarnation` is the place of the change that made this very object, BEFORE
    where that was before the session.
    """

    first: Stored
    steps: Sequence[Step]
    shape: Shape = field(default_factory=Shape)
    incarnation: int = BEFORE
    state: Stored = field(default_factory=Stored)
    touched: dict[FieldPath, int] = field(default_factory=dict)
    _leaves: Leaves = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.steps:
            self.shape.learn(self.steps[-1].load().document)
        self._begin(BEFORE, self.first)
        for place, step in enumerate(self.steps):
            self._see(place, step)

    def fields(self) -> list[FieldBlame]:
        """Every field of the object as it is at the end."""
        return [FieldBlame(path=path, value=value, setter=self.setter(path)) for path, value in self._leaves.items()]

    def setter(self, path: FieldPath) -> int:
        """The last change of a field, or of anything in it."""
        return self.touched.get(path, self.incarnation)

    def after(self, place: int) -> Stored:
        """What there was after one of the changes (BEFORE: before the first)."""
        return self.first if place < 0 else self.steps[place].load()

    def _begin(self, place: int, state: Stored) -> None:
        self.incarnation, self.state = place, state
        self.touched.clear()
        self._leaves = self._leaves_of(state)

    def _see(self, place: int, step: Step) -> None:
        now = step.load()
        if step.found is not None:
            self._skip(step.found())
        is_new = step.begins or self.state.is_gone or now.uid != self.state.uid
        if now.document is None or self.state.document is None or is_new:
            unknown = not step.begins and self.state.document is None and not self.state.is_gone
            self._begin(MISSING if unknown else place, now)
            return
        leaves = self._leaves_of(now)
        self._touch(place, (each.path for each in field_changes(self._leaves, leaves)))
        self.state, self._leaves = now, leaves

    def _skip(self, found: Stored) -> None:
        """What differs between the last known state and what the next change found was set in between."""
        if self.state.document is None or found.document is None or found.uid != self.state.uid:
            self._begin(MISSING, found)
            return
        leaves = self._leaves_of(found)
        self._touch(MISSING, (each.path for each in field_changes(self._leaves, leaves)))
        self.state, self._leaves = found, leaves

    def _touch(self, place: int, paths: Iterable[FieldPath]) -> None:
        for path in paths:
            for length in range(1, len(path) + 1):
                self.touched[path[:length]] = place

    def _leaves_of(self, state: Stored) -> Leaves:
        if state.document is None:
            return {}
        self.shape.learn(state.document)
        return leaves_of(state.document, self.shape)
