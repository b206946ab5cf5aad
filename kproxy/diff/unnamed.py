"""Keys whose names no answer says.

Addresses that were allocated for a request that then failed: each server draws another one; what they are paired by is
whose they are, the spec.parentRef that they hold. Objects that a controller made past the proxy, with names that are
drawn: by what they were drawn for, the first beside the first.
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator

from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON
from kproxy.renaming.derived import drawn_for
from kproxy.renaming.kinds import Kind

FOLDER = "/ipaddresses/"


def pair_unnamed(
    baseline: Iterable[tuple[str, JSON]], replayed: Iterable[tuple[str, JSON]], text: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    """Pairs of keys, from keys with the first value that each held, in the order of revisions."""
    waiting: dict[str, deque[str]] = defaultdict(deque)
    for key, value in replayed:
        if (parent := _parent(key, value)) is not None:
            waiting[parent].append(key)
    for key, value in baseline:
        parent = _parent(key, value)
        if parent is not None and (queue := waiting[text(parent)]):
            yield key, queue.popleft()


def kind_of(key: str) -> Kind:
    """What the last segment of such a key is."""
    return Kind.CLUSTER_IP if FOLDER in key else Kind.NAME


def _parent(key: str, value: JSON) -> str | None:
    if FOLDER not in key:
        drawn = drawn_for(metadata_of(value))
        return f"{key.rpartition('/')[0]} {drawn}" if drawn else None
    return parent_of(value)


def parent_of(value: JSON) -> str | None:
    """Whose an address is, as it says; None of what is none."""
    spec = value.get("spec") if isinstance(value, dict) else None
    parent = spec.get("parentRef") if isinstance(spec, dict) else None
    return json.dumps(parent, sort_keys=True) if isinstance(parent, dict) else None
