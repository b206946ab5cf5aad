"""Where the items of a CBOR sequence (RFC 8742) end, while it still comes: sans-I/O, no byte looked at twice."""

from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import MAX_DEPTH

_TAG, _SIMPLE = 6, 7
_BYTES, _TEXT = 2, 3
_ARRAY, _MAP = 4, 5
_INDEFINITE = 31
_ENDLESS = -1
_BREAK = 0xFF


class ItemFinder:
    """Finds the ends of items in bytes that are handed to it piece by piece, in a buffer of its owner's.

    `scan` looks at the buffer from where it stopped; the owner tells with `consumed` what it took off the front.
    ContentError for what is no CBOR: the sequence cannot be cut any further.
    """

    def __init__(self) -> None:
        self._at = 0  # where in the buffer the next head is
        self._open: list[int] = []  # for each open container: items that it still lacks, or _ENDLESS
        self._failure = ""

    @property
    def needed(self) -> int:
        """So many bytes of the buffer the item has at least: what a text announces counts before it is there."""
        return self._at

    def consumed(self, count: int) -> None:
        """The owner took so many bytes off the buffer's front."""
        self._at -= count

    def scan(self, buffer: bytearray) -> int:
        """Where the first item ends; 0 while it does not."""
        if self._failure:
            raise ContentError(self._failure)
        try:
            while self._at < len(buffer) and (self._open or not self._at):
                if not self._step(buffer):
                    return 0
        except ContentError as error:
            self._failure = str(error)
            raise
        return self._at if self._at and not self._open and self._at <= len(buffer) else 0

    def _step(self, buffer: bytearray) -> bool:
        """Over one head; False if it is not all there."""
        head = buffer[self._at]
        if head == _BREAK:
            self._break()
            return True
        major, low = head >> 5, head & 31
        width = _width(major, low)
        start = self._at + 1
        if start + width > len(buffer):
            return False
        self._at = start + width
        self._head(major, low, int.from_bytes(buffer[start : self._at]) if width else low)
        return True

    def _head(self, major: int, low: int, value: int) -> None:
        """One head, and what it opens. A tag opens a container of one."""
        if low == _INDEFINITE:
            self._enter(_ENDLESS)
        elif major in {_ARRAY, _MAP}:
            self._enter(value * (major - 3)) if value else self._ended()
        elif major == _TAG:
            self._enter(1)
        else:
            self._at += value if major in {_BYTES, _TEXT} else 0
            self._ended()

    def _enter(self, items: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise ContentError(f"CBOR nested more than {MAX_DEPTH} levels deep")
        self._open.append(items)

    def _ended(self) -> None:
        """An item is over, and with it the containers that lacked only this one."""
        while self._open and self._open[-1] != _ENDLESS:
            self._open[-1] -= 1
            if self._open[-1]:
                return
            self._open.pop()

    def _break(self) -> None:
        if not self._open or self._open[-1] != _ENDLESS:
            raise ContentError("CBOR with an end of nothing")
        self._open.pop()
        self._at += 1
        self._ended()


def _width(major: int, low: int) -> int:
    """Bytes of the argument that follow a head. ContentError for heads that CBOR has not."""
    if low < 24:
        return 0
    if low < 28:
        return 1 << (low - 24)
    if low == _INDEFINITE and major in {_BYTES, _TEXT, _ARRAY, _MAP}:
        return 0
    raise ContentError("no CBOR: a head that it has not")
