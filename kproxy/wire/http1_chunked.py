"""The chunked transfer coding (RFC 9112, 7.1), sans-I/O."""

import re

from kproxy.wire.http1_head import FramingError, check_trailers

MAX_SIZE_LINE = 4096
"""Bytes of a chunk's size and its extensions, as in Go's net/http/internal."""

MAX_TRAILERS = 64 * 1024

# RFC 9112, 7.1.1, but for white space: there, and at what is no extension, readers differ (Go, llhttp).
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?+)*+")


class Chunked:
    """One message's chunks: `feed` moves on through a buffer, `take` gives the content that it passed."""

    def __init__(self, what: str) -> None:
        self.done = False
        self.trailers = b""
        self._what = what
        self._left = 0  # of the current chunk's content, its CRLF included
        self._last = False
        self._content: list[bytes] = []

    @property
    def between(self) -> bool:
        """Whether a chunk is over, and no other one has begun."""
        return not self._left and not self._last

    def take(self) -> bytes:
        """The content since the last call."""
        content = self._content
        self._content = []
        return content[0] if len(content) == 1 else b"".join(content)

    def feed(self, buffer: bytes, position: int) -> int:
        """Move on as far as the buffer allows; the new position. FramingError."""
        while position < len(buffer) and not self.done:
            if self._last:
                after = self._end(buffer, position)
            elif self._left > 2:
                after = self._data(buffer, position)
            elif self._left:
                after = self._chunk_end(buffer, position)
            else:
                after = self._size(buffer, position)
            if after == position:
                break
            position = after
        return position

    def _size(self, buffer: bytes, position: int) -> int:
        end = buffer.find(b"\r\n", position)
        if end < 0:
            line = buffer[position:]
            if len(line) > MAX_SIZE_LINE or b"\n" in line:
                raise FramingError(f"A chunk of the {self._what} has a size line that does not end in CRLF.")
            return position
        match = _SIZE.fullmatch(buffer, position, end)
        if match is None or end - position > MAX_SIZE_LINE:
            raise FramingError(f"A chunk of the {self._what} has a size that is no hexadecimal number.")
        size = int(match[1], 16)
        if size:
            self._left = size + 2
        else:
            self._last = True
        return end + 2

    def _data(self, buffer: bytes, position: int) -> int:
        end = min(position + self._left - 2, len(buffer))
        self._content.append(buffer[position:end])
        self._left -= end - position
        return end

    def _chunk_end(self, buffer: bytes, position: int) -> int:
        found = buffer[position : position + 2]
        if not b"\r\n".startswith(found):
            raise FramingError(f"A chunk of the {self._what} is longer than its size says.")
        if len(found) < 2:
            return position
        self._left = 0
        return position + 2

    def _end(self, buffer: bytes, position: int) -> int:
        if buffer.startswith(b"\r\n", position):
            end = position
        else:
            end = buffer.find(b"\r\n\r\n", position)
            if end < 0:
                self._check_open(buffer[position:])
                return position
            end += 2
        self.trailers = buffer[position : end + 2]
        if len(self.trailers) > MAX_TRAILERS:
            raise FramingError(f"The trailer section of the {self._what} is longer than {MAX_TRAILERS // 1024} KiB.")
        check_trailers(self.trailers)
        self.done = True
        return end + 2

    def _check_open(self, section: bytes) -> None:
        if len(section) > MAX_TRAILERS:
            raise FramingError(f"The trailer section of the {self._what} is longer than {MAX_TRAILERS // 1024} KiB.")
        if re.search(rb"(?<!\r)\n", section):
            raise FramingError(f"A line of the {self._what}'s trailer section ends in a bare LF.")
