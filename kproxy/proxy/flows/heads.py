"""Raw heads out of parsed ones: what mitmproxy's flows have instead of the wire's bytes.

Names keep their order, spelling and repetitions, values lose the white space around them. A request of HTTP/2 gets its
authority as Host, as mitmproxy itself writes it for an HTTP/1 server.
"""

import re

type Fields = tuple[tuple[bytes, bytes], ...]

# A parsed value may hold what the wire's cannot: a head of ours must not grow lines by it.
_UNSAYABLE = re.compile(rb"[\x00\r\n]")


def request_head(method: bytes, target: bytes, version: bytes, fields: Fields, authority: bytes = b"") -> bytes:
    """A request's head, its blank line included. `authority`: HTTP/2's pseudo-header, b"" where there is none."""
    line = b"%s %s %s\r\n" % (_sayable(method), _sayable(target), _sayable(version))
    if authority and not any(name.lower() == b"host" for name, _ in fields):
        fields = ((b"host", authority), *fields)
    return line + section(fields)


def answer_head(version: bytes, status: int, reason: bytes, fields: Fields) -> bytes:
    """An answer's head, its blank line included."""
    return b"%s %d %s\r\n%s" % (_sayable(version), status, _sayable(reason), section(fields))


def section(fields: Fields) -> bytes:
    """Header fields or trailers, the blank line included."""
    return b"".join([b"%s: %s\r\n" % (_sayable(name), _sayable(value)) for name, value in fields]) + b"\r\n"


def value(data: bytes) -> bytes:
    """A field's value as whoever reads the head has it."""
    return _sayable(data).strip(b" \t")


def _sayable(data: bytes) -> bytes:
    return _UNSAYABLE.sub(b" ", data)
