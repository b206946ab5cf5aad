"""gRPC's messages on a stream: length-prefixed, cut out of DATA frames, those that are too large without their bulk.

A message is `compressed u8 | length u32 | content`. What is kept of one is bounded: a larger one is counted, and where
the caller says which repeated field holds the bulk (an answer's key-values), it is read past that field.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

_PREFIX = struct.Struct("!BI")
WHOLE = 64 * 1024
"""Bytes of an answer that is kept as it is."""
_FOR_EVER = 1 << 62
_FIELD_HEAD = 20  # bytes of a field's tag and length, or varint, at most


class Message(NamedTuple):
    """One message. `content` None: not kept, as it is too large; `dropped`: entries that were read past."""

    size: int
    content: bytes | memoryview | None
    compressed: bool = False
    dropped: int = 0


@dataclass(slots=True)
class Budget:
    """Bytes that all open messages of a connection may hold together."""

    left: int


class Bulk(NamedTuple):
    """Where an answer's bulk is: field `field` of the message, or of the message that its field 1 is (`nested`)."""

    field: int
    nested: bool = False


class Skimmer:
    """Reads a protobuf message as it comes, and keeps its top-level fields but one, which is counted."""

    __slots__ = ("_bulk", "_content", "_head", "_keep", "_nested", "_skip", "_wrapped", "dropped", "failed")

    def __init__(self, bulk: Bulk) -> None:
        self.dropped = 0
        self.failed = False
        self._content = bytearray()
        self._wrapped = bulk.nested
        self._bulk = bulk.field
        self._nested = bulk.nested
        self._head = bytearray()  # a field's beginning that is not complete
        self._skip = 0  # bytes of the open field's content that are not kept
        self._keep = 0  # that are

    def message(self) -> bytes | None:
        """The message without its bulk, when all of it came; None if it is no protobuf, or is large without it too."""
        if self.failed or self._keep or self._skip or self._head:
            return None
        return b"\x0a" + _packed(len(self._content)) + self._content if self._wrapped else bytes(self._content)

    def feed(self, data: memoryview) -> None:
        """More of it."""
        at, size = 0, len(data)
        while at < size and not self.failed:
            if self._skip:
                step = min(self._skip, size - at)
                self._skip -= step
            elif self._keep:
                step = min(self._keep, size - at)
                self._keep -= step
                self._content += data[at : at + step]
            else:
                step = self._begin(data[at : at + _FIELD_HEAD])
            at += step

    def _begin(self, data: memoryview) -> int:
        """A field's tag, and its length or value; the bytes of `data` that were used."""
        before = len(self._head)
        head = bytes(self._head) + bytes(data)
        tag, at = _varint(head, 0)
        kind = tag & 7 if at else 2
        value, end = _varint(head, at) if at and kind in {0, 2} else (0, 0)
        if kind in {1, 5}:
            end = at + (8 if kind == 1 else 4)
            end = end if end <= len(head) else 0
        if not end:
            return self._incomplete(head, len(data))
        self._head.clear()
        if kind == 2 and self._nested:
            self._nested = False
            self.failed = tag >> 3 != 1
        elif kind == 2 and tag >> 3 == self._bulk:
            self._skip = value
            self.dropped += 1
        elif kind in {0, 1, 2, 5}:
            self._content += head[:end]
            self._keep = value if kind == 2 else 0
            self.failed = len(self._content) + self._keep > WHOLE
        else:
            self.failed = True
        return end - before

    def _incomplete(self, head: bytes, size: int) -> int:
        if len(head) >= _FIELD_HEAD:
            self.failed = True
        self._head[:] = head
        return size


class Deframer:
    """One direction of a stream: its DATA in, messages out.

    `failed`: why no more messages come, as the end of a sentence: what comes is counted only.
    """

    __slots__ = (
        "_budget",
        "_bulk",
        "_compressed",
        "_kept",
        "_left",
        "_limit",
        "_prefix",
        "_size",
        "_skimmer",
        "failed",
        "total",
    )

    def __init__(self, limit: int, budget: Budget, bulk: Bulk | None = None) -> None:
        self.total = 0  # bytes of messages that came, without prefixes
        self.failed = ""
        self._limit = limit
        self._budget = budget
        self._bulk = bulk
        self._prefix = b""
        self._left = -1  # of the open message; -1: none is open
        self._size = 0
        self._compressed = False
        self._kept: bytearray | None = None
        self._skimmer: Skimmer | None = None

    def feed(self, data: memoryview) -> list[Message]:
        """The messages that these bytes complete."""
        if self._left < 0 and not self._prefix and len(data) >= 5:  # nearly always: one message, whole
            compressed, size = _PREFIX.unpack_from(data)
            if size == len(data) - 5 and size <= min(self._limit, WHOLE) and compressed <= 1:
                self.total += size
                return [Message(size, data[5:], bool(compressed))]
        return self._feed_slowly(data)

    def close(self) -> None:
        """Nothing more comes: what is open is given up."""
        if self._kept is not None:
            self._budget.left += len(self._kept)
        self._kept = self._skimmer = None

    def _feed_slowly(self, data: memoryview) -> list[Message]:
        messages: list[Message] = []
        at = 0
        while True:
            if self._left < 0:
                need = 5 - len(self._prefix)
                self._prefix += data[at : at + need]
                at += need
                if len(self._prefix) < 5:
                    return messages
                self._open()
            piece = data[at : at + self._left]
            at += len(piece)
            self._take(piece)
            if self._left:
                return messages
            messages.append(self._close())

    def _open(self) -> None:
        compressed, size = _PREFIX.unpack(self._prefix)
        if compressed > 1:
            self._left, self._prefix = _FOR_EVER, b""
            self.failed = f"a message begins with {compressed}"
            return
        self._prefix = b""
        self._size = self._left = size
        self._compressed = compressed == 1
        if self._bulk is not None and size > WHOLE and not self._compressed:
            self._skimmer = Skimmer(self._bulk)
        elif size <= self._limit:
            self._kept = bytearray()

    def _take(self, piece: memoryview) -> None:
        self._left -= len(piece)
        self.total += len(piece)
        if self._skimmer is not None:
            self._skimmer.feed(piece)
        elif self._kept is not None:
            self._budget.left -= len(piece)
            self._kept += piece
            if self._budget.left < 0:
                self.close()

    def _close(self) -> Message:
        size, self._left = self._size, -1
        if self._skimmer is not None:
            skimmer, self._skimmer = self._skimmer, None
            return Message(size, skimmer.message(), dropped=skimmer.dropped)
        content = None if self._kept is None else bytes(self._kept)
        self.close()
        return Message(size, content, self._compressed)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A varint and where it ends; (0, 0) if it does not end in `data`."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    return 0, 0


def _packed(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
