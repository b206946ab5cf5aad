"""Promise 1: whatever two sides say, each gets what the other sent, and the recording says the same.

KPROXY_EXAMPLES: how many examples the first two properties draw (`make nightly`: 10,000).
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, cycle

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.model.exchange import Body as RecordedBody
from kproxy.model.exchange import Digest, Exchange
from kproxy.model.exchange import End as Ended
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.identity.judge import Identity
from kproxy.proxy.tap.actions import Act, Action
from kproxy.proxy.tap.admission import Admission
from kproxy.proxy.tap.tap import Tap
from kproxy.record.assembly import Assembler
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.wire.handoff import BATCH, unpack_records
from kproxy.wire.http1 import (
    AnswerFramer,
    AnswerHead,
    Body,
    End,
    FramingError,
    Informational,
    RequestFramer,
    RequestHead,
)
from tests.proxy.generated import Said, connections, cuts, pieces, recorded

pytestmark = pytest.mark.long  # make byte-for-byte runs them with as many examples as you like

EXAMPLES = int(os.environ.get("KPROXY_EXAMPLES", "300"))
SHOWN = b"Bearer what-the-client-shows"
INJECTED = "what-kproxy-has"
PSEUDONYMS = Pseudonyms(b"1" * 32)
ALTERED = re.compile(rb"(?i)(host|authorization):")


@dataclass
class Connection:
    """A tap between two sides, and what each side gets."""

    upstream: Upstream
    token: str | None
    backlog: Backlog = field(default_factory=Backlog)
    to_client: bytes = b""
    to_server: bytes = b""
    closed: bool = False

    def __post_init__(self) -> None:
        identity = Identity(self.upstream, token=self.token, local=None, allow_exec=True)
        self.tap = Tap(Admission(identity, 1, tls=False), self.backlog, server_name="the server", clock=lambda: 7)

    def take(self, actions: list[Action]) -> None:
        """Carry the actions out."""
        for act, data in actions:
            if act is Act.TO_CLIENT:
                assert not self.closed
                self.to_client += data
            elif act is Act.TO_SERVER:
                self.to_server += data
            elif act is Act.CONNECT:
                self.take(self.tap.connected(None))
            elif act in {Act.CLOSE_CLIENT, Act.LINGER}:
                self.closed = True

    def play(self, said: list[Said], asked: list[bytes], answered: list[bytes], order: list[bool]) -> None:
        """Both sides speak, in any order in which no server answers what it has not got."""
        may = _permissions(said)
        whose = cycle([*order, True, False])
        sent = told = 0
        while asked or answered:
            client = next(whose)
            if client and asked:
                sent += len(asked[0])
                self.take(self.tap.client_data(asked.pop(0)))
            elif not client and answered and told + len(answered[0]) <= max(until for at, until in may if at <= sent):
                told += len(answered[0])
                self.take(self.tap.server_data(answered.pop(0)))
        if said[-1].answer.framing == "eof":
            self.take(self.tap.server_closed())
        self.take(self.tap.client_closed())
        self.take(self.tap.server_closed())

    def recording(self) -> tuple[list[Exchange], dict[Digest, bytes]]:
        """What the recorder makes of it."""
        literals = Literals(PSEUDONYMS, [INJECTED])
        assembler = Assembler(Redactor(PSEUDONYMS, literals), epoch=0, max_body=1 << 20)
        if batch := self.backlog.flush():
            assembler.take(unpack_records(batch.data[BATCH.size :]))
        assert assembler.open_exchanges == 0
        made = assembler.flush(1).batch
        assert not made.gaps
        return sorted(made.exchanges, key=lambda each: each.seq), made.bodies


def _permissions(said: list[Said]) -> list[tuple[int, int]]:
    """Pairs: when so many bytes of the client are there, the server may have sent so many."""
    found = [(0, 0)]
    ends = list(accumulate(len(each.request.wire) for each in said))
    answers = list(accumulate(len(each.answer_wire) for each in said))
    for each, end, until in zip(said, ends, answers, strict=True):
        found.append((end - len(each.request.body) if each.early else end, until))
    return found


def _checked(said: list[Said], upstream: Upstream, token: str | None, plan: "Plan") -> None:
    asked, answered = b"".join(each.request.wire for each in said), b"".join(each.answer_wire for each in said)
    edges = list(accumulate(len(each.answer_wire) for each in said))
    on = Connection(upstream, token)
    # A server's write never spans two answers: the second one may have to wait for its request.
    places = None if plan.answers is None else [*plan.answers, *edges]
    on.play(said, pieces(asked, plan.requests), pieces(answered, places), plan.order)
    assert on.to_client == answered
    check_requests(on.to_server, said, upstream)
    made, bodies = on.recording()
    assert len(made) == len(said)
    for exchange, each in zip(made, said, strict=True):
        _check_recorded(exchange, each, bodies)


@dataclass
class Plan:
    """How the bytes of both sides are cut and mixed."""

    requests: list[int] | None
    answers: list[int] | None
    order: list[bool]


plans = st.builds(Plan, cuts(), cuts(), st.lists(st.booleans(), max_size=8))


def check_requests(got: bytes, said: list[Said], upstream: Upstream) -> None:
    """What the server gets: the listed alterations and nothing else."""
    for each in said:
        head, blank, rest = got.partition(b"\r\n\r\n")
        ours = (head + blank).split(b"\r\n")
        theirs = each.request.head.split(b"\r\n")
        kept = [line for line in ours if not ALTERED.match(line)]
        assert kept == [line for line in theirs if not ALTERED.match(line)]
        set_by_us = [line for line in ours if ALTERED.match(line)]
        wanted = [b"Host: " + upstream.host_header.encode()]
        assert set_by_us == wanted + ([f"Authorization: Bearer {INJECTED}".encode()] if upstream.injects else [])
        assert rest.startswith(each.request.body)
        got = rest[len(each.request.body) :]
    assert got == b""


def _check_recorded(exchange: Exchange, said: Said, bodies: dict[Digest, bytes]) -> None:
    assert exchange.end is Ended.COMPLETE
    request, answer = exchange.request, exchange.answer
    assert request.method.encode() == said.method
    assert request.target.encode("latin-1") == said.target
    assert request.http_version.encode() == b"HTTP/" + said.version
    redacted = {"authorization"}
    assert [field for field in request.headers if field[0].lower() not in redacted] == [
        field for field in said.request.headers if field[0].lower() not in redacted
    ]
    assert len(request.headers) == len(said.request.headers)
    assert not any("what-the-client-shows" in value for _, value in request.headers)
    assert request.trailers == recorded(said.request.trailers)
    assert _content(request.body, bodies) == said.request.content
    assert answer is not None
    assert answer.status == said.status
    assert answer.headers == said.answer.headers
    assert answer.trailers == recorded(said.answer.trailers)
    assert answer.informational == tuple(int(raw[9:12]) for raw in said.informational)
    assert answer.body.size == len(said.answer.content)
    assert _content(answer.body, bodies) == said.plain


def _content(body: RecordedBody, bodies: dict[Digest, bytes]) -> bytes:
    return bodies[body.digest] if body.digest is not None else b""


@settings(max_examples=EXAMPLES)
@given(connections(), plans)
def test_each_side_gets_what_the_other_sent_and_so_does_the_recording(said: list[Said], plan: Plan) -> None:
    _checked(said, upstream_from_url("http://up:1"), None, plan)


@settings(max_examples=EXAMPLES // 3)
@given(connections(secret=SHOWN), plans)
def test_with_injected_credentials_only_these_are_exchanged(said: list[Said], plan: Plan) -> None:
    upstream = Upstream(url="http://up:1", host="up", port=1, token=INJECTED, user="u")
    _checked(said, upstream, SHOWN.decode().partition(" ")[2], plan)


class Llhttp:
    """llhttp's opinion."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.complete = 0

    def on_message_begin(self) -> None:
        self.bodies.append(b"")

    def on_body(self, body: bytes) -> None:
        self.bodies[-1] += body

    def on_message_complete(self) -> None:
        self.complete += 1


@settings(max_examples=EXAMPLES)
@given(connections())
def test_llhttp_frames_what_is_generated_as_we_do(said: list[Said]) -> None:
    for each in said:
        second = Llhttp()
        httptools.HttpRequestParser(second).feed_data(each.request.wire.replace(each.target, b"/", 1))  # ASCII only
        assert (second.bodies, second.complete) == ([each.request.content], 1)
        if each.method == b"HEAD":
            continue  # llhttp is not told of it
        second = Llhttp()
        httptools.HttpResponseParser(second).feed_data(each.answer.wire)
        ended = each.answer.framing != "eof" or (not each.answer.content and each.status in {204, 304})
        assert (second.bodies, second.complete) == ([each.answer.content], 1 if ended else 0)


WEDGES = [
    *(b"\n", b"\r", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\x00", b"0", b"f", b":", b";", b",", b"-1", b"+", b"0x"),
    *(b"Content-Length: 3\r\n", b"Content-Length: 3, 3\r\n", b"Content-Length:\r\n", b" folded\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: x\r\n"),
    *(
        b"Transfer-Encoding : chunked\r\n",
        b"transfer-encoding:\x0bchunked\r\n",
        b"0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ),
]
REFUSALS = (httptools.HttpParserInvalidMethodError, httptools.HttpParserInvalidURLError, httptools.HttpParserUpgrade)
"""A method, a target, an upgrade that llhttp does not know: nothing that is framing."""

CONTROLS = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
BEHIND_THE_LAST = "Connection: close"


def _mutated(raw: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, cut, wedge in changes:
        at = place % (len(raw) + 1)
        raw = raw[:at] + wedge + raw[at + cut :]
    return raw


def _agrees(events: Sequence[object], consumed: bytes, parser: type) -> None:
    """What went on is framed by llhttp in the same way, or not taken for HTTP by it at all."""
    bodies: list[bytes] = []
    complete = 0
    for event in events:
        if isinstance(event, RequestHead | AnswerHead | Informational):
            bodies.append(b"")
            complete += isinstance(event, Informational)
        elif isinstance(event, Body):
            bodies[-1] += event.content
        elif isinstance(event, End):
            complete += 1
    second = Llhttp()
    try:
        parser(second).feed_data(consumed)
    except REFUSALS:
        return
    except httptools.HttpParserError as error:
        # It takes no control characters, and nothing behind a request that says it is the last: nobody answers that.
        if CONTROLS.search(consumed) or BEHIND_THE_LAST in str(error):
            return
        raise
    assert (second.bodies, second.complete) == (bodies, complete)


mutations = st.lists(
    st.tuples(st.integers(0, 5000), st.sampled_from([0, 0, 0, 1, 2, 9]), st.sampled_from(WEDGES)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=EXAMPLES)
@given(connections(), mutations)
def test_of_requests_gone_wrong_llhttp_agrees_with_what_we_let_through(
    said: list[Said], changes: list[tuple[int, int, bytes]]
) -> None:
    raw = _mutated(b"".join(each.request.wire for each in said), changes)
    framer = RequestFramer()
    try:
        events = framer.feed(raw)
    except FramingError:
        events = framer.before
    _agrees(events, framer.consumed, httptools.HttpRequestParser)


@settings(max_examples=EXAMPLES)
@given(connections(), mutations)
def test_of_answers_gone_wrong_llhttp_agrees_with_what_we_let_through(
    said: list[Said], changes: list[tuple[int, int, bytes]]
) -> None:
    each = said[0]
    raw = _mutated(each.answer.wire, changes)
    framer = AnswerFramer()
    framer.expect(b"GET")
    if each.method == b"HEAD":
        return
    try:
        events = framer.feed(raw)
    except FramingError:
        events = framer.before
    _agrees(events, framer.consumed, httptools.HttpResponseParser)
