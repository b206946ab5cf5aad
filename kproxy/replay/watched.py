"""The events of a recorded watch, and what one is: whose, of which version, whether its coming is awaited. Pure."""

from collections.abc import Iterator

from kproxy.model.exchange import WATCH_EVENT, Exchange, Frame, header
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError
from kproxy.wire.ownkeys import is_identity
from kproxy.wire.watchevents import WatchEvent, decode_event

_INITIAL_END = "k8s.io/initial-events-end"


def watch_events(recording: Recording, exchange: Exchange) -> Iterator[tuple[Frame, WatchEvent]]:
    """A recorded watch's events. What cannot be decoded is left out: `kproxy show` and the comparison name it."""
    if exchange.answer is None:
        return
    media_type = header(exchange.answer.headers, "content-type")
    for frame in recording.frames(exchange.seq):
        if frame.body.digest is None or frame.kind != WATCH_EVENT:
            continue
        try:
            event = decode_event(media_type, recording.body(frame.body.digest))
        except ContentError:
            continue
        yield frame, event


def counts(event: WatchEvent) -> bool:
    """Whether an event's coming is awaited: of what teaches, all that comes sooner or later by what somebody did."""
    return teaches(event) and not is_heartbeat(event)


def teaches(event: WatchEvent) -> bool:
    """Whether an event's coming is not the server's whim: all but bookmarks, and the one that ends initial events."""
    metadata = event.object.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return event.type != "BOOKMARK" or (isinstance(annotations, dict) and _INITIAL_END in annotations)


def is_heartbeat(event: WatchEvent) -> bool:
    """Whether an event shows an api-server's identity renewed: it comes with time, whatever anybody does."""
    return event.type in {"ADDED", "MODIFIED"} and is_identity({"metadata": metadata_in(event.object)})


def name_of(event: WatchEvent) -> str:
    """The namespace and name of an event's object, of a Table its first row's."""
    metadata = metadata_in(event.object)
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"


def revision_of(event: WatchEvent) -> int:
    """The resourceVersion of an event's object, 0 if it has none."""
    value = text(metadata_in(event.object).get("resourceVersion"))
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 20 else 0


def metadata_in(value: JSON) -> JSONObject:
    """The metadata of an event's object, of a Table its first row's."""
    if not isinstance(value, dict):
        return {}
    rows = value.get("rows")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        return metadata_in(rows[0].get("object"))
    metadata = value.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
