"""The one table of what the addon lane records, or lets through, in another way than the tap. docs/lanes.md prints it.

A test holds it to what happens: a difference that is not here fails, and so does a row that nothing shows any more.
"""

from dataclasses import dataclass

EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Difference:
    """A row. `shown`: by which scenario in which facts (EVERYWHERE: in any of them)."""

    what: str
    tap: str
    addon: str
    shown: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def row(self) -> str:
        """As docs/lanes.md has it."""
        return f"| {self.what} | {self.tap} | {self.addon} |"


DIFFERENCES = (
    Difference(
        "`Host` of a request",
        "as the client sent it",
        "the server's: in mode `reverse` mitmproxy sets it before any addon sees it",
        ((EVERYWHERE, ("host",)),),
    ),
    Difference(
        "the words of an end that is not `complete`",
        "kproxy's",
        "mitmproxy's error message",
        ((EVERYWHERE, ("end_detail",)),),
    ),
    Difference(
        "white space around a field's value",
        "goes on as it came",
        "one space before it, none behind",
        (("odd-headers", ("to the server",)),),
    ),
    Difference(
        "`Upgrade: h2c`",
        "taken off",
        "taken off by mitmproxy, `Connection` and `HTTP2-Settings` with it",
        (("h2c", ("to the server",)),),
    ),
    Difference(
        "trailers of an HTTP/1 answer",
        "go through and are recorded",
        "mitmproxy fails on them and the client hangs; recorded as `client-gone` when it leaves",
        (("answer-trailers", ("to the client", "answer", "answer body", "end")),),
    ),
    Difference(
        "trailers of an HTTP/1 request",
        "go through and are recorded",
        "mitmproxy fails on them and the client hangs; the request never reaches the server",
        (("request-trailers", ("to the client", "to the server", "request", "request body", "answer", "end")),),
    ),
    Difference(
        "a 1xx of the server's own accord",
        "goes through before the answer",
        "mitmproxy takes it for the answer, which gets lost; recorded as `server-gone`",
        (("early-hints", ("to the client", "answer", "end")),),
    ),
    Difference(
        "`Expect: 100-continue`",
        "goes on to the server, whose 100 is recorded",
        "mitmproxy answers it and takes the field off (`altered` says hop-by-hop)",
        (("expect", ("to the server", "altered", "informational")),),
    ),
    Difference(
        "WebSocket messages",
        "frames as they came, pings and both sides' closing among what is counted",
        "written anew by mitmproxy (masks, fragments); one closing frame is recorded, that of the first side to close",
        (
            ("websocket", ("to the server", "frames", "request body")),
            ("watch-socket", ("to the server", "request body")),
            ("websocket-killed", ("to the server",)),
        ),
    ),
    Difference(
        "a client that closes its side and waits for the answer",
        "gets the answer",
        "is taken for one that has left: `client-gone`, nothing goes on to the server",
        (("half-close", ("to the client", "to the server", "answer", "end")),),
    ),
    Difference(
        "a server that closes without an answer",
        "closes on the client too, as without a proxy",
        "mitmproxy's 502, which no flow shows",
        (("no-answer", ("to the client",)),),
    ),
    Difference(
        "a request whose end is ambiguous",
        "400 with a Status, recorded with it",
        "400 of mitmproxy's, recorded as `refused` without an answer; what mitmproxy cannot read at all is in no flow",
        (("ambiguous", ("to the client", "answer", "request body")),),
    ),
    Difference(
        "a server that cannot be reached",
        "503 or 504 with a Status, recorded as `unreachable`",
        "the client is reset and no flow tells of it, but with `--set connection_strategy=lazy`",
        (("unreachable", ("to the client", "exchanges")),),
    ),
)
