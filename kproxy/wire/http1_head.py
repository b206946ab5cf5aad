"""Heads of HTTP/1 messages: their grammar (RFC 9112), how long the body is, and a tolerant reading for recordings.

The strict side answers one question: would every server and client frame these bytes as we do? Whatever leaves room
for a guess is a FramingError, because two readings of one stream are how requests are smuggled (RFC 9112, 11.2).
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from kproxy.errors import KproxyError
from kproxy.model.exchange import Headers

MAX_HEAD = 256 * 1024
"""Bytes of one head; Go's server takes 1 MiB, no Kubernetes client has been seen beyond 32 KiB."""

CHUNKED = -1
UNTIL_EOF = -2

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_FIELDS = rb"(?:" + _TOKEN + rb"++:[^\x00\r\n]*+\r\n)*+\r\n"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb"++) ([^\x00-\x20\x7f]++) HTTP/(1\.[01])\r\n")
_ANSWER = re.compile(rb"HTTP/(1\.[01]) ([1-9][0-9][0-9])(?: ([^\x00\r\n]*+))?\r\n" + _FIELDS)
_TRAILERS = re.compile(_FIELDS)
_FRAMING_TRAILER = re.compile(rb"(?:^|\n)(?i:content-length|transfer-encoding):")
"""What a sender must not put there (RFC 9110, 6.5.1): readers that merge trailers into the head frame by it."""
# A literal newline first lets the engine skip from line to line; the strict grammar has been checked before.
_KNOWN = re.compile(
    rb"\n(?=[aAcChHiIoOtTuUxX])"
    rb"(?i:(content-length|transfer-encoding|connection|upgrade|host|authorization|origin|impersonate-[^:]*+"
    rb"|x-remote-[^:]*+|trace(?:parent|state)))"
    rb":([^\r]*+)"
)
_KNOWN_OF_ANSWERS = re.compile(rb"\n(?=[cCtT])(?i:(content-length|transfer-encoding)):([^\r]*+)")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_FOLD = re.compile(r"\r\n[ \t]+")
_DIGITS = re.compile(rb"[0-9]{1,18}")


class FramingError(KproxyError):
    """Bytes that another reader might frame in another way; one sentence says which rule they break."""

    next_step = "whoever sent it is at fault; `kproxy log --status 400` shows who it was"


class KnownField(NamedTuple):
    """A header field that framing, identity or tracing looks at: its line is fields_raw[start:end], CRLF included."""

    name: bytes  # lower-case
    value: bytes  # without the white space around it
    start: int
    end: int


@dataclass(slots=True)
class RequestHead:
    """A request's head that every reader reads alike.

    `fields_raw`: what follows the first line. `length`: bytes of content, or CHUNKED. `offset`: where it begins in the
    framer's `consumed`. `h2c`: it asks for HTTP/2 on this connection, which nobody here could read any more: that is
    no upgrade, and whoever sends the head on leaves the field out (RFC 9110, 7.8: a server may ignore it).
    """

    raw: bytes
    method: bytes
    target: bytes
    version: bytes
    fields_raw: bytes
    fields: list[KnownField]
    length: int = 0
    upgrade: bytes = b""
    offset: int = 0
    h2c: bool = False

    def values(self, name: bytes) -> list[bytes]:
        """The values of one of the known fields."""
        return [known[1] for known in self.fields if known[0] == name]


@dataclass(slots=True)
class AnswerHead:
    """A final answer's head. `length`: bytes of content, CHUNKED or UNTIL_EOF."""

    raw: bytes
    status: int
    version: bytes
    length: int = 0
    upgrade: bytes = b""


class HeadParts(NamedTuple):
    """A head as recordings hold it: the start line's three parts, and the fields as Latin-1 in order and spelling."""

    start: tuple[str, str, str]
    headers: Headers


def parse_request_head(raw: bytes, last: RequestHead | None = None) -> RequestHead:
    """A complete head, its blank line included. FramingError.

    `last`: the one before it on its connection. Clients say the same again and again: then only the first line is new.
    """
    match = _REQUEST_LINE.match(raw)
    if match is None:
        raise FramingError(_why_not(raw, "request"))
    method, target, version = match.groups()
    if method == b"CONNECT":
        raise FramingError("CONNECT asks for a tunnel, which no api-server gives.")
    fields_raw = raw[match.end() :]
    if last is not None and last.fields_raw == fields_raw and last.version == version:
        return RequestHead(
            raw, method, target, version, fields_raw, last.fields, last.length, last.upgrade, h2c=last.h2c
        )
    if _TRAILERS.fullmatch(fields_raw) is None:
        raise FramingError(_why_not(raw, "request"))
    # The blank before stands for the first line's end, after which a field may begin.
    fields = _known_fields(b"\n" + fields_raw, _KNOWN)
    head = RequestHead(raw, method, target, version, fields_raw, fields)
    if len(head.values(b"host")) > 1:
        raise FramingError("The request has more than one Host.")
    head.length = _length(fields, version, 0, "request")
    head.upgrade = _upgrade(fields)
    if head.upgrade and head.upgrade.lower() == b"h2c":
        head.upgrade, head.h2c = b"", True
    return head


def parse_answer_head(raw: bytes, method: bytes) -> AnswerHead:
    """A complete head of an answer to a request with this method. FramingError."""
    match = _ANSWER.fullmatch(raw)
    if match is None:
        raise FramingError(_why_not(raw, "answer"))
    version, status = match[1], int(match[2])
    head = AnswerHead(raw, status, version)
    length = _length(_known_fields(raw, _KNOWN_OF_ANSWERS), version, UNTIL_EOF, "answer")
    bodyless = method == b"HEAD" or status < 200 or status in {204, 304}
    head.length = 0 if bodyless else length
    if status == 101:
        head.upgrade = _upgrade(_known_fields(raw, _KNOWN))
    return head


def check_trailers(raw: bytes) -> None:
    """A complete trailer section, its blank line included. FramingError."""
    if _TRAILERS.fullmatch(raw) is None:
        raise FramingError(_why_not(b"\r\n" + raw, "trailer section"))
    if _FRAMING_TRAILER.search(raw) is not None:
        raise FramingError(
            "The trailer section has a field that belongs into a head: Content-Length, Transfer-Encoding."
        )


def check_beginning(partial: bytes, what: str) -> None:
    """The beginning of a head: FramingError where no continuation can make it a good one."""
    if len(partial) > MAX_HEAD:
        raise FramingError(f"The head of the {what} is longer than {MAX_HEAD // 1024} KiB.")
    if not re.match(_TOKEN, partial):
        raise FramingError(f"The {what} does not begin as HTTP/1 does.")
    if _BARE_LF.search(partial):
        raise FramingError(f"A line of the {what}'s head ends in a bare LF.")


def parse_head(raw: bytes) -> HeadParts:
    """Any bytes that were taken for a head, read as well as they can be; it never raises.

    What follows a blank line is no head, and a folded line belongs to the field before it.
    """
    text = raw.decode("latin-1")
    if text.count("\n") != text.count("\r\n"):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    start, _, rest = text.partition("\r\n")
    lines = _FOLD.sub(" ", f"\r\n{rest}".partition("\r\n\r\n")[0]).split("\r\n")
    first, _, rest = start.partition(" ")
    second, _, third = rest.partition(" ")
    headers = [line.partition(":") for line in lines if line]
    return HeadParts((first, second, third), tuple([(name, value.strip(" \t")) for name, _, value in headers]))


def _known_fields(raw: bytes, known: re.Pattern[bytes]) -> list[KnownField]:
    """The fields that framing and identity look at, of a checked head; places count from the first line's end."""
    return [
        KnownField(match[1].lower(), match[2].strip(b" \t"), match.start(), match.end() + 1)
        for match in known.finditer(raw)
    ]


def _length(fields: list[KnownField], version: bytes, default: int, what: str) -> int:
    lengths = [value for name, value, _, _ in fields if name == b"content-length"]
    codings = [value for name, value, _, _ in fields if name == b"transfer-encoding"]
    if codings:
        _check_coding(codings, version, what, with_length=bool(lengths))
        return CHUNKED
    if not lengths:
        return default
    if len(lengths) > 1:
        raise FramingError(f"The {what} has more than one Content-Length.")
    length = lengths[0]
    if _DIGITS.fullmatch(length) is None:
        raise FramingError(f"The {what} has a Content-Length that is no number.")
    return int(length)


def _check_coding(codings: list[bytes], version: bytes, what: str, *, with_length: bool) -> None:
    if len(codings) > 1:
        raise FramingError(f"The {what} has more than one Transfer-Encoding.")
    if with_length:
        raise FramingError(f"The {what} has both Content-Length and Transfer-Encoding.")
    if version != b"1.1":
        raise FramingError(f"The {what} is HTTP/1.0 and has a Transfer-Encoding.")
    if codings[0].lower() != b"chunked":
        raise FramingError(f"The {what} has a Transfer-Encoding other than chunked.")


def _upgrade(fields: list[KnownField]) -> bytes:
    protocol = b""
    asked = False
    for name, value, _, _ in fields:
        if name == b"upgrade":
            protocol = protocol or value
        elif name == b"connection":
            asked = asked or b"upgrade" in {token.strip().lower() for token in value.split(b",")}
    return protocol if asked else b""


def _why_not(raw: bytes, what: str) -> str:
    """The first rule that a head breaks."""
    if _BARE_LF.search(raw):
        return f"A line of the {what}'s head ends in a bare LF."
    if b"\x00" in raw:
        return f"The head of the {what} contains a NUL."
    first, *lines = raw.split(b"\r\n")
    if any(b"\r" in line for line in (first, *lines)):
        return f"The head of the {what} contains a bare CR."
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            return f"The head of the {what} has an obsolete folded line."
        name, colon, _ = line.partition(b":")
        if line and not (colon and re.fullmatch(_TOKEN + rb"+", name)):
            return f"The head of the {what} has a line that is no header field (white space before the colon counts)."
    return f"The {what}'s first line is not HTTP/1.0 or HTTP/1.1."
