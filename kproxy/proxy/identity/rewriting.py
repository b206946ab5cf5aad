"""A request's head on its way to the api-server: its Host, the path's prefix, and fields that are kproxy's to set."""

from kproxy.config.upstream import Upstream
from kproxy.model.exchange import Altered
from kproxy.wire.http1 import RequestHead

KNOWN_TAILS = 64
LARGEST_TAIL = 4096
"""Heads' fields of this many bytes at most, and this many of them, are remembered with what they become."""


class HeadWriter:
    """Writes heads for one Upstream. `altered`: what it changes in each, whatever its fields become."""

    def __init__(self, upstream: Upstream) -> None:
        self._host = b"Host: " + upstream.host_header.encode("ascii") + b"\r\n"
        self._prefix = upstream.path_prefix.encode("ascii")
        self.altered = Altered.HOST | Altered.PATH if self._prefix else Altered.HOST

    def head(self, head: RequestHead, fields: bytes) -> bytes:
        """The first line with the server's prefix, and these fields."""
        line = head.raw[: len(head.raw) - len(head.fields_raw)]
        if self._prefix:
            line = line.replace(b" ", b" " + self._prefix, 1)
        return line + fields

    def fields(self, head: RequestHead, dropped: tuple[bytes, ...], added: bytes) -> bytes:
        """A head's fields with the server's Host and `added`; left out: those whose names begin with one of `dropped`.

        Only fields that http1_head knows can be left out; an Upgrade to h2c always is.
        """
        raw = head.fields_raw
        parts = [self._host]
        position = 0
        for name, _, begin, end in head.fields:
            if name == b"host" or name.startswith(dropped) or (head.h2c and name == b"upgrade"):
                parts.append(raw[position:begin])
                position = end
        parts.append(added)
        parts.append(raw[position:])
        return b"".join(parts)


def authorization_field(value: str | None) -> bytes:
    """The line of an Authorization; nothing for None."""
    return f"Authorization: {value}\r\n".encode("latin-1") if value is not None else b""
