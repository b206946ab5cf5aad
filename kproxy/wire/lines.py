"""A log's lines: cutting them out of the bytes as they come, sans-I/O."""

MAX_LINE = 64 * 1024
"""Bytes: a longer line comes in pieces, of which only the last has a line end."""

_MANY = 256
"""Lines: of more than these in one piece of the stream, as many as fit into MAX_LINE stay together."""


class LineCutter:
    """Cuts a log's content (transfer and content coding taken away) into lines, each with its line end.

    Nothing is ever left out or added: put together they are the content.
    """

    def __init__(self, max_line: int = MAX_LINE, many: int = _MANY) -> None:
        self._max_line = max_line
        self._many = many
        self._buffer = bytearray()
        self._base = 0  # the stream's offset of the buffer's first byte

    @property
    def pending(self) -> bytes:
        """The bytes since the last line's end."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[tuple[bytes, int]]:
        """What `data` completes, each with the stream's offset behind it."""
        scanned = len(self._buffer)
        self._buffer += data
        end = data.rfind(b"\n") + 1
        end = scanned + end if end else 0
        whole = bytes(self._buffer[:end])
        parts = [part for line in whole.split(b"\n")[:-1] for part in self._short(line + b"\n")]
        if len(parts) > self._many:
            parts = self._together(parts)
        while len(self._buffer) - end >= self._max_line:
            parts.append(bytes(self._buffer[end : end + self._max_line]))
            end += self._max_line
        del self._buffer[:end]
        found = []
        for part in parts:
            self._base += len(part)
            found.append((part, self._base))
        return found

    def _short(self, line: bytes) -> list[bytes]:
        """A line in pieces that are not too long."""
        if len(line) <= self._max_line:
            return [line]
        return [line[at : at + self._max_line] for at in range(0, len(line), self._max_line)]

    def _together(self, parts: list[bytes]) -> list[bytes]:
        """Neighbours joined as long as they are not too long together."""
        joined: list[bytes] = []
        run: list[bytes] = []
        size = 0
        for part in parts:
            if size + len(part) > self._max_line and run:
                joined.append(b"".join(run))
                run, size = [], 0
            run.append(part)
            size += len(part)
        return [*joined, b"".join(run)]
