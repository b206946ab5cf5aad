"""managedFields: which manager owns which field, as an object says it of itself.

Source: FieldsV1 in k8s.io/apimachinery/pkg/apis/meta/v1/types.go and sigs.k8s.io/structured-merge-diff. A set is a tree
of steps; a node is a member when it has the child `.` or no children.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kproxy.fields.events import EVENT_FIELDS, NEW_EVENTS
from kproxy.fields.paths import FieldPath, canonical_step, keys_of
from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON, JSONObject, text

MAX_DEPTH = 100
"""Steps of a path at most: what is deeper is left out."""

_OF_OLD_EVENTS = {f"f:{new}": f"f:{old}" for old, new in EVENT_FIELDS.items()}

type Tree = dict[str, "Tree"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """One entry of managedFields; `time` is when it last changed what it owns, RFC 3339, "" if it does not say."""

    name: str
    operation: str  # Update | Apply
    subresource: str
    api_version: str
    time: str
    fields: Tree

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells it apart within an object, but for the version it wrote."""
        return self.name, self.operation, self.subresource

    def node(self, path: FieldPath) -> Tree | None:
        """The subtree at a path, None where its set has none."""
        found: Tree | None = self.fields
        for step in path:
            found = found.get(step) if found is not None else None
        return found


def managers_of(document: JSON) -> tuple[Manager, ...]:
    """Those of an object, in its order; what is no entry of managedFields is passed by."""
    entries = metadata_of(document).get("managedFields")
    version = document.get("apiVersion") if isinstance(document, dict) else ""
    return (
        tuple(_manager(each, version) for each in entries if isinstance(each, dict))
        if isinstance(entries, list)
        else ()
    )


def _manager(entry: JSONObject, version: JSON) -> Manager:
    fields = _tree(entry.get("fieldsV1"), MAX_DEPTH)
    if (entry.get("apiVersion"), version) == (NEW_EVENTS, "v1"):
        fields = {_OF_OLD_EVENTS.get(step, step): below for step, below in fields.items()}
    return Manager(
        name=text(entry.get("manager")),
        operation=text(entry.get("operation")),
        subresource=text(entry.get("subresource")),
        api_version=text(entry.get("apiVersion")),
        time=text(entry.get("time")),
        fields=fields,
    )


def _tree(value: JSON, depth: int) -> Tree:
    if not isinstance(value, dict) or not depth:
        return {}
    return {canonical_step(step): _tree(below, depth - 1) for step, below in value.items()}


@dataclass(frozen=True, slots=True)
class Owned:
    """The part of an object that the managers of a field see as one value (the field itself, or what encloses it)."""

    path: FieldPath
    managers: tuple[Manager, ...]


def owned(managers: tuple[Manager, ...], path: FieldPath) -> Owned | None:
    """Who owns a field; None when nobody does.

    A member without children owns all below it, unless another set goes deeper there: then it is no atom.
    """
    for length in range(len(path), 0, -1):
        upper = path[:length]
        nodes = [(manager, node) for manager in managers if (node := manager.node(upper)) is not None]
        if not nodes:
            continue
        if length < len(path) and any(set(node) - {"."} for _, node in nodes):
            return None
        return Owned(upper, tuple(manager for manager, node in nodes if not node or "." in node or length == len(path)))
    return None


def list_hints(managers: tuple[Manager, ...]) -> Iterator[tuple[FieldPath, tuple[str, ...]]]:
    """What their sets tell of lists: the path without elements, and the names of the keys; () for a set."""
    for manager in managers:
        yield from _hints(manager.fields, ())


def _hints(tree: Tree, place: FieldPath) -> Iterator[tuple[FieldPath, tuple[str, ...]]]:
    for step, below in tree.items():
        if step.startswith("f:"):
            yield from _hints(below, (*place, step))
        elif keys := keys_of(step):
            yield place, tuple(keys)
            yield from _hints(below, place)
        elif step.startswith("v:"):
            yield place, ()
