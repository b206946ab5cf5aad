"""What the api-server allocates for an object within the request that writes it.

Since 1.33 a Service's cluster IP is an object of its own, /registry/ipaddresses/ADDRESS, whose spec.parentRef names
the Service (kubernetes/pkg/registry/core/service/ipallocator/ipallocator.go). It is written before the Service.
"""

from collections.abc import Iterator

from kproxy.correlate.index import ChangeIndex
from kproxy.correlate.writes import text
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import ChangeType, KeyChange, Revision
from kproxy.model.jsontypes import JSONObject

IP_ADDRESSES = "/ipaddresses/"


class Allocations:
    """The session's allocations by the object that they were made for."""

    def __init__(self, index: ChangeIndex, prefix: str) -> None:
        self._by_parent: dict[ObjectRef, list[KeyChange]] = {}
        below = (prefix + IP_ADDRESSES).encode()
        for change in index.changes:
            if change.key.startswith(below):
                parent = parent_of(index.value(change) or index.previous(change))
                if parent is not None:
                    self._by_parent.setdefault(parent, []).append(change)

    def of(self, parent: ObjectRef, revision: Revision, *, deleted: bool) -> Iterator[KeyChange]:
        """Made for the write at `revision` and before it; given back by a deletion, at `revision` and after it."""
        for change in self._by_parent.get(parent, ()):
            gone = change.type is ChangeType.DELETE
            if (gone and deleted and change.revision >= revision) or (not gone and change.revision <= revision):
                yield change


def parent_of(value: JSONObject) -> ObjectRef | None:
    """The object that an allocation's spec.parentRef names."""
    spec = value.get("spec")
    parent = spec.get("parentRef") if isinstance(spec, dict) else None
    if not isinstance(parent, dict):
        return None
    return ObjectRef(
        group=text(parent.get("group")),
        resource=text(parent.get("resource")),
        namespace=text(parent.get("namespace")),
        name=text(parent.get("name")),
    )
