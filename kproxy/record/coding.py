"""Content coding: gzip and deflate taken away, within bounds."""

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
    """Takes one content coding away, piece by piece. Together never more than `limit` bytes."""

    coding: str
    limit: int
    _inflate: "zlib._Decompress"
    _made: int = 0

    def feed(self, data: bytes) -> bytes:
        """What `data` adds. CodingError if it is damaged or a bomb."""
        try:
            made = self._inflate.decompress(data, max(1, self.limit - self._made + 1))
        except zlib.error as error:
            raise CodingError(f"its {self.coding} coding is damaged") from error
        self._made += len(made)
        if self._made > self.limit:
            raise CodingError(f"it is more than {self.limit} bytes without its {self.coding} coding")
        return made

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What `data` adds, never more than PIECE bytes at once: a few of a bomb's bytes are gigabytes."""
        while data:
            try:
                made = self._inflate.decompress(data, PIECE)
            except zlib.error as error:
                raise CodingError(f"its {self.coding} coding is damaged") from error
            data = self._inflate.unconsumed_tail
            if not made and not data:
                return
            yield made

    @property
    def whole(self) -> bool:
        """Whether its end was seen, and nothing behind it."""
        return self._inflate.eof and not self._inflate.unused_data


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
