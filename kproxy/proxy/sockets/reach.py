"""From an Upstream to the Dialer that reaches it, and asking it something on kproxy's own account."""

import asyncio
from collections.abc import Callable, Sequence

from kproxy.config.upstream import Upstream
from kproxy.errors import ProxyError
from kproxy.proxy.sockets.dial import Address, ClientTls, Dialer, DialError
from kproxy.proxy.sockets.legs import Leg
from kproxy.wire.http1 import END, AnswerEvent, AnswerFramer, AnswerHead, Body, FramingError

MAX_ANSWER = 1024 * 1024
ASK_SECONDS = 10.0


def dialer_for(
    upstream: Upstream, tls: Callable[[], ClientTls | None], seconds: float, where: Address | None = None
) -> Dialer:
    """To the upstream's places in their order, or, if `where` is another, to that alone; through its proxy."""
    own = (upstream.host, upstream.port)
    fixed = upstream.tls.server_name if upstream.tls else ""
    others = upstream.others if where is None or tuple(where) == own else ()
    names = {place: fixed or place[0] for place in upstream.others}
    return Dialer([where or own, *others], tls, seconds, proxy=upstream.proxy, names=names)


class _Answer:
    """Takes an answer in."""

    def __init__(self, method: bytes) -> None:
        self.framer = AnswerFramer()
        self.framer.expect(method)
        self.status = 0
        self.body = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self, data: bytes) -> None:
        """More of it."""
        try:
            self._events(self.framer.feed(data))
        except FramingError as error:
            self._end(ProxyError(f"its answer cannot be read: {error}"))

    def end(self, _: bool) -> None:  # noqa: FBT001 - Leg's callback
        """Nothing more comes."""
        self._events(self.framer.eof())
        self._end(ProxyError("it closed the connection without an answer"))

    def _events(self, events: Sequence[AnswerEvent]) -> None:
        for event in events:
            if isinstance(event, AnswerHead):
                self.status = event.status
            elif isinstance(event, Body):
                self.body += event.content
            elif event is END:
                self._end(None)
        if len(self.body) > MAX_ANSWER:
            self._end(ProxyError("its answer is too long"))

    def _end(self, problem: ProxyError | None) -> None:
        if self.over.done():
            return
        if problem is None:
            self.over.set_result(None)
        else:
            self.over.set_exception(problem)


async def ask(dialer: Dialer, request: bytes) -> tuple[int, bytes]:
    """The status and content of the answer to a whole request, on a connection of its own. ProxyError."""
    leg: Leg | None = None
    try:
        async with asyncio.timeout(ASK_SECONDS):
            sock = await dialer.connect()
            answer = _Answer(request.partition(b" ")[0])
            leg = Leg(sock, answer.take, answer.end, lambda: None)
            leg.resume()
            leg.write(request)
            await answer.over
            dialer.remember(sock)
            return answer.status, answer.body
    except DialError as error:
        raise ProxyError(error.unreached.reason) from error
    except TimeoutError as error:
        raise ProxyError(f"it does not answer within {ASK_SECONDS:g} seconds") from error
    finally:
        if leg is not None:
            leg.abort()


def request_for(upstream: Upstream, authorization: str | None, line: str, content: bytes = b"") -> bytes:
    """A request of kproxy's own: `line` is its method and path."""
    method, _, path = line.partition(" ")
    fields = [
        f"{method} {upstream.path_prefix}{path} HTTP/1.1",
        f"Host: {upstream.host_header}",
        "User-Agent: kproxy",
        "Accept: application/json",
        "Connection: close",
        *([f"Authorization: {authorization}"] if authorization else []),
        *(f"{name}: {value}" for name, value in upstream.impersonate),
        *(["Content-Type: application/json", f"Content-Length: {len(content)}"] if content else []),
    ]
    return ("\r\n".join(fields) + "\r\n\r\n").encode("latin-1") + content
