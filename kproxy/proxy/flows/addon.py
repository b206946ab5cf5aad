"""The addon lane: mitmproxy's flows, by its public addon interface only, as records for the same recorder as the tap's.

An addon in stock mitmdump or mitmweb: bodies are streamed through, so that a watch reaches its client as it comes, and
recorded on the way. What a flow no longer shows is lost to this lane: docs/lanes.md lists the differences.

What mitmproxy asks of addons, and why it is done like this: an exception in a `stream` callable hangs the flow; it is
called with b"" at a clean end only; messages of WebSockets and TCP flows are kept for ever unless somebody takes them
away (mitmproxy#6620), all but the last, which other addons look at; live flows get neither `response` nor `error` at a
shutdown.
"""

# mypy: disable-error-code="no-untyped-call"
# mitmproxy annotates little of what is called here.

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from mitmproxy import connection, ctx, http, tcp
from mitmproxy.flow import Error
from mitmproxy.proxy.mode_specs import ReverseMode

from kproxy.model.exchange import Altered, End
from kproxy.proxy.flows import frames as flow_frames
from kproxy.proxy.flows import heads as flow_heads
from kproxy.proxy.flows.exchanges import FlowExchange, FlowExchanges
from kproxy.proxy.handover.outbox import Outbox
from kproxy.wire.handoff import RecordType
from kproxy.wire.tracecontext import Tracer, client_trace

logger = logging.getLogger(__name__)

_GRACE_SECONDS = 5.0
"""After a client has left: what mitmproxy still says of its flows comes at once or never."""

_CLIENT_LEFT = "Client disconnected."
UPGRADED = 101


class FlowRecorder:
    """The hooks of flows. `outbox` takes what they say; `keep`: bytes of a channel frame's content to be kept.

    `tracer`: requests go on with its traceparent. Before `ready` is set and after `stop` nobody is served.
    """

    name = "kproxy-flows"

    def __init__(
        self,
        outbox: Outbox,
        *,
        buffer_bytes: int,
        keep: int = 0,
        tracer: Tracer | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._outbox = outbox
        self._tracer = tracer
        self._exchanges = FlowExchanges(outbox, clock, limit=2 * buffer_bytes, keep=keep)
        self._stopped = False
        self.ready = asyncio.Event()

    def stop(self) -> None:
        """The recording ends: what goes on is recorded as stopped."""
        self._stopped = True
        self._exchanges.stop("the recording was ended")

    @property
    def open(self) -> int:
        """How many exchanges go on."""
        return len(self._exchanges)

    async def client_connected(self, client: connection.Client) -> None:
        """A client has come, perhaps before all of mitmproxy is up: it listens first."""
        del client
        await self.ready.wait()

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request's head is complete."""
        if self._outbox.stuck:
            await self._outbox.room.wait()
        if self._stopped:
            flow.kill()
            return
        request = flow.request
        raw = flow_heads.request_head(
            request.data.method,
            request.data.path,
            request.data.http_version,
            request.headers.fields,
            request.data.authority if request.is_http2 or request.is_http3 else b"",
        )
        client, refused = flow.client_conn, flow.error is not None
        altered = _altered(flow)
        if self._tracer is not None and not refused:
            altered |= Altered.TRACEPARENT
        exchange = self._exchanges.begin(flow.id, client.id, raw, altered, tls=client.tls, refused=refused)
        if self._tracer is not None and not refused:
            _join_trace(request, self._tracer, exchange.held.seq)
        request.stream = self._streamed(exchange, RecordType.REQUEST_BODY, request.stream)

    def request(self, flow: http.HTTPFlow) -> None:
        """A request is complete."""
        exchange = self._exchanges.find(flow.id)
        if exchange is None:
            return
        if not exchange.request_streamed and flow.request.raw_content:
            self._exchanges.add(exchange, RecordType.REQUEST_BODY, flow.request.raw_content)
        self._trailers(exchange, RecordType.REQUEST_TRAILERS, flow.request.trailers)
        self._exchanges.asked(exchange)

    async def responseheaders(self, flow: http.HTTPFlow) -> None:
        """An answer's head is complete."""
        exchange, answer = self._exchanges.find(flow.id), flow.response
        if exchange is None or answer is None:
            return
        raw = _head_of(answer)
        if answer.status_code < 200 and answer.status_code != UPGRADED:
            # mitmproxy takes it for the answer, and the answer for bytes that nobody asked for (mitmproxy#2229)
            self._exchanges.add(exchange, RecordType.INFORMATIONAL, raw)
            self._exchanges.end(exchange, End.SERVER_GONE, "mitmproxy took an informational answer for the final one")
            return
        self._exchanges.add(exchange, RecordType.ANSWER_HEAD, raw)
        answer.stream = self._streamed(exchange, RecordType.ANSWER_BODY, answer.stream)
        if self._outbox.stuck:
            await self._outbox.room.wait()

    def response(self, flow: http.HTTPFlow) -> None:
        """An answer is complete: the server's, or one that another addon gave."""
        exchange, answer = self._exchanges.find(flow.id), flow.response
        if exchange is None or answer is None:
            return
        if answer.status_code == UPGRADED:
            self._exchanges.upgraded(exchange, flow.request.data.path, _head_of(answer))
        elif not exchange.answer_streamed and answer.raw_content:
            self._exchanges.add(exchange, RecordType.ANSWER_BODY, answer.raw_content)
        self._trailers(exchange, RecordType.ANSWER_TRAILERS, answer.trailers)
        self._exchanges.answered(exchange)

    def error(self, flow: http.HTTPFlow) -> None:
        """A flow failed, on whichever side."""
        exchange = self._exchanges.find(flow.id)
        if exchange is not None:
            message = flow.error.msg if flow.error else ""
            self._exchanges.end(exchange, _end(flow, message), message)

    async def websocket_message(self, flow: http.HTTPFlow) -> None:
        """A WebSocket's message."""
        if flow.websocket is None:
            return
        message = flow.websocket.messages[-1]
        del flow.websocket.messages[:-1]
        exchange = self._exchanges.find(flow.id)
        if exchange is not None:
            data = flow_frames.frame(message.type, message.content, from_client=message.from_client)
            await self._passed(exchange, data, answer=not message.from_client)

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """A WebSocket is over."""
        exchange, socket = self._exchanges.find(flow.id), flow.websocket
        if exchange is None or exchange.tunnel is None or socket is None:
            return
        by_client = bool(socket.closed_by_client)
        said = flow_frames.close_frame(socket.close_code, socket.close_reason, from_client=by_client)
        if said:
            self._exchanges.passed(exchange, said, answer=not by_client)
        exchange.tunnel.side_ended(answer=not by_client)
        self._exchanges.end(exchange, End.COMPLETE)

    async def tcp_message(self, flow: tcp.TCPFlow) -> None:
        """Bytes after an upgrade to what mitmproxy does not read (SPDY): a flow of their own on the same connection."""
        message = flow.messages[-1]
        del flow.messages[:-1]
        exchange = self._exchanges.tunnel_of(flow.client_conn.id)
        if exchange is not None:
            await self._passed(exchange, message.content, answer=not message.from_client)

    def tcp_end(self, flow: tcp.TCPFlow) -> None:
        """Such a connection is over."""
        exchange = self._exchanges.tunnel_of(flow.client_conn.id)
        if exchange is not None:
            self._exchanges.end(exchange, End.COMPLETE)

    tcp_error = tcp_end

    def client_disconnected(self, client: connection.Client) -> None:
        """A client has left, and with it, in a while, whatever its flows did not end themselves."""
        asyncio.get_running_loop().call_later(
            _GRACE_SECONDS, self._exchanges.leave, client.id, "mitmproxy said no more of it"
        )

    async def _passed(self, exchange: FlowExchange, data: bytes, *, answer: bool) -> None:
        self._exchanges.passed(exchange, data, answer=answer)
        if self._outbox.stuck:
            await self._outbox.room.wait()

    def _trailers(self, exchange: FlowExchange, kind: RecordType, trailers: http.Headers | None) -> None:
        if trailers is not None and trailers.fields:
            self._exchanges.add(exchange, kind, flow_heads.section(trailers.fields))

    def _streamed(
        self, exchange: FlowExchange, kind: RecordType, previous: object
    ) -> Callable[[bytes], Iterable[bytes] | bytes]:
        """A `stream` callable that records what goes through; another addon's goes on doing what it does."""

        def stream(data: bytes) -> Iterable[bytes] | bytes:
            if data:
                try:
                    self._record_piece(exchange, kind, data)
                except Exception:
                    # mitmproxy would hang the flow, and the client with it
                    logger.exception("kproxy failed on a flow")
            found: Iterable[bytes] | bytes = previous(data) if callable(previous) else data
            return found

        return stream

    def _record_piece(self, exchange: FlowExchange, kind: RecordType, data: bytes) -> None:
        if kind is RecordType.ANSWER_BODY:
            exchange.answer_streamed = True
        else:
            exchange.request_streamed = True
        self._exchanges.add(exchange, kind, data)


def _head_of(answer: http.Response) -> bytes:
    return flow_heads.answer_head(
        answer.data.http_version, answer.status_code, answer.data.reason, answer.headers.fields
    )


def _altered(flow: http.HTTPFlow) -> Altered:
    """What mitmproxy itself changes in a request's head."""
    altered = Altered.NOTHING
    if flow.error is not None:
        return altered  # mitmproxy refuses it
    if isinstance(flow.client_conn.proxy_mode, ReverseMode) and not ctx.options.keep_host_header:
        altered |= Altered.HOST
    fields = flow.request.headers
    if fields.get("expect", "").lower() == "100-continue" or fields.get("upgrade", "").lower() == "h2c":
        altered |= Altered.HOP_BY_HOP
    return altered


def _join_trace(request: http.Request, tracer: Tracer, seq: int) -> None:
    """The traceparent that the request goes on with, and a tracestate only where that is of its trace."""
    fields = request.headers
    trace = client_trace([flow_heads.value(value) for name, value in fields.fields if name.lower() == b"traceparent"])
    if trace is None:
        fields.pop("tracestate", None)
    fields["traceparent"] = tracer.traceparent(trace, seq).decode("ascii")


def _end(flow: http.HTTPFlow, message: str) -> End:
    """What an error of mitmproxy's means: it has a sentence only, so the flow is asked what had been reached."""
    server = flow.server_conn
    if message == Error.KILLED_MESSAGE or "from client, refusing" in message:
        end = End.REFUSED
    elif message == _CLIENT_LEFT:
        end = End.CLIENT_GONE
    elif flow.response is None and (server.timestamp_tcp_setup is None or (server.tls and not server.tls_established)):
        end = End.UNREACHABLE
    elif flow.request.timestamp_end is None and flow.response is None:
        end = End.CLIENT_GONE
    else:
        end = End.SERVER_GONE
    return end
