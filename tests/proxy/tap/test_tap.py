"""The tap sans-I/O: whatever the cuts and whoever goes first, bytes are whole and each exchange ends exactly once."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import Altered, End
from kproxy.proxy.faults.faulty_tap import FaultyTap
from kproxy.proxy.faults.rules import parse_rule
from kproxy.proxy.faults.touch import Faults
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.identity.judge import Identity
from kproxy.proxy.tap.actions import Act, Action, Unreached
from kproxy.proxy.tap.admission import Admission
from kproxy.proxy.tap.tap import MAX_PIPELINED, Tap
from kproxy.proxy.tap.wanted import Wanted, wanted_by
from kproxy.wire.handoff import RecordType, unpack_head
from kproxy.wire.tracecontext import Tracer, TraceSeeds
from tests.proxy.fake_recorder import FakeRecorder

HOST = b"Host: up:1\r\n"
REQUESTS = {
    b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /b HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 3\r\n\r\nabc": b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    b"PUT /c HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    ),
    b"HEAD /d HTTP/1.1\r\n" + HOST + b"\r\n": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    b"DELETE /e HTTP/1.1\r\n" + HOST + b"\r\n": b"HTTP/1.1 204 No Content\r\n\r\n",
    b"GET /f HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: x\r\n\r\n": (
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1\r\n\r\n!"
    ),
}


@dataclass
class Wires:
    """A tap, its two sides, and its recorder."""

    backlog: Backlog = field(default_factory=Backlog)
    faults: Faults | None = None
    tracer: Tracer | None = None
    wanted: Wanted | None = None
    to_client: bytes = b""
    to_server: bytes = b""
    acts: list[Act] = field(default_factory=list)

    def __post_init__(self) -> None:
        identity = Identity(upstream_from_url("http://up:1"), token=None, local=None, allow_exec=True)
        make = Tap if self.faults is None else partial(FaultyTap, self.faults)
        self.tap = make(
            Admission(identity, 1, tls=False, wanted=self.wanted, tracer=self.tracer),
            self.backlog,
            server_name="the server",
            clock=lambda: 7,
        )

    def take(self, actions: list[Action]) -> None:
        """Carry the actions out."""
        for act, data in actions:
            self.acts.append(act)
            if act is Act.TO_CLIENT:
                assert Act.CLOSE_CLIENT not in self.acts
                self.to_client += data
            elif act is Act.TO_SERVER:
                assert Act.END_TO_SERVER not in self.acts
                self.to_server += data

    def recorded(self) -> FakeRecorder:
        """What a recorder makes of it."""
        recorder = FakeRecorder()
        if batch := self.backlog.flush():
            recorder.take(batch.data)
        recorder.commit()
        return recorder


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    return [raw[begin:end] for begin, end in pairwise(edges) if begin < end]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(REQUESTS)), min_size=1, max_size=5),
    st.lists(st.integers(0, 2000), max_size=10),
    st.lists(st.integers(0, 2000), max_size=10),
    st.integers(0, 12),
)
def test_both_ways_are_byte_for_byte_and_every_exchange_completes(
    requests: list[bytes], request_cuts: list[int], answer_cuts: list[int], connected_after: int
) -> None:
    wires = Wires()
    sent = b"".join(requests)
    answers = b"".join(REQUESTS[request] for request in requests)

    pieces = cut(sent, request_cuts)
    connected = False
    for n, piece in enumerate(pieces):
        wires.take(wires.tap.client_data(piece))
        if n >= connected_after and not connected and Act.CONNECT in wires.acts:
            connected = True
            wires.take(wires.tap.connected(None))
    if not connected:
        wires.take(wires.tap.connected(None))
    # No server answers what it has not got: what follows a request for an upgrade waits for the answer to that.
    ends = list(accumulate(len(REQUESTS[request]) for request in requests))
    for piece in cut(answers, answer_cuts + [end for end in ends if end < len(answers)]):
        wires.take(wires.tap.server_data(piece))

    assert wires.to_server == sent
    assert wires.to_client == answers
    finished = wires.recorded().finished
    assert [told.end for _, told in sorted(finished.items())] == [End.COMPLETE] * len(requests)
    assert [
        told.head.endswith(request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        for told, request in zip((finished[seq] for seq in sorted(finished)), requests, strict=True)
    ] == [True] * len(requests)


EVENTS = ["client", "server", "client-eof", "server-eof", "connect", "unreached", "drain", "come", "stop"]
RULES = ["", "500 verb=get", "cut", "delay=1s", "410 verb=post delay=1s", "cut after=1s", "drop-event"]
NOISE = [
    *REQUESTS,
    *REQUESTS.values(),
    b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nrest",
    b"GARBAGE\x00\r\n\r\n",
    b"GET / HTTP/1.1\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
]


def happens(tap: Tap, event: str, data: bytes) -> list[Action]:
    """Tell the tap."""
    if event == "come":
        return tap.resume(tap.waits.popleft()) if tap.waits else []
    calls: dict[str, Callable[[], list[Action]]] = {
        "client": lambda: tap.client_data(data),
        "server": lambda: tap.server_data(data),
        "client-eof": tap.client_closed,
        "server-eof": tap.server_closed,
        "drain": tap.drain,
        "stop": tap.stop,
    }
    return calls[event]() if event in calls else []


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(NOISE)), max_size=25), st.sampled_from(RULES))
def test_whatever_happens_each_exchange_ends_exactly_once(steps: list[tuple[str, bytes]], rule: str) -> None:
    wires = Wires(faults=Faults([parse_rule(rule)]) if rule else None)
    connected = False
    for event, data in steps:
        if event in {"connect", "unreached"} and Act.CONNECT in wires.acts and not connected:
            connected = True
            problem = Unreached("connect", "Connection refused") if event == "unreached" else None
            wires.take(wires.tap.connected(problem))
        elif connected or not event.startswith("server"):
            wires.take(happens(wires.tap, event, data))
    wires.take(wires.tap.stop())

    recorder = wires.recorded()
    assert sorted(recorder.finished) == list(range(1, wires.backlog.last_seq + 1))
    for told in recorder.finished.values():
        assert told.kinds.count(RecordType.END) == 1
        assert told.kinds[0] == RecordType.REQUEST_HEAD
        assert told.kinds.count(RecordType.ANSWER_HEAD) <= 1
    assert wires.acts.count(Act.CONNECT) <= 1
    assert Act.CLOSE_CLIENT in wires.acts or Act.LINGER in wires.acts


def test_a_client_that_asks_without_end_has_to_wait() -> None:
    wires = Wires()
    request = next(iter(REQUESTS))
    wires.take(wires.tap.client_data(request))
    waiting = [wires.tap.waiting]  # for the connection
    wires.take(wires.tap.connected(None))
    waiting.append(wires.tap.waiting)
    wires.take(wires.tap.client_data(request * MAX_PIPELINED))
    waiting.append(wires.tap.waiting)

    assert waiting == [True, False, True]


def test_a_watch_that_its_client_leaves_is_client_gone_though_the_server_ends_it_in_order() -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(b"GET /watch HTTP/1.1\r\nHost: up:1\r\n\r\n"))
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.server_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"))
    wires.take(wires.tap.client_closed())
    wires.take(wires.tap.server_data(b"0\r\n\r\n"))
    assert wires.to_client.endswith(b"0\r\n\r\n")
    (exchange,) = wires.recorded().finished.values()
    assert exchange.end is End.CLIENT_GONE


@pytest.mark.parametrize("more", [b"", b"ahead"])
def test_a_client_that_leaves_before_an_upgrade_is_answered_has_left_the_server(more: bytes) -> None:
    """As without kproxy: Go's server ends a request whose client is gone. What was sent before goes first."""
    wires = Wires()
    ask = b"GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"
    wires.take(wires.tap.client_data(ask + more))
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.client_closed())
    assert (Act.END_TO_SERVER in wires.acts) is not bool(more)
    granted = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"
    wires.take(wires.tap.server_data(granted))
    assert wires.acts[-1] is Act.END_TO_SERVER


def test_a_client_that_half_closes_after_its_request_gets_a_complete_answer() -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(b"GET /a HTTP/1.1\r\nHost: up:1\r\n\r\n"))
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.client_closed())
    wires.take(wires.tap.server_data(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    (exchange,) = wires.recorded().finished.values()
    assert exchange.end is End.COMPLETE


def test_a_client_that_is_gone_when_everything_stops_is_recorded_as_gone() -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(next(iter(REQUESTS))))
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.client_closed())

    wires.take(wires.tap.stop())

    assert wires.recorded().finished[1].end is End.CLIENT_GONE


@pytest.mark.parametrize("ended", [True, False])
def test_a_client_that_was_refused_is_read_on_only_while_it_may_send(ended: bool) -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\nBAD\r\n\r\n"))
    if ended:
        wires.take(wires.tap.client_closed())
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.server_data(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert wires.acts[-1] is (Act.CLOSE_CLIENT if ended else Act.LINGER)


@pytest.mark.parametrize("rest", [b"", b"c"])
def test_a_client_that_still_sends_when_the_server_has_answered_and_closed_is_not_reset(rest: bytes) -> None:
    """What the api-server does with a body over its limit: 413, and it closes."""
    wires = Wires()
    head = b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab"
    wires.take(wires.tap.client_data(head + rest))
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.server_data(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
    wires.take(wires.tap.server_closed())
    assert wires.acts[-1] is (Act.CLOSE_CLIENT if rest else Act.LINGER)
    assert wires.tap.client_data(b"c") == []


def test_a_client_that_asks_for_http_2_goes_on_in_http_1() -> None:
    wires = Wires()
    ask = (
        b"GET /a HTTP/1.1\r\n"
        + HOST
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n"
    )
    wires.take(wires.tap.client_data(ask * 2))
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.server_data(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 2))
    assert wires.to_server == ask.replace(b"Upgrade: h2c\r\n", b"") * 2
    finished = wires.recorded().finished
    assert [told.end for told in finished.values()] == [End.COMPLETE] * 2
    altered = {unpack_head(told.head).altered for told in finished.values()}
    assert altered == {Altered.HOST | Altered.HOP_BY_HOP}


SEEDS = TraceSeeds("0123456789abcdef", 1 << 63)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def traceparents(wires: Wires) -> list[bytes]:
    return re.findall(rb"(?i)traceparent: ([^\r]*)\r\n", wires.to_server)


def test_while_a_relay_is_there_each_of_the_pipelined_requests_has_a_parent_of_its_own() -> None:
    wires = Wires(tracer=Tracer(SEEDS))
    plain, posted = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
    theirs = b"Traceparent: 00-%b-00f067aa0ba902b7-01\r\n\r\n{}" % TRACE.encode()
    wires.take(wires.tap.client_data(plain + posted + theirs + plain))
    wires.take(wires.tap.connected(None))
    assert traceparents(wires) == [
        b"00-0123456789abcdef0000000000000001-8000000000000001-00",
        b"00-%b-8000000000000002-01" % TRACE.encode(),
        b"00-0123456789abcdef0000000000000003-8000000000000003-00",
    ]
    wires.take(wires.tap.stop())
    told = [told for _, told in sorted(wires.recorded().finished.items())]
    assert [bool(unpack_head(each.head).altered & Altered.TRACEPARENT) for each in told] == [True] * 3
    assert unpack_head(told[1].head).raw == posted + theirs[:-2]  # as the client sent it


def test_what_is_refused_or_not_recorded_goes_on_without_a_parent_of_ours() -> None:
    wires = Wires(tracer=Tracer(SEEDS), wanted=wanted_by((), ("verb=list",)))
    wires.take(wires.tap.client_data(b"GET /api/v1/pods HTTP/1.1\r\nHost: x\r\n\r\n"))
    wires.take(wires.tap.connected(None))
    assert b"GET" in wires.to_server
    assert traceparents(wires) == []
    wires.take(wires.tap.client_data(b"GET http://else/ HTTP/1.1\r\nHost: x\r\n\r\n"))
    wires.take(wires.tap.stop())
    (refused,) = wires.recorded().finished.values()
    assert not unpack_head(refused.head).altered & Altered.TRACEPARENT


def test_a_request_that_a_rule_delays_has_the_number_that_it_was_recorded_with() -> None:
    wires = Wires(faults=Faults([parse_rule("delay=1s")]), tracer=Tracer(SEEDS))
    wires.take(wires.tap.client_data(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"))
    wires.take(wires.tap.resume(wires.tap.waits.popleft()))
    wires.take(wires.tap.connected(None))
    assert traceparents(wires) == [b"00-0123456789abcdef0000000000000001-8000000000000001-00"]


def test_an_upgrade_and_a_watch_have_a_parent_of_ours_too_and_what_follows_is_left_alone() -> None:
    wires = Wires(tracer=Tracer(SEEDS))
    watch = b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    upgrade = b"GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
    wires.take(wires.tap.client_data(watch))
    wires.take(wires.tap.connected(None))
    wires.take(wires.tap.server_data(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    wires.take(wires.tap.client_data(upgrade))
    wires.take(wires.tap.server_data(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"))
    wires.take(wires.tap.client_data(watch))
    assert [each[-3:] for each in traceparents(wires)] == [b"-00"] * 2
    assert wires.to_server.endswith(b"\r\n\r\n" + watch)
