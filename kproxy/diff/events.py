"""A watch's events as they are compared: each at its place in its stream."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kproxy.diff.items import Item, metadata_shown, name_in
from kproxy.diff.shapes import About
from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Digest, Exchange, Nanos
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.many import frozen_by_type
from kproxy.renaming.kinds import is_revision
from kproxy.renaming.target import parameter


class Shown(Protocol):
    """A watch event, decoded (kproxy.wire.watchevents), or when its object is asked for."""

    @property
    def type(self) -> str:
        """ADDED, MODIFIED, DELETED, BOOKMARK, ERROR."""

    @property
    def object(self) -> JSONObject:
        """What it shows."""


@frozen_by_type(frozen=True, slots=True)
class CutEvent:
    """A watch event whose object was cut out of it: most are known by their bytes, and need not be decoded."""

    type: str
    item: Item

    @property
    def object(self) -> JSONObject:
        """What it shows."""
        return self.item.value


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """A watch event whose object is decoded again when it is asked for: a stream may have told many thousand.

    `cut`: the object by its bytes, asked for in the same way.
    """

    type: str
    read: Callable[[], JSONObject]
    cut: Callable[[], Item | None]

    @property
    def object(self) -> JSONObject:
        """What it shows."""
        return self.read()


@frozen_by_type(frozen=True, slots=True)
class Seen:
    """One event at its place in the stream. `bookmark`: one whose coming the server may choose.

    `item`: its object by its bytes, where that could be cut out; `digest`: of all its bytes. `about`: what is asked of
    the object, where that is known without it.
    """

    index: int
    at: Nanos
    event: Shown
    bookmark: bool
    item: Item | None = None
    digest: Digest | None = None
    about: About | None = None

    @property
    def cut(self) -> Item | None:
        """The object by its bytes, read again where nobody has it any more."""
        return self.event.cut() if isinstance(self.event, KeptEvent) else self.item

    @property
    def metadata(self) -> JSONObject:
        """The object's."""
        return metadata_shown(self.event.object)

    @property
    def name(self) -> str:
        """The object's namespace and name."""
        return self.about.shown if self.about is not None else name_in(self.metadata)

    @property
    def revision(self) -> int | None:
        """The object's resourceVersion."""
        value = self.about.revision if self.about is not None else self.metadata.get("resourceVersion")
        return int(value) if isinstance(value, str) and is_revision(value) else None

    @property
    def uid(self) -> str:
        """The object's uid."""
        value = self.about.uid if self.about is not None else self.metadata.get("uid")
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


def watched(exchange: Exchange, seen: Seen) -> ObjectRef:
    """The object that an event of a watch shows."""
    namespace, name = (str(seen.metadata.get(field, "")) for field in ("namespace", "name"))
    info = exchange.info
    return info.ref(namespace, name)


def from_anywhere(exchange: Exchange) -> bool:
    """Whether a watch begins with a state of the server's choice: no resourceVersion, or 0, or initial events."""
    target = exchange.request.target
    return parameter(target, "resourceVersion") in {None, "", "0"} or parameter(target, "sendInitialEvents") == "true"
