"""The hooks of flows, called as mitmproxy calls them, with flows of mitmproxy's own making."""

# mypy: disable-error-code="no-untyped-call"
# mitmproxy annotates little of what is called here.

import struct
from dataclasses import dataclass, field

from mitmproxy import http, tcp, websocket
from mitmproxy.flow import Error
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import taddons, tflow
from wsproto.frame_protocol import Opcode

from kproxy.model.exchange import Altered, End
from kproxy.proxy.flows.addon import FlowRecorder
from kproxy.proxy.handover.outbox import Outbox
from kproxy.wire.handoff import RecordType, unpack_head
from kproxy.wire.tracecontext import Tracer, TraceSeeds
from tests.proxy.fake_recorder import FakeRecorder, Told
from tests.support.loop import in_loop


@dataclass
class Hooks:
    """A recorder of flows that is ready, and what it recorded."""

    outbox: Outbox = field(default_factory=Outbox)
    tracer: Tracer | None = None

    def __post_init__(self) -> None:
        self.recorder = FlowRecorder(self.outbox, buffer_bytes=1 << 20, keep=100, tracer=self.tracer)
        self.recorder.ready.set()

    async def begin(self, flow: http.HTTPFlow) -> http.HTTPFlow:
        """A request's head, as mitmproxy tells of it: neither answer nor error is there yet."""
        response, flow.response = flow.response, None
        error, flow.error = flow.error, None
        with taddons.context() as context:
            context.options.add_option("keep_host_header", bool, False, "")
            await self.recorder.requestheaders(flow)
        flow.response, flow.error = response, error
        return flow

    def told(self) -> list[Told]:
        recorder = FakeRecorder()
        if batch := self.outbox.flush():
            recorder.take(batch.data)
        recorder.commit()
        return [told for _, told in sorted(recorder.finished.items())]


def streamed(message: http.Message, *pieces: bytes) -> list[object]:
    """What mitmproxy sends on when these pieces come: its end is told by b""."""
    assert callable(message.stream)
    return [message.stream(piece) for piece in (*pieces, b"")]


@in_loop
async def test_bodies_are_recorded_as_they_are_streamed_and_go_on_as_they_came() -> None:
    hooks = Hooks()
    flow = await hooks.begin(tflow.tflow(resp=True))
    assert streamed(flow.request, b"a", b"b") == [b"a", b"b", b""]
    hooks.recorder.request(flow)
    await hooks.recorder.responseheaders(flow)
    assert flow.response is not None
    assert streamed(flow.response, b"1", b"2") == [b"1", b"2", b""]
    flow.response.trailers = http.Headers(x="y")
    hooks.recorder.response(flow)
    (told,) = hooks.told()
    assert (told.request, told.answer, told.end) == (b"ab", b"12", End.COMPLETE)
    assert RecordType.ANSWER_TRAILERS in told.kinds
    assert unpack_head(told.head).raw.startswith(b"GET /path HTTP/1.1\r\n")


@in_loop
async def test_what_another_addon_answers_is_recorded_though_it_is_not_streamed() -> None:
    hooks = Hooks()
    flow = await hooks.begin(tflow.tflow())
    hooks.recorder.request(flow)
    flow.response = http.Response.make(418, b"tea")
    await hooks.recorder.responseheaders(flow)
    hooks.recorder.response(flow)
    (told,) = hooks.told()
    assert (told.answer, told.end) == (b"tea", End.COMPLETE)


@in_loop
async def test_another_addons_stream_goes_on_doing_what_it_does() -> None:
    hooks = Hooks()
    flow = await hooks.begin(tflow.tflow(resp=True))
    assert flow.response is not None
    flow.response.stream = bytes.upper
    await hooks.recorder.responseheaders(flow)
    assert streamed(flow.response, b"a") == [b"A", b""]


@in_loop
async def test_a_mistake_of_ours_does_not_hang_a_flow() -> None:
    hooks = Hooks()
    flow = await hooks.begin(tflow.tflow())
    hooks.recorder._exchanges.add = None  # type: ignore[assignment,method-assign] # broken on purpose
    assert streamed(flow.request, b"a") == [b"a", b""]


@in_loop
async def test_ends_are_told_from_how_far_a_flow_had_come() -> None:
    async def end(flow: http.HTTPFlow, message: str) -> End | None:
        hooks = Hooks()
        await hooks.begin(flow)
        flow.error = Error(message)
        hooks.recorder.error(flow)
        (told,) = hooks.told()
        assert told.detail == message
        return told.end

    assert await end(tflow.tflow(), "Client disconnected.") is End.CLIENT_GONE
    assert await end(tflow.tflow(), Error.KILLED_MESSAGE) is End.REFUSED
    assert await end(tflow.tflow(), "server closed connection") is End.SERVER_GONE
    assert await end(tflow.tflow(resp=True), "HTTP/1 protocol error") is End.SERVER_GONE
    down = tflow.tflow()
    down.server_conn.timestamp_tcp_setup = None
    assert await end(down, "Connection refused") is End.UNREACHABLE
    half = tflow.tflow()
    half.request.timestamp_end = None
    assert await end(half, "HTTP/1 protocol error") is End.CLIENT_GONE


@in_loop
async def test_a_request_that_mitmproxy_refuses_is_refused_and_nothing_was_altered() -> None:
    hooks = Hooks()
    flow = tflow.tflow(err=True)
    await hooks.recorder.requestheaders(flow)
    assert flow.error is not None
    flow.error = Error("Received x from client, refusing to prevent request smuggling attacks.")
    hooks.recorder.error(flow)
    (told,) = hooks.told()
    assert told.end is End.REFUSED
    assert unpack_head(told.head).altered is Altered.NOTHING


@in_loop
async def test_in_reverse_mode_host_is_mitmproxys_work() -> None:
    hooks = Hooks()
    flow = tflow.tflow()
    flow.client_conn.proxy_mode = ProxyMode.parse("reverse:http://up:1")
    await hooks.begin(flow)
    hooks.recorder.stop()
    (told,) = hooks.told()
    assert unpack_head(told.head).altered is Altered.HOST
    assert told.end is End.STOPPED


@in_loop
async def test_after_the_end_nobody_is_served_unrecorded() -> None:
    hooks = Hooks()
    hooks.recorder.stop()
    flow = tflow.tflow()
    await hooks.recorder.requestheaders(flow)
    assert flow.error is not None
    assert flow.error.msg == Error.KILLED_MESSAGE
    assert hooks.told() == []


@in_loop
async def test_an_informational_answer_that_mitmproxy_takes_for_the_final_one_is_not_recorded_as_that() -> None:
    hooks = Hooks()
    flow = await hooks.begin(tflow.tflow())
    hooks.recorder.request(flow)
    flow.response = http.Response.make(103)
    await hooks.recorder.responseheaders(flow)
    hooks.recorder.response(flow)
    (told,) = hooks.told()
    assert (told.answer_head, told.end) == (b"", End.SERVER_GONE)
    assert RecordType.INFORMATIONAL in told.kinds


async def _upgraded(hooks: Hooks, upgrade: str, protocol: str = "") -> http.HTTPFlow:
    flow = tflow.twebsocketflow(messages=False)
    flow.request.path = "/api/v1/namespaces/x/pods/p/exec?command=ls"
    flow.response = http.Response.make(101, b"", {"Upgrade": upgrade, "Sec-WebSocket-Protocol": protocol})
    await hooks.begin(flow)
    hooks.recorder.request(flow)
    await hooks.recorder.responseheaders(flow)
    hooks.recorder.response(flow)
    return flow


@in_loop
async def test_messages_of_a_websocket_become_frames_of_their_channels_and_are_not_kept_by_mitmproxy() -> None:
    hooks = Hooks()
    flow = await _upgraded(hooks, "websocket", "v5.channel.k8s.io")
    assert flow.websocket is not None
    for number in range(50):
        message = websocket.WebSocketMessage(Opcode.BINARY, number % 2 == 0, bytes([number % 2]) + b"hello")
        flow.websocket.messages.append(message)
        await hooks.recorder.websocket_message(flow)
        assert flow.websocket.messages == [message]
    flow.websocket.close_code, flow.websocket.closed_by_client = 1000, False
    hooks.recorder.websocket_end(flow)
    (told,) = hooks.told()
    assert told.end is End.COMPLETE
    assert told.tunnel == 25 * (8 + 4 + 8) + 4  # a client's frames are masked; the server's close frame


@in_loop
async def test_a_websocket_whose_client_just_was_gone_is_client_gone() -> None:
    hooks = Hooks()
    flow = await _upgraded(hooks, "websocket", "v5.channel.k8s.io")
    assert flow.websocket is not None
    flow.websocket.close_code, flow.websocket.closed_by_client = 1006, True
    hooks.recorder.websocket_end(flow)
    assert [told.end for told in hooks.told()] == [End.CLIENT_GONE]


@in_loop
async def test_bytes_after_an_upgrade_to_spdy_are_of_the_exchange_that_asked_for_it() -> None:
    hooks = Hooks()
    flow = await _upgraded(hooks, "SPDY/3.1")
    stream = tflow.ttcpflow(client_conn=flow.client_conn, messages=[])
    other = tflow.ttcpflow(messages=[])
    for on, data in ((stream, struct.pack("!II", 3, 5) + b"hello"), (other, b"nobody's")):
        on.messages += [tcp.TCPMessage(True, b"old"), tcp.TCPMessage(False, data)]
        await hooks.recorder.tcp_message(on)
        assert len(on.messages) == 1
    hooks.recorder.tcp_end(other)
    hooks.recorder.tcp_end(stream)
    (told,) = hooks.told()
    assert told.tunnel == 13
    assert [kind for kind in told.kinds if kind is RecordType.CHANNEL] == [RecordType.CHANNEL]


SEEDS = TraceSeeds("0123456789abcdef", 1 << 63)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@in_loop
async def test_while_a_relay_is_there_flows_go_on_with_a_parent_of_ours() -> None:
    hooks = Hooks(tracer=Tracer(SEEDS))
    plain, theirs, invalid = tflow.tflow(), tflow.tflow(), tflow.tflow()
    theirs.request.headers["traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"
    theirs.request.headers["tracestate"] = "a=1"
    invalid.request.headers["traceparent"] = "nonsense"
    invalid.request.headers["tracestate"] = "a=1"
    for flow in (plain, theirs, invalid):
        await hooks.begin(flow)
        hooks.recorder.request(flow)
    hooks.recorder.stop()
    assert plain.request.headers["traceparent"] == "00-0123456789abcdef0000000000000001-8000000000000001-00"
    assert theirs.request.headers["traceparent"] == f"00-{TRACE}-8000000000000002-01"
    assert theirs.request.headers["tracestate"] == "a=1"
    assert invalid.request.headers["traceparent"] == "00-0123456789abcdef0000000000000003-8000000000000003-00"
    assert "tracestate" not in invalid.request.headers
    heads = [unpack_head(told.head) for told in hooks.told()]
    assert all(head.altered & Altered.TRACEPARENT for head in heads)
    assert b"-00f067aa0ba902b7-01" in heads[1].raw  # as it came
