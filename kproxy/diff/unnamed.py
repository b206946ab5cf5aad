"""Keys whose names no answer says: addresses that were allocated for a request that then failed.

Each server draws another address; what they are paired by is whose they are, the spec.parentRef that they hold.
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator

from kproxy.model.jsontypes import JSON

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


def _parent(key: str, value: JSON) -> str | None:
    spec = value.get("spec") if isinstance(value, dict) else None
    parent = spec.get("parentRef") if isinstance(spec, dict) else None
    return json.dumps(parent, sort_keys=True) if FOLDER in key and isinstance(parent, dict) else None
