"""Generated exchanges: whatever HTTP/1 lets two sides say to each other, with what has to be recorded of it."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st

from kproxy.model.exchange import Headers

type Fields = list[tuple[bytes, bytes]]

METHODS = [b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"M-SEARCH"]
BODYLESS = frozenset({204, 304})
NAMES = [
    b"x-ODD",
    b"X-Odd",
    b"ACCEPT",
    b"accept",
    b"uSeR-aGeNt",
    b"X-Sum",
    b"x.!#$%&'*+-^_`|~9",
    b"Audit-Id",
    b"Trailer",
]
VALUES = [
    b"",
    b" a",
    b"\t b \t",
    b"a  b",
    b" \xe9\xff",
    b"http://a:1/",
    b' "q,q"; w',
    b"x" * 300,
    b" Transfer-Encoding",
]
EXTENSIONS = [b"", b"", b";a", b";a=b;c", b';q="c d"']
INFORMATIONAL = [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    b"HTTP/1.1 102 \r\n\r\n",
]
STATUS_LINES = {
    200: b"200 OK",
    201: b"201 Created",
    204: b"204 No Content",
    304: b"304 Not Modified",
    404: b"404 no such thing",
    413: b"413 Payload Too Large",
    500: b"500 ",
    599: b"599",
}

CODINGS: list[tuple[bytes, Callable[[bytes], bytes]]] = [(b" gzip", gzip.compress), (b" deflate", zlib.compress)]

fields = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=4)


@dataclass
class Message:
    """One side's: its wire bytes in parts, and what they mean."""

    head: bytes
    fields: Fields
    framing: str  # none | length | chunked | eof
    content: bytes = b""
    body: bytes = b""  # the content as it goes over the wire
    trailers: Fields = field(default_factory=list)

    @property
    def wire(self) -> bytes:
        """All of it."""
        return self.head + self.body

    @property
    def headers(self) -> Headers:
        """As a recording has its fields."""
        return recorded(self.fields)


@dataclass
class Said:
    """A request and its answer. `early`: the answer may come when the request's head is there."""

    method: bytes
    target: bytes
    version: bytes
    request: Message
    informational: list[bytes]
    status: int
    answer: Message
    plain: bytes  # the answer's content without its coding
    early: bool

    @property
    def answer_wire(self) -> bytes:
        """Everything that the server says."""
        return b"".join(self.informational) + self.answer.wire


def recorded(found: Fields) -> Headers:
    """Fields as a recording has them."""
    return tuple([(name.decode("latin-1"), value.strip(b" \t").decode("latin-1")) for name, value in found])


def section(found: Fields) -> bytes:
    """Fields as they go over the wire, the blank line included."""
    return b"".join([name + b":" + value + b"\r\n" for name, value in found]) + b"\r\n"


@st.composite
def chunks(draw: st.DrawFn, content: bytes, trailers: Fields) -> bytes:
    """Content in chunks of odd sizes, spelled in odd ways."""
    wire = b""
    while content:
        size = draw(st.integers(1, len(content)))
        spelled = draw(st.sampled_from([b"%x", b"%X", b"0%x", b"000%X"])) % size
        wire += spelled + draw(st.sampled_from(EXTENSIONS)) + b"\r\n" + content[:size] + b"\r\n"
        content = content[size:]
    return wire + draw(st.sampled_from([b"0", b"00", b"0;last"])) + b"\r\n" + section(trailers)


@st.composite
def messages(draw: st.DrawFn, start: bytes, first: Fields, content: bytes, framing: str) -> Message:
    """A message with this content, framed like this; `first`: fields that it has to have, at any place."""
    found = draw(fields)
    own = list(first)
    if framing == "length":
        own.append((draw(st.sampled_from([b"Content-Length", b"content-LENGTH"])), b" %d " % len(content)))
    elif framing == "chunked":
        own.append((draw(st.sampled_from([b"Transfer-Encoding", b"transfer-encoding"])), b"\tchunked"))
    for each in own:
        found.insert(draw(st.integers(0, len(found))), each)
    made = Message(start + b"\r\n" + section(found), found, framing, content, content)
    if framing == "chunked":
        made.trailers = draw(st.one_of(st.just([]), fields))
        made.body = draw(chunks(content, made.trailers))
    return made


@st.composite
def exchanges(draw: st.DrawFn, number: int, *, last: bool, secret: bytes) -> Said:
    """One of a connection. `secret`: the Authorization that the client shows; b"" for none."""
    method, status = draw(st.sampled_from(METHODS)), draw(st.sampled_from(sorted(STATUS_LINES)))
    target = draw(st.sampled_from([b"/healthz/%d", b"/a%%20b/%d?q=%%C3&&", b"//%d/../\xc3\xa9", b"/%d?#"])) % number
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.0"])) if last else b"1.1"
    asked = draw(st.binary(min_size=1, max_size=40)) if method not in {b"GET", b"HEAD"} else b""
    framing = draw(st.sampled_from(["length", "chunked" if version == b"1.1" else "length"])) if asked else "none"
    first: Fields = [(draw(st.sampled_from([b"Host", b"hOST"])), b" kproxy.example:1 ")]
    if secret:
        first.append((draw(st.sampled_from([b"Authorization", b"AUTHORIZATION"])), b" " + secret))
    if asked and draw(st.booleans()):
        first.append((b"Expect", b" 100-continue"))
    if asked:
        first.append((b"Content-Type", b"text/plain"))
    request = draw(messages(method + b" " + target + b" HTTP/" + version, first, asked, framing))
    plain = draw(st.binary(max_size=60))
    first, content = [(b"Content-Type", b"text/plain")], plain
    how = draw(st.sampled_from(["length", "chunked", *(["eof"] if last else [])]))
    if plain and draw(st.booleans()):
        coding, compress = draw(st.sampled_from(CODINGS))
        first.append((b"Content-Encoding", coding))
        content = compress(plain)
    start = b"HTTP/1.1 " + STATUS_LINES[status]
    answer = draw(messages(start, first, content, how))
    if method == b"HEAD" or status in BODYLESS:  # it may say what it would have had
        answer.body = answer.content = plain = b""
        answer.trailers = []
    return Said(
        method=method,
        target=target,
        version=version,
        request=request,
        informational=draw(st.lists(st.sampled_from(INFORMATIONAL), max_size=2)),
        status=status,
        answer=answer,
        plain=plain,
        early=bool(asked) and how != "eof" and draw(st.booleans()),
    )


@st.composite
def connections(draw: st.DrawFn, *, secret: bytes = b"") -> list[Said]:
    """What is said on one connection."""
    count = draw(st.integers(1, 4))
    return [draw(exchanges(number, last=number == count - 1, secret=secret)) for number in range(count)]


@st.composite
def cuts(draw: st.DrawFn) -> list[int] | None:
    """Where a side's bytes are cut, as places modulo their length; None: after every byte."""
    return draw(st.one_of(st.none(), st.lists(st.integers(0, 5000), max_size=8)))


def pieces(raw: bytes, places: list[int] | None) -> list[bytes]:
    """The bytes, cut."""
    if places is None:
        return [raw[place : place + 1] for place in range(len(raw))]
    edges = sorted({0, len(raw), *(place % (len(raw) + 1) for place in places)})
    return [raw[begin:end] for begin, end in pairwise(edges)]
