"""Two documents walked side by side: the one walker that learning and comparing share."""

from collections.abc import Callable
from typing import Protocol

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.inert import SHARED, plain
from kproxy.renaming.kinds import DATE_COLUMN, Owner, Place, owner_of
from kproxy.renaming.lists import align, align_known
from kproxy.renaming.path import Path
from kproxy.renaming.traces import Trace, Traces, key_of

_CONTAINERS = (dict, list)


class Visitor(Protocol):
    """What is done at each place, but where both sides say the same and no server had a choice."""

    def leaf(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:
        """Two values of which at least one is no container, or two of different types."""

    def removed(self, path: Path, place: Place, baseline: JSON) -> None:
        """A value that only the baseline has."""

    def added(self, path: Path, place: Place, replayed: JSON) -> None:
        """A value that only the replay has."""

    def reordered(self, path: Path, baseline: list[JSON], replayed: list[JSON]) -> None:
        """Two lists of the same elements in another order."""

    def traced(self, path: Path, trace: Trace) -> bool:
        """The leaves of what was walked before, on from a path; whether they are what a walk would come to."""

    def field(self, name: str, baseline: JSONObject, replayed: JSONObject) -> str:
        """What a field of the baseline is called in the replay, which has none of that name."""


class Walker:
    """Walks one exchange's documents; a Table's columns are kept from a stream's first event for the rest.

    `text` renames the baseline's, `said` the replay's (`Renaming.common`); with `traces`, objects that were walked
    before are not walked again. `known_only`: of lists only objects whose counterparts are known are walked.
    """

    def __init__(
        self,
        visitor: Visitor,
        text: Callable[[str], str],
        traces: Traces | None = None,
        said: Callable[[str], str] = str,
        *,
        known_only: bool = False,
    ) -> None:
        self._visitor = visitor
        self._text = text
        self._said = said
        self._traces = traces
        self._align = align_known if known_only else align
        self._columns: list[str] = []

    def see(self, table: JSONObject) -> None:
        """Take a Table's columns: a watch sends them with its first event only."""
        if isinstance(columns := table.get("columnDefinitions"), list):
            self._columns = [_column(each) if isinstance(each, dict) else "" for each in columns]

    def walk(self, baseline: JSON, replayed: JSON, owner: Owner | None = None) -> None:
        """Go through two documents."""
        self._value(None, Place(owner=owner or Owner()), baseline, replayed)

    def inside(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:
        """Go through two documents that stand in texts at a place."""
        self._value(path, place, baseline, replayed)

    def _value(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:
        if isinstance(baseline, dict) and isinstance(replayed, dict):
            if not SHARED.subtree(place, baseline, replayed):
                self._object(path, place, baseline, replayed)
        elif isinstance(baseline, list) and isinstance(replayed, list):
            if not SHARED.subtree(place, baseline, replayed):
                self._list(path, place, baseline, replayed)
        else:
            self._visitor.leaf(path, place, baseline, replayed)

    def _object(self, path: Path, place: Place, baseline: JSONObject, replayed: JSONObject) -> None:
        owner = _owner(baseline, place.owner)
        if (
            owner.uid
            and owner is not place.owner
            and self._traces is not None
            and self._known(path, place, baseline, replayed)
        ):
            return
        fields = place.fields if owner is place.owner else ()
        self.see(baseline)
        known = set()
        for name, value in baseline.items():
            image = name if name in replayed else self._visitor.field(name, baseline, replayed)
            known.add(image)
            if image not in replayed:
                self._visitor.removed((path, name), Place(name, baseline, replayed, owner, "", (*fields, name)), value)
                continue
            other = replayed[image]
            if type(value) is not type(other) or type(value) in _CONTAINERS or value != other or not plain(name, value):
                inner = Place(name, baseline, replayed, owner, "", (*fields, name))
                self._value((path, name), inner, value, other)
        if len(known) == len(replayed) and known == replayed.keys():
            return
        for name, value in replayed.items():
            if name not in known:
                inner = Place(name, baseline, replayed, owner, "", (*fields, name))
                self._visitor.added((path, name), inner, value)

    def _known(self, path: Path, place: Place, baseline: JSONObject, replayed: JSONObject) -> bool:
        """Whether an object with a uid was walked before, or could be so that it need not be again."""
        if self._traces is None or baseline.get("kind") == "Table":
            return False
        if (key := key_of(place.owner, baseline, replayed)) is None:
            return False
        trace = self._traces.find(
            *key, lambda tracer: Walker(tracer, tracer.text).walk(baseline, replayed, place.owner)
        )
        return trace is not None and self._visitor.traced(path, trace)

    def _list(self, path: Path, place: Place, baseline: list[JSON], replayed: list[JSON]) -> None:
        alignment = self._align(place.key, baseline, replayed, self._text, self._said)
        if alignment.reordered:
            self._visitor.reordered(path, baseline, replayed)
        for i, j in alignment.pairs:
            inner = place
            if place.key == "cells" and i is not None and i < len(self._columns):
                column = self._columns[i]
                inner = Place(place.key, place.baseline, place.replayed, place.owner, column, place.fields)
            if i is None and j is not None:
                self._visitor.added((path, j), inner, replayed[j])
            elif i is not None and j is None:
                self._visitor.removed((path, i), inner, baseline[i])
            elif i is not None and j is not None:
                self._value((path, i), inner, baseline[i], replayed[j])


def _column(definition: JSONObject) -> str:
    """A column's name; a custom resource's date is shown as the time since then (additionalPrinterColumns)."""
    name = str(definition.get("name"))
    return DATE_COLUMN if definition.get("type") == "date" and name != "Age" else name


def _owner(value: JSONObject, outer: Owner) -> Owner:
    """Whose the fields of an object are: its own, if it has a uid or is a list."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return outer
    if value.get("kind") == "TokenRequest":  # it shows its account's uid, but times of its own
        return Owner()
    if (owner := owner_of(metadata, outer)) is not None:
        return owner
    kind = value.get("kind")
    if kind == "Table" and not outer.listing and (uid := _only_row(value, metadata.get("resourceVersion"))):
        return Owner(uid, resource=outer.resource)
    if "items" in value or kind == "Table" or (isinstance(kind, str) and kind.endswith("List")):
        return Owner("", listing=True, resource=outer.resource)
    return outer


def _only_row(table: JSONObject, revision: JSON) -> str:
    """The uid of the one object that a Table shows at that object's own revision, "" if it shows a list."""
    rows = table.get("rows")
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
        return ""
    shown = rows[0].get("object")
    metadata = shown.get("metadata") if isinstance(shown, dict) else None
    if not isinstance(metadata, dict) or metadata.get("resourceVersion") != revision:
        return ""
    uid = metadata.get("uid")
    return uid if isinstance(uid, str) else ""
