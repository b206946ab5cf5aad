"""managedFields: which manager set which field.

The rules are those of structured-merge-diff for writes that are no apply: a manager owns what its write added or
changed, the others lose that; what is gone nobody owns. Sets of paths instead of its tries: objects here are small.
What cannot be told from the JSON alone, which lists are keyed and which objects are maps, is in schema.py.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from kproxy.lab.emulated.schema import ATOMIC, ATOMIC_ITEMS, LIST_KEYS, MAPS, SETS
from kproxy.lab.emulated.tree import clone, peek
from kproxy.model.jsontypes import JSON, JSONObject

type Path = tuple[str, ...]

_STRIPPED = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "generation",
                "managedFields",
                "resourceVersion",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
            )
        ),
    }
)
"""Fields that nobody manages (k8s.io/apimachinery/pkg/util/managedfields/internal/stripmeta.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who writes: the manager, the object's apiVersion, the subresource ("" if none), the time as RFC 3339."""

    manager: str
    api_version: str
    subresource: str
    now: str


def manager_name(field_manager: str, user_agent: str) -> str:
    """The manager's name: what the request says, else its User-Agent up to the slash."""
    name = field_manager or user_agent.partition("/")[0]
    return "".join(char for char in name if char.isprintable())[:128] or "unknown"


def record_write(
    old: JSONObject | None, new: JSONObject, writer: Writer, reset: tuple[str, ...], empty: JSONObject
) -> list[JSON]:
    """The managedFields of `new`, written over `old` (None: it is new).

    `reset`: the top fields that this endpoint does not write; `empty`: what Go writes of an object of this kind that
    has nothing, as no write adds that.
    """
    if old is not None and not _entries(old):
        return []  # what had no manager when it was made gets none by a later write
    before = _leaves(old if old is not None else empty, reset)
    after = _leaves(new, reset)
    everything = after.keys() | (_leaves(new, ()).keys())
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    entries: list[JSON] = []
    mine: set[Path] = set(changed)
    found = False
    for entry in _entries(old):
        owned = set(read_fields(peek(entry, "fieldsV1")))
        if _is_writer(entry, writer):
            found = True
            kept = (owned & everything) | mine
            stamp = writer.now if kept != owned else peek(entry, "time")
            entries += _entry(entry | {"time": stamp}, kept)
        else:
            entries += _entry(entry, (owned & everything) - changed)
    if not found:
        fresh: JSONObject = {
            "manager": writer.manager,
            "operation": "Update",
            "apiVersion": writer.api_version,
            "time": writer.now,
            "fieldsType": "FieldsV1",
            "fieldsV1": {},
        }
        if writer.subresource:
            fresh["subresource"] = writer.subresource
        entries += _entry(fresh, mine)
    return sorted(entries, key=_order)


def fields_v1(paths: set[Path]) -> JSONObject:
    """A set of paths as FieldsV1: nested, `.` for a node that is itself a member and has members below."""
    root: JSONObject = {}
    for path in sorted(paths):
        node = root
        for step in path:
            below = node.setdefault(step, {})
            if not isinstance(below, dict):
                raise TypeError("a node of FieldsV1 is always an object")
            node = below
    for path in paths:
        node = root
        for step in path:
            below = node[step]
            if isinstance(below, dict):
                node = below
        if node:
            node["."] = {}
    return _sorted(root)


def read_fields(fields: JSON, prefix: Path = ()) -> Iterator[Path]:
    """The set of paths that a FieldsV1 is."""
    if not isinstance(fields, dict):
        return
    for step, below in fields.items():
        if step == ".":
            yield prefix
        elif below == {}:
            yield (*prefix, step)
        else:
            yield from read_fields(below, (*prefix, step))


def _leaves(value: JSONObject, reset: tuple[str, ...]) -> dict[Path, JSON]:
    top = {key: item for key, item in value.items() if key not in reset}
    walk = _walk(top, (), ())
    return {path: leaf for path, leaf in walk if path and path[:1] not in _STRIPPED and path[:2] not in _STRIPPED}


def _walk(value: JSON, path: Path, place: Path) -> Iterator[tuple[Path, JSON]]:
    """Members of the set with their values. `place` is the path without f: and list positions, as schema.py has it."""
    if place in ATOMIC or not isinstance(value, dict | list):
        yield path, value
    elif isinstance(value, dict):
        yield path, None
        for key, item in value.items():
            yield from _walk(item, (*path, f"f:{key}"), (*place, "*" if place in MAPS else key))
    elif place in SETS:
        yield path, None
        for item in value:
            yield (*path, f"v:{json.dumps(item)}"), item
    elif place in LIST_KEYS:
        yield path, None
        for item in value:
            yield from _walk_item(item, path, place)
    else:
        yield path, value


def _walk_item(item: JSON, path: Path, place: Path) -> Iterator[tuple[Path, JSON]]:
    if not isinstance(item, dict):
        return
    keys = {key: item[key] for key in LIST_KEYS[place] if key in item}
    step = f"k:{json.dumps(keys, separators=(',', ':'))}"
    if place in ATOMIC_ITEMS:
        yield (*path, step), item
        return
    yield (*path, step), None
    for key, below in item.items():
        if below is not None:
            yield from _walk(below, (*path, step, f"f:{key}"), (*place, key))


def _entries(value: JSONObject | None) -> list[JSONObject]:
    managed = peek(value, "metadata", "managedFields") if value is not None else None
    return [clone(entry) for entry in managed if isinstance(entry, dict)] if isinstance(managed, list) else []


def _is_writer(entry: JSONObject, writer: Writer) -> bool:
    return (
        entry.get("operation") == "Update"
        and entry.get("manager") == writer.manager
        and entry.get("apiVersion") == writer.api_version
        and entry.get("subresource", "") == writer.subresource
    )


def _entry(entry: JSONObject, owned: set[Path]) -> list[JSON]:
    return [entry | {"fieldsV1": fields_v1(owned)}] if owned else []


def _order(entry: JSON) -> tuple[str, ...]:
    parts = (
        (peek(entry, name) for name in ("operation", "time", "manager", "apiVersion", "subresource"))
        if isinstance(entry, dict)
        else ()
    )
    return tuple(str(part or "") for part in parts)


def _sorted(node: JSONObject) -> JSONObject:
    return {key: _sorted(item) if isinstance(item, dict) else item for key, item in sorted(node.items())}
