"""Content coding: gzip and deflate taken away, within bounds.

A gzip body may be several members one after the other (RFC 1952, 2.2). kube-apiserver's WatchListCompression makes one
of each event that it flushes: a decoder that stops behind the first one misses all that follow.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}

PIECE = 1 << 20
"""Bytes that are made of a stream at once."""


class CodingError(Exception):
    """A content coding that cannot be taken away; one sentence without the content."""


@dataclass(slots=True)
class Decoder:
    """Takes one content coding away, piece by piece. `feed`: together never more than `limit` bytes."""

    coding: str
    limit: int
    _inflate: "zlib._Decompress"
    _made: int = 0

    def feed(self, data: bytes) -> bytes:
        """What `data` adds. CodingError if it is damaged or a bomb."""
        parts: list[bytes] = []
        for piece in self.pieces(data):
            self._made += len(piece)
            if self._made > self.limit:
                raise CodingError(f"it is more than {self.limit} bytes without its {self.coding} coding")
            parts.append(piece)
        return b"".join(parts)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What `data` adds, never more than PIECE bytes at once: a few of a bomb's bytes are gigabytes."""
        while data or not self._inflate.eof:
            if self._inflate.eof:
                self._begin_member()
            try:
                made = self._inflate.decompress(data, PIECE)
            except zlib.error as error:
                raise CodingError(f"its {self.coding} coding is damaged") from error
            data = self._inflate.unused_data or self._inflate.unconsumed_tail
            if made:
                yield made
            if not data and len(made) < PIECE:
                return

    @property
    def whole(self) -> bool:
        """Whether an end was seen and nothing behind it: what may follow can be read without what was before."""
        return self._inflate.eof

    def _begin_member(self) -> None:
        if self.coding == "deflate":
            raise CodingError("there is something behind the end of its deflate coding")
        self._inflate = zlib.decompressobj(_WINDOWS[self.coding])


def decoder(coding: str, limit: int) -> Decoder | None:
    """For a Content-Encoding; None where there is none. CodingError for one that kproxy does not know."""
    name = coding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name not in _WINDOWS:
        raise CodingError(f"its content coding {name[:40]} is not known")
    return Decoder(name, limit, zlib.decompressobj(_WINDOWS[name]))


def decode(coding: str, data: bytes, limit: int, *, whole: bool = True) -> bytes:
    """All of a body without its coding. CodingError; one that is not `whole` may break off."""
    made = decoder(coding, limit)
    if made is None or not data:
        return data
    plain = made.feed(data)
    if whole and not made.whole:
        raise CodingError(f"its {made.coding} coding breaks off")
    return plain
