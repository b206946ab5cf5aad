"""What a walk of two documents came to, remembered: documents recur, and objects in lists, answers and events.

Only a walk that asked the renaming nothing is remembered: it comes to the same whatever is learned later. Then what it
led to is a row of leaves, and learning and comparing take those instead of two documents.
"""

import marshal
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import Kind, Owner, Place, classify
from kproxy.renaming.path import Path

_MOST = 1 << 22
"""Bytes of documents whose traces are remembered, about: with them, parts of the documents stay in memory."""

_LARGEST = 1 << 16
_BY_UID = 'k:{"uid":'
"""How managedFields names an owner, by its uid (sigs.k8s.io/structured-merge-diff, fieldpath/serialize-pe.go)."""

_FORMAT = 2  # of marshal: equal values give equal bytes


class Leaf(NamedTuple):
    """Two values at a place within what was walked, and the kind of them."""

    path: Path
    place: Place
    kind: Kind | None
    baseline: JSON
    replayed: JSON


class Trace(NamedTuple):
    """What a walk came to: `leaves`, if of `fields` each name becomes the other one."""

    leaves: tuple[Leaf, ...]
    fields: tuple[tuple[str, str], ...] = ()

    def holds(self, text: Callable[[str], str]) -> bool:
        """Whether a walk would come to these leaves; `text` renames the baseline's."""
        return all(text(name) == image for name, image in self.fields)


class AskedTheRenaming(Exception):  # noqa: N818 - no error, but the end of a walk
    """What the walk leads to depends on what is known of names, or it is no row of leaves."""


class Tracer:
    """A visitor that gathers leaves."""

    def __init__(self) -> None:
        self._leaves: list[Leaf] = []
        self._fields: list[tuple[str, str]] = []

    @property
    def trace(self) -> Trace:
        """What was gathered."""
        return Trace(tuple(self._leaves), tuple(self._fields))

    def leaf(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:
        """One more."""
        self._leaves.append(Leaf(path, place, classify(place, baseline, replayed), baseline, replayed))

    def removed(self, path: Path, place: Place, baseline: JSON) -> None:  # noqa: ARG002 - a Visitor
        """No leaf."""
        raise AskedTheRenaming

    def added(self, path: Path, place: Place, replayed: JSON) -> None:  # noqa: ARG002 - a Visitor
        """No leaf."""
        raise AskedTheRenaming

    def reordered(self, path: Path, baseline: list[JSON], replayed: list[JSON]) -> None:  # noqa: ARG002 - a Visitor
        """No leaf."""
        raise AskedTheRenaming

    def traced(self, path: Path, trace: Trace) -> bool:
        """What was walked before."""
        self._leaves += (Leaf((path, each.path), *each[1:]) for each in trace.leaves)
        self._fields += trace.fields
        return True

    def field(self, name: str, baseline: JSONObject, replayed: JSONObject) -> str:
        """What most probably stands for a field that only the baseline has: each owned object has one."""
        if name.startswith(_BY_UID):
            there = [each for each in replayed if each.startswith(_BY_UID) and each not in baseline]
            here = [each for each in baseline if each.startswith(_BY_UID) and each not in replayed]
            if len(here) == len(there) == 1 and baseline[name] == replayed[there[0]]:
                self._fields.append((name, there[0]))
                return there[0]
        raise AskedTheRenaming(name)

    @staticmethod
    def text(value: str) -> str:
        """What stands for a text: not to be known here."""
        raise AskedTheRenaming(value)


class Traces:
    """The traces of the documents and objects that were walked last."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._size = 0
        self._known: OrderedDict[Hashable, tuple[Trace | None, int]] = OrderedDict()

    def find(self, key: Hashable, size: int, walk: Callable[[Tracer], None]) -> Trace | None:
        """The trace of what `walk` goes through, of about `size` bytes; None where there is none to be had."""
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found[0]
        tracer = Tracer()
        try:
            walk(tracer)
        except AskedTheRenaming:
            trace, size = None, 0
        else:
            trace = tracer.trace
        size += 500
        self._known[key] = trace, size
        self._size += size
        while self._size > self._most and len(self._known) > 1:
            self._size -= self._known.popitem(last=False)[1][1]
        return trace


def key_of(owner: Owner, baseline: JSONObject, replayed: JSONObject) -> tuple[Hashable, int] | None:
    """What an object's trace is remembered by, and its size; None for one that is too large, or has no such form."""
    try:
        first, second = marshal.dumps(baseline, _FORMAT), marshal.dumps(replayed, _FORMAT)
    except ValueError:
        return None
    if len(first) > _LARGEST:
        return None
    return (hash(first), hash(second), owner.resource, owner.revision), len(first) + len(second)
