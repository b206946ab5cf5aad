"""Which element of one list stands beside which of the other: by Kubernetes's list keys, else by index."""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.derived import drawn_for, looks_drawn

_OBJECTS_KEYS = (
    "name",
    "type",
    "uid",
    "key",
    "containerPort",
    "port",
    "ip",
    "mountPath",
    "topologyKey",
    "kind",
    "verb",
)
_DISCOVERY_KEYS = ("resource", "subresource", "version")
_COMPOSED = {
    "managedFields": ("manager", "operation", "apiVersion", "subresource"),
    "x-kubernetes-group-version-kind": ("group", "version", "kind"),
}
"""Fields that tell the elements of some lists apart only together."""

_KEYS = (*_OBJECTS_KEYS, *_DISCOVERY_KEYS)
"""Fields that tell elements apart, in the order of trust (`patchMergeKey` and `listMapKey` in k8s.io/api)."""

_OBJECTS = frozenset({"items", "rows"})
_REFERRING = frozenset({"endpoints", "addresses", "notReadyAddresses"})
"""Lists of endpoints, which tell the pods behind them (EndpointSlice, Endpoints)."""
_SETS = frozenset({"resourceRules", "nonResourceRules"})
_VALUES = frozenset({"enum", "required"})
"""Lists of OpenAPI's schemas whose elements are themselves what tells them apart."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pairs of indexes (None: not there). `reordered`: what stands in both lists stands in another order."""

    pairs: tuple[tuple[int | None, int | None], ...]
    reordered: bool = False


def align(
    field: str,
    baseline: list[JSON],
    replayed: list[JSON],
    text: Callable[[str], str],
    said: Callable[[str], str] = str,
) -> Alignment:
    """Put two lists of the field `field` side by side; `text` renames the baseline's keys, `said` the replay's."""
    if len(baseline) == len(replayed) and _is_obvious(field, baseline, replayed):
        return Alignment(tuple((i, i) for i in range(len(baseline))))
    keys = _keys(field, baseline, text)
    others = _keys(field, replayed, said)
    if keys is not None and others is None and (again := _repeated(_object_keys(field, replayed))):
        return _without(again, len(baseline), len(replayed))
    if keys is None or others is None:
        return _by_index(len(baseline), len(replayed))
    if field in _OBJECTS and (_repeated(keys) or _repeated(others)):  # their own names differ, but are one by now
        keys = [f"{key} {text(uid)}" for key, uid in zip(keys, _uids(field, baseline), strict=True)]
        others = [f"{key} {uid}" for key, uid in zip(others, _uids(field, replayed), strict=True)]
    if keys == others:
        return Alignment(tuple((i, i) for i in range(len(keys))))
    if field in _OBJECTS:
        _pair_drawn(keys, others, _stems(field, baseline, text), _stems(field, replayed, said))
    drawn = _keys(field, baseline, str) or [], _keys(field, replayed, str) or []
    return _by_key(keys, others, fixed=not _sorted_by_server(field, *drawn))


def align_known(
    field: str,
    baseline: list[JSON],
    replayed: list[JSON],
    text: Callable[[str], str],
    said: Callable[[str], str] = str,
) -> Alignment:
    """The same, but that an object stands beside none but the one that it is known to be."""
    if field in _OBJECTS:
        return _as_known(_keys(field, baseline, text) or [], _keys(field, replayed, said) or [])
    return align(field, baseline, replayed, text, said)


def _is_obvious(field: str, baseline: list[JSON], replayed: list[JSON]) -> bool:
    """Whether all keys are the same but one, which then stands beside what is at its place, whatever it is called.

    Not where one that is the same may have been drawn on both sides, for two objects.
    """
    keys, others = _keys(field, baseline, str), _keys(field, replayed, str)
    if keys is None or others is None:
        return keys is None or not _repeated(_object_keys(field, replayed))
    other = [index for index, key in enumerate(keys) if key != others[index]]
    if len(other) > 1 or (other and (keys[other[0]] in others or others[other[0]] in keys)):
        return False
    if len(keys) == 1 or field not in _OBJECTS:
        return True
    return not any(looks_drawn(key) for index, key in enumerate(keys) if index not in other)


def _pair_drawn(keys: list[str], others: list[str], stems: list[str], images: list[str]) -> None:
    """Let objects whose names nobody has told yet have one key when their names were drawn for the same, in order."""
    left: dict[str, deque[int]] = defaultdict(deque)
    known = set(keys)
    for index, stem in enumerate(images):
        if stem and others[index] not in known:
            left[stem].append(index)
    there = set(others)
    for index, stem in enumerate(stems):
        if stem and keys[index] not in there and left[stem]:
            keys[index] = others[left[stem].popleft()]


def _stems(field: str, elements: list[JSON], text: Callable[[str], str]) -> list[str]:
    """What the objects' names were drawn for, "" for those that were not drawn."""
    return [drawn_for(metadata_of(each), text) for each in _objects(field, elements)]


def _repeated(keys: Iterable[str]) -> list[int]:
    """The places of keys that another one before them is, too."""
    seen: set[str] = set()
    found: list[int] = []
    for at, key in enumerate(keys):
        if key in seen:
            found.append(at)
        seen.add(key)
    return found


def _objects(field: str, elements: list[JSON]) -> list[JSON]:
    """A list's objects, of a Table those beside its cells."""
    return [each.get("object") if field == "rows" and isinstance(each, dict) else each for each in elements]


def _object_keys(field: str, elements: list[JSON]) -> list[str]:
    return list(filter(None, map(_object_key, _objects(field, elements)))) if field in _OBJECTS else []


def _uids(field: str, elements: list[JSON]) -> list[str]:
    return [str(metadata_of(each).get("uid", "")) for each in _objects(field, elements)]


def _without(again: list[int], baseline: int, replayed: int) -> Alignment:
    """By index, but what the replay shows a second time stands beside nothing: a server has one object of a name."""
    alone = frozenset(again)
    pairs = [pair for pair in _by_index(baseline, replayed).pairs if pair[1] not in alone]
    left = sorted(set(range(baseline)) - {i for i, _ in pairs if i is not None})
    return Alignment((*pairs, *((i, None) for i in left), *((None, j) for j in again)))


def _as_known(keys: list[str], others: list[str]) -> Alignment:
    where = {key: index for index, key in enumerate(others)}
    return Alignment(tuple((index, where[key]) for index, key in enumerate(keys) if key in where))


def _by_index(baseline: int, replayed: int) -> Alignment:
    longest = max(baseline, replayed)
    return Alignment(tuple((i if i < baseline else None, i if i < replayed else None) for i in range(longest)))


def _by_key(keys: list[str], others: list[str], *, fixed: bool) -> Alignment:
    if not set(keys) & set(others):
        return _by_index(len(keys), len(others))
    where = {key: index for index, key in enumerate(others)}
    found = [(i, where.pop(key, None)) for i, key in enumerate(keys)]
    common = [j for _, j in found if j is not None]
    left = set(where.values())
    pairs: list[tuple[int | None, int | None]] = []
    for i, j in found:
        if j is None and i in left:  # another key at the same place: the element whose key changed
            left.remove(i)
            pairs.append((i, i))
        else:
            pairs.append((i, j))
    pairs += [(None, j) for j in sorted(left)]
    return Alignment(tuple(pairs), reordered=fixed and common != sorted(common))


def _sorted_by_server(field: str, keys: list[str], others: list[str]) -> bool:
    """Whether the order follows from what the server chose, and so may differ.

    Managers' entries are sorted by their time first (sortEncodedManagedFields), objects by their names in etcd; the
    rules of a SelfSubjectRulesReview come as the authorizer's caches give them (kubernetes/pkg/registry/rbac).
    """
    if field == "managedFields" or field in _SETS:
        return True
    return field in _OBJECTS and keys == sorted(keys) and others == sorted(others)


def _keys(field: str, elements: list[JSON], text: Callable[[str], str]) -> list[str] | None:
    if field in _VALUES:
        return _values(elements)
    if not elements or not isinstance(elements[0], dict):
        return None
    objects = [element for element in elements if isinstance(element, dict)]
    if len(objects) < len(elements):
        return None
    if field in _SETS:
        return _numbered([text(json.dumps(each, sort_keys=True)) for each in objects])
    for keys in _candidates(field, objects):  # one after the other: mostly the first one will do
        if all(keys) and len(set(keys)) == len(keys):
            return [text(key) for key in keys]
    return None


def _values(elements: list[JSON]) -> list[str] | None:
    """The elements as keys, if they are texts and none is there twice."""
    values = [each for each in elements if isinstance(each, str)]
    return values if len(values) == len(elements) == len(set(values)) else None


def _numbered(keys: list[str]) -> list[str]:
    """The keys, made different where they repeat."""
    seen: Counter[str] = Counter()
    found = []
    for key in keys:
        seen[key] += 1
        found.append(f"{key}#{seen[key]}")
    return found


def _candidates(field: str, objects: list[JSONObject]) -> Iterator[list[str]]:
    if field == "items":
        yield [_object_key(each) for each in objects]
    elif field == "rows":
        yield [_object_key(each.get("object")) for each in objects]
    elif field in _COMPOSED:
        yield ["|".join(str(each.get(name, "")) for name in _COMPOSED[field]) for each in objects]
    else:
        if field in _REFERRING:
            yield [_target(each) for each in objects]
        for name in _KEYS:
            if name in objects[0]:
                yield [_key(each, name) for each in objects]


def _key(element: JSONObject, name: str) -> str:
    value = element.get(name)
    return f"{value}" if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _target(element: JSONObject) -> str:
    """Which object an endpoint is, "" where it does not say: its address is drawn, too."""
    target = element.get("targetRef")
    if not isinstance(target, dict):
        return ""
    return f"{target.get('kind', '')}/{target.get('namespace', '')}/{target.get('name', '')}"


def _object_key(value: JSON) -> str:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict):
        return ""
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
