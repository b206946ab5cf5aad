r"""A watch stream's events: cutting them out of the bytes, and reading one.

JSON events are lines; protobuf events are frames of a 4-byte big-endian length and a bare (no `k8s\0`) WatchEvent;
CBOR events are the items of a sequence (k8s.io/apimachinery/pkg/util/framer,
k8s.io/apimachinery/pkg/runtime/serializer/{streaming,cbor}).
"""

from dataclasses import dataclass

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.cborseq import ItemFinder
from kproxy.wire.content import decode
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import decode_json
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.protojson import decode_watch_event

_MAX_EVENT = 16 * 1024 * 1024
"""Bytes: more than any object an api-server stores (3 MiB by default) or sends."""

_LENGTH = 4


class WatchCutter:
    """Cuts a watch's content (transfer and content coding taken away) into events, sans-I/O.

    ContentError for a media type that is no watch's, and for an event of more than `max_event` bytes; after the
    latter the stream cannot be cut any further: `feed` raises it again.
    """

    def __init__(self, media_type: str, max_event: int = _MAX_EVENT) -> None:
        parsed = parse_media_type(media_type)
        if parsed.is_protobuf:
            self._cut = self._frames
        elif parsed.is_cbor:
            self._cut = self._items
        elif parsed.is_json:
            self._cut = self._lines
        else:
            raise ContentError(f"{parsed.name or 'no media type'} is not one that watch events come in")
        self._finder = ItemFinder()
        self._max_event = max_event
        self._buffer = bytearray()
        self._base = 0  # the stream's offset of the buffer's first byte
        self._scanned = 0  # bytes of the buffer that are known to hold no line end

    @property
    def pending(self) -> bytes:
        """The bytes since the last event's end: what the stream broke off with."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[tuple[bytes, int]]:
        """The events that `data` completes, each with the stream's offset behind it (framing included)."""
        self._buffer += data
        return self._cut()

    def _lines(self) -> list[tuple[bytes, int]]:
        events: list[tuple[bytes, int]] = []
        start = 0
        buffer = self._buffer
        end = buffer.find(b"\n", self._scanned)
        while end >= 0:
            if end - start > self._max_event and events:
                break  # said by the next call, which finds it first
            self._check_size(end - start)
            line = bytes(buffer[start:end]).strip()
            start = end + 1
            if line:
                events.append((line, self._base + start))
            end = buffer.find(b"\n", start)
        self._consume(start)
        self._scanned = len(buffer) if end < 0 else 0
        if not events:
            self._check_size(len(buffer))
        return events

    def _frames(self) -> list[tuple[bytes, int]]:
        events: list[tuple[bytes, int]] = []
        start = 0
        buffer = self._buffer
        while len(buffer) - start >= _LENGTH:
            length = int.from_bytes(buffer[start : start + _LENGTH])
            if length > self._max_event and events:
                break  # said by the next call, which finds it first
            self._check_size(length)
            end = start + _LENGTH + length
            if end > len(buffer):
                break
            events.append((bytes(buffer[start + _LENGTH : end]), self._base + end))
            start = end
        self._consume(start)
        return events

    def _items(self) -> list[tuple[bytes, int]]:
        events: list[tuple[bytes, int]] = []
        try:
            while end := self._finder.scan(self._buffer):
                self._check_size(end)
                events.append((bytes(self._buffer[:end]), self._base + end))
                self._consume(end)
                self._finder.consumed(end)
            self._check_size(max(self._finder.needed, len(self._buffer)))
        except ContentError:
            if not events:
                raise  # with events before it, it is said by the next call, which finds it first
        return events

    def _consume(self, count: int) -> None:
        del self._buffer[:count]
        self._base += count

    def _check_size(self, size: int) -> None:
        if size > self._max_event:
            raise ContentError(f"a watch event at byte {self._base} is larger than {self._max_event} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEvent:
    """One event: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and the object (a Status with ERROR)."""

    type: str
    object: JSONObject


def decode_event(media_type: str, data: bytes) -> WatchEvent:
    """What one event (without the stream's framing) says. ContentError if it is none."""
    parsed = parse_media_type(media_type)
    if parsed.is_protobuf:
        event: JSON = decode_watch_event(data)
    else:
        event = decode(media_type, data) if parsed.is_cbor else decode_json(data)
    if not isinstance(event, dict):
        raise ContentError("a watch event that is no JSON object")
    kind, value = event.get("type"), event.get("object")
    if not isinstance(kind, str) or not isinstance(value, dict):
        raise ContentError("a watch event without type and object")
    return WatchEvent(type=kind, object=value)
