"""An object as its fields: each path with its value."""

from kproxy.fields.paths import FieldPath, field_step
from kproxy.fields.shape import Shape
from kproxy.model.jsontypes import JSON, JSONObject

type Leaves = dict[FieldPath, JSON]

MAX_LEAVES = 100_000
"""Fields of one object at most; what is beyond them stays one value, where it stands."""

_LEFT_OUT: tuple[FieldPath, ...] = (("f:metadata", "f:managedFields"), ("f:metadata", "f:resourceVersion"))
"""managedFields says of the other fields what their history says too; a resourceVersion is the change's revision."""


def leaves_of(document: JSONObject, shape: Shape) -> Leaves:
    """Each plain value, empty container, and list of plain values, by its path; in the object's order."""
    found: Leaves = {}
    _gather(document, (), shape, found)
    return found


def _gather(value: JSON, path: FieldPath, shape: Shape, found: Leaves) -> None:
    if isinstance(value, dict) and value and len(found) < MAX_LEAVES:
        for name, below in value.items():
            inner = (*path, field_step(name))
            if inner not in _LEFT_OUT:
                _gather(below, inner, shape, found)
    elif isinstance(value, list) and value and len(found) < MAX_LEAVES:
        steps = shape.steps(path, value)
        if steps is None:
            found[path] = value
            return
        for step, below in zip(steps, value, strict=True):
            _gather(below, (*path, step), shape, found)
    elif path:
        found[path] = value
