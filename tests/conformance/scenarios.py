"""What is said through both lanes: for each scenario a client, a server, and the bytes that the server sends."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kproxy.wire.websocket import BINARY, CLOSE, TEXT
from tests.conformance.side import PATIENCE, Side
from tests.support.upgraded import Spdy, spdy_data, spdy_goaway, websocket

type Script = Callable[[Side], Awaitable[None]]

POD = b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"hello","namespace":"x"}}'
EVENTS = [json.dumps({"type": kind, "object": json.loads(POD)}).encode() + b"\n" for kind in ("ADDED", "MODIFIED")]
LARGE = b'{"kind":"ConfigMap","apiVersion":"v1","data":{"large":"' + b"0123456789abcdef" * (4 << 16) + b'"}}'
JSON = b"Content-Type: application/json\r\n"


@dataclass(frozen=True)
class Scenario:
    """`name` is the namespace in its paths. `whole`: the server's bytes reach the client as they were sent."""

    name: str
    client: Script
    server: Script
    whole: bytes | None = None


def head(method: str, name: str, fields: bytes = b"", rest: str = "/hello") -> bytes:
    """A request's head for a scenario."""
    path = f"/api/v1/namespaces/{name}/pods{rest}"
    return f"{method} {path} HTTP/1.1\r\nHost: kproxy.example\r\n".encode() + fields + b"\r\n"


def sized(body: bytes, line: bytes = b"200 OK", fields: bytes = JSON) -> bytes:
    """An answer with a Content-Length."""
    return b"HTTP/1.1 " + line + b"\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunk(data: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def simple(  # noqa: PLR0913 - what scenarios vary, all named
    name: str, request: bytes, answer: bytes, *, asked: bytes = b"\r\n\r\n", close: bool = False, hangs: str = ""
) -> Scenario:
    """One request and its answer. `asked`: the request's last bytes; `close`: the server closes after its answer."""

    async def client(side: Side) -> None:
        await side.send(request)
        if close:
            await side.rest(hangs=hangs)
        else:
            await side.until(answer[-16:], hangs=hangs)

    async def server(side: Side) -> None:
        if not await side.until(asked, hangs=hangs):
            return
        await side.send(answer)
        if not close:
            await side.rest()

    return Scenario(name, client, server, answer)


def watch(name: str, end: Callable[[Side], Awaitable[None]], *, client_goes: bool = False) -> Scenario:
    """Two events, the second one only when the client has the first one. `end`: what the server does then."""
    answer = b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"

    async def client(side: Side) -> None:
        await side.send(head("GET", name, rest="?watch=true"))
        if await side.until(b"ADDED"):
            side.seen.set()
        await side.until(b"MODIFIED")
        if client_goes:
            side.close()
        else:
            await side.until(b"\r\n0\r\n\r\n")

    async def server(side: Side) -> None:
        await side.until(b"\r\n\r\n")
        await side.send(answer + chunk(EVENTS[0]))
        async with asyncio.timeout(PATIENCE):
            await side.seen.wait()  # it is live: nothing is held back until more comes
        await side.send(chunk(EVENTS[1]))
        await end(side)

    return Scenario(name, client, server)


async def _ends(side: Side) -> None:
    await side.send(b"0\r\n\r\n")
    await side.rest()


async def _cuts(side: Side) -> None:
    side.close()


async def _waits(side: Side) -> None:
    await side.rest()


async def _two_requests(side: Side) -> None:
    for number in (1, 2):
        await side.send(head("GET", "keep-alive", rest=f"/n{number}"))
        await side.until(f"number-{number}".encode())


async def _two_at_once(side: Side) -> None:
    await side.send(head("GET", "pipelining", rest="/n1") + head("GET", "pipelining", rest="/n2"))
    await side.until(b"number-2")


async def _serve_two(side: Side) -> None:
    for number in (1, 2):
        await side.until(f"/n{number} HTTP/1.1".encode())
        await side.until(b"\r\n\r\n", after=bytes(side.got).index(f"/n{number} ".encode()))
        await side.send(sized(json.dumps({"kind": "Pod", "x": f"number-{number}"}).encode()))
    await side.rest()


async def _expects(side: Side) -> None:
    await side.send(head("POST", "expect", JSON + b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(POD), ""))
    await side.until(b"100 Continue")
    await side.send(POD)
    await side.until(b"201 Created")
    await side.until(POD)


async def _serve_expectation(side: Side) -> None:
    await side.until(b"\r\n\r\n")
    if b"Expect:" in side.got:
        await side.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    await side.until(POD)
    await side.send(sized(POD, b"201 Created"))
    await side.rest()


async def _uploads(side: Side) -> None:
    await side.send(head("POST", "large-upload", JSON + b"Content-Length: %d\r\n" % len(LARGE), "") + LARGE)
    await side.until(b"}")


async def _take_upload(side: Side) -> None:
    await side.size(len(head("POST", "large-upload", JSON, "")) + len(LARGE))
    await side.until(b'"}}')
    await side.send(sized(POD, b"201 Created"))
    await side.rest()


async def _half_closes(side: Side) -> None:
    await side.send(head("GET", "half-close"))
    side.end()
    await side.rest()


async def _leaves_early(side: Side) -> None:
    await side.send(head("POST", "cut-upload", JSON + b"Content-Length: 100000\r\n", "") + b'{"half":')
    await side.until(b"never", hangs=side.lane)
    side.close()


SPDY = b"Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
SOCKET = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
OFFER = SOCKET + (
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n"
)
ACCEPT = SOCKET + (
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n"
)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\n"
KEY = b"\x11\x22\x33\x44"
STATUS = b'\x03{"metadata":{},"status":"Success"}'


async def _execs(side: Side) -> None:
    client = Spdy()
    await side.send(head("POST", "upgrade", SPDY + b"Content-Length: 0\r\n", "/hello/exec?command=cat"))
    await side.until(b"\r\n\r\n")
    await side.send(client.opened(1, streamtype="error") + client.opened(3, streamtype="stdin") + spdy_data(3, b"in"))
    await side.until(b"from the server")
    await side.until(spdy_goaway())
    side.close()


async def _serve_exec(side: Side) -> None:
    server = Spdy()
    await side.until(b"\r\n\r\n")
    await side.send(SWITCH + SPDY + b"\r\n" + server.replied(1) + server.replied(3))
    await side.until(b"in", after=side.got.index(b"\r\n\r\n"))
    await side.send(spdy_data(3, b"from the server", fin=True) + spdy_goaway())
    await side.rest()


async def _execs_by_socket(side: Side) -> None:
    await side.send(head("GET", "websocket", OFFER, "/hello/exec?command=cat"))
    await side.until(b"\r\n\r\n")
    await side.send(websocket(BINARY, b"\x00stdin", key=KEY))
    await side.until(STATUS)
    await side.until(b"\x03\xe8")
    await side.send(websocket(CLOSE, b"\x03\xe8", key=KEY))
    await side.rest()


async def _serve_socket(side: Side) -> None:
    await side.until(b"\r\n\r\n")
    await side.send(SWITCH + ACCEPT + b"\r\n" + websocket(BINARY, b"\x01"))
    asked = side.got.index(b"\r\n\r\n") + 4
    await side.size(asked + len(websocket(BINARY, b"\x00stdin", key=KEY)))  # masked anew by mitmproxy
    await side.send(websocket(BINARY, b"\x01" + b"o" * 300) + websocket(BINARY, STATUS))
    await side.send(websocket(CLOSE, b"\x03\xe8"))
    await side.size(len(side.got) + 1)


async def _watches_by_socket(side: Side) -> None:
    await side.send(head("GET", "watch-socket", OFFER, "?watch=true"))
    await side.until(b"MODIFIED")
    await side.until(b"\x03\xe8")
    await side.send(websocket(CLOSE, b"\x03\xe8", key=KEY))
    await side.rest()


async def _serve_watch_by_socket(side: Side) -> None:
    await side.until(b"\r\n\r\n")
    await side.send(SWITCH + ACCEPT + b"\r\n" + b"".join(websocket(TEXT, event) for event in EVENTS))
    await side.send(websocket(CLOSE, b"\x03\xe8"))
    await side.size(len(side.got) + 1)


async def _killed_by_socket(side: Side) -> None:
    await side.send(head("GET", "websocket-killed", OFFER, "/hello/attach"))
    await side.until(b"o" * 300)
    side.cut()


async def _serve_killed(side: Side) -> None:
    await side.until(b"\r\n\r\n")
    await side.send(SWITCH + ACCEPT + b"\r\n" + websocket(BINARY, b"\x01" + b"o" * 300))
    await side.rest()


async def _refused_upgrade(side: Side) -> None:
    await side.send(head("POST", "no-upgrade", SPDY + b"Content-Length: 0\r\n", "/hello/exec?command=ls"))
    await side.until(POD)


async def _forbid(side: Side) -> None:
    await side.until(b"\r\n\r\n")
    await side.send(sized(POD, b"403 Forbidden"))
    await side.rest()


async def _early(side: Side) -> None:
    await side.send(head("POST", "early", JSON + b"Content-Length: 64\r\n", "") + b"{")
    await side.until(b"too large")
    await side.rest()


async def _too_large(side: Side) -> None:
    await side.until(b"\r\n\r\n{")
    await side.send(sized(b'{"message":"too large"}', b"413 Payload Too Large", JSON + b"Connection: close\r\n"))
    side.end()
    await side.rest()


async def _nothing(side: Side) -> None:
    await side.rest()


async def _two_lengths(side: Side) -> None:
    await side.send(head("POST", "ambiguous", b"Content-Length: 1\r\nContent-Length: 2\r\n", "") + b"ab")
    await side.rest(hangs="addon")


async def _vanishes(side: Side) -> None:
    await side.until(b"\r\n\r\n")
    side.cut()


async def _asks(side: Side) -> None:
    await side.send(head("GET", "no-answer"))
    await side.rest()


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
GZIPPED = gzip.compress(POD, mtime=0)
CHUNKED = b"Transfer-Encoding: chunked\r\n"

SCENARIOS = [
    simple("get", head("GET", "get"), sized(POD)),
    simple(
        "odd-headers",
        head("GET", "odd-headers", b"x-ODD:   a  b \r\nX-Odd: c\r\nx-odd:\r\nACCEPT: */*\r\n"),
        sized(POD),
    ),
    simple("h2c", head("GET", "h2c", H2C), sized(POD)),
    simple("list", head("GET", "list", rest=""), sized(b'{"kind":"PodList","apiVersion":"v1","items":[]}')),
    simple(
        "post",
        head("POST", "post", JSON + b"Content-Length: %d\r\n" % len(POD), "") + POD,
        sized(POD, b"201 Created"),
        asked=POD,
    ),
    simple("patch", head("PATCH", "patch", JSON + b"Content-Length: 2\r\n") + b"{}", sized(POD), asked=b"{}"),
    simple("delete", head("DELETE", "delete"), sized(POD)),
    simple("head", head("HEAD", "head"), b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\nX-Last: 0123456789\r\n\r\n"),
    simple("no-content", head("DELETE", "no-content"), b"HTTP/1.1 204 No Content\r\nX-Last: 0123456789\r\n\r\n"),
    simple("not-modified", head("GET", "not-modified"), b"HTTP/1.1 304 Not Modified\r\nEtag: 0123456789\r\n\r\n"),
    simple(
        "chunked-answer",
        head("GET", "chunked-answer"),
        b"HTTP/1.1 200 OK\r\n" + JSON + CHUNKED + b"\r\n" + chunk(POD[:9]) + chunk(POD[9:]) + b"0\r\n\r\n",
    ),
    simple(
        "chunked-request",
        head("POST", "chunked-request", JSON + CHUNKED, "") + chunk(POD[:9]) + chunk(POD[9:]) + b"0\r\n\r\n",
        sized(POD, b"201 Created"),
        asked=b"\r\n0\r\n\r\n",
    ),
    simple(
        "answer-trailers",
        head("GET", "answer-trailers"),
        b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n"
        + CHUNKED
        + b"\r\n"
        + chunk(POD)
        + b"0\r\nX-Sum: 0123456789abcd\r\n\r\n",
        hangs="addon",
    ),
    simple(
        "request-trailers",
        head("POST", "request-trailers", JSON + CHUNKED, "") + chunk(POD) + b"0\r\nX-Sum: 1\r\n\r\n",
        sized(POD, b"201 Created"),
        asked=b"X-Sum: 1\r\n\r\n",
        hangs="addon",
    ),
    simple("until-eof", head("GET", "until-eof"), b"HTTP/1.1 200 OK\r\n" + JSON + b"\r\n" + POD, close=True),
    simple("http-1-0", head("GET", "http-1-0").replace(b"HTTP/1.1", b"HTTP/1.0"), sized(POD), close=True),
    simple("gzip", head("GET", "gzip"), sized(GZIPPED, fields=JSON + b"Content-Encoding: gzip\r\n")),
    simple(
        "early-hints",
        head("GET", "early-hints"),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + sized(POD),
        hangs="addon",
    ),
    simple("large-answer", head("GET", "large-answer"), sized(LARGE)),
    Scenario("large-upload", _uploads, _take_upload, sized(POD, b"201 Created")),
    Scenario("keep-alive", _two_requests, _serve_two),
    Scenario("pipelining", _two_at_once, _serve_two),
    Scenario("expect", _expects, _serve_expectation),
    watch("watch", _ends),
    watch("watch-cut-by-server", _cuts),
    watch("watch-cut-by-client", _waits, client_goes=True),
    Scenario("early", _early, _too_large),
    Scenario("half-close", _half_closes, simple("", b"", sized(POD), close=True).server),
    Scenario("cut-upload", _leaves_early, _nothing),
    Scenario("no-answer", _asks, _vanishes),
    Scenario("upgrade", _execs, _serve_exec),
    Scenario("websocket", _execs_by_socket, _serve_socket),
    Scenario("watch-socket", _watches_by_socket, _serve_watch_by_socket),
    Scenario("websocket-killed", _killed_by_socket, _serve_killed),
    Scenario("no-upgrade", _refused_upgrade, _forbid, sized(POD, b"403 Forbidden")),
    Scenario("ambiguous", _two_lengths, _nothing),
]


async def leave_open(side: Side) -> None:
    """A watch that is still open when the recording is stopped."""
    await side.send(head("GET", "stopped", rest="?watch=true"))
    await side.until(b"ADDED")


async def _serve_open(side: Side) -> None:
    await side.until(b"\r\n\r\n")
    await side.send(b"HTTP/1.1 200 OK\r\n" + JSON + CHUNKED + b"\r\n" + chunk(EVENTS[0]))
    await side.rest()


async def ask_nobody(side: Side) -> None:
    """The server is gone when this is asked."""
    await side.send(head("GET", "unreachable"))
    await side.rest()


STOPPED = Scenario("stopped", leave_open, _serve_open)
UNREACHABLE = Scenario("unreachable", ask_nobody, _nothing)
EVERY = [*SCENARIOS, STOPPED, UNREACHABLE]
