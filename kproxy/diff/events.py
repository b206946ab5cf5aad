"""A watch's events as they are compared: each at its place in its stream."""

from dataclasses import dataclass

from kproxy.diff.items import Item
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import Exchange, Nanos
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import is_revision
from kproxy.renaming.target import parameter
from kproxy.wire.watchevents import WatchEvent


@dataclass(frozen=True, slots=True)
class Seen:
    """One event at its place in the stream. `bookmark`: one whose coming the server may choose.

    `item`: its object by its bytes, where that could be cut out.
    """

    index: int
    at: Nanos
    event: WatchEvent
    metadata: JSONObject
    bookmark: bool
    item: Item | None = None

    @property
    def revision(self) -> int | None:
        """The object's resourceVersion."""
        value = self.metadata.get("resourceVersion")
        return int(value) if isinstance(value, str) and is_revision(value) else None

    @property
    def uid(self) -> str:
        """The object's uid."""
        value = self.metadata.get("uid")
        return value if isinstance(value, str) else ""

    def summary(self) -> JSON:
        """The event in a report."""
        names: JSONObject = {
            key: self.metadata[key] for key in ("namespace", "name", "resourceVersion") if key in self.metadata
        }
        return {"type": self.event.type, **names}


type Match = tuple[Seen | None, Seen | None]

OF_NO_OBJECT = frozenset({"ERROR", "BOOKMARK"})
"""Types of events that show no object."""


def metadata_shown(value: JSONObject) -> JSONObject:
    """The metadata of what an event shows: of a Table the first row's object."""
    rows = value.get("rows")
    if value.get("kind") == "Table" and isinstance(rows, list) and rows and isinstance(rows[0], dict):
        return metadata_of(rows[0].get("object"))
    return metadata_of(value)


def watched(exchange: Exchange, seen: Seen) -> ObjectRef:
    """The object that an event of a watch shows."""
    namespace, name = (str(seen.metadata.get(field, "")) for field in ("namespace", "name"))
    info = exchange.info
    return info.ref(namespace, name)


def from_anywhere(exchange: Exchange) -> bool:
    """Whether a watch begins with a state of the server's choice: no resourceVersion, or 0, or initial events."""
    target = exchange.request.target
    return parameter(target, "resourceVersion") in {None, "", "0"} or parameter(target, "sendInitialEvents") == "true"
