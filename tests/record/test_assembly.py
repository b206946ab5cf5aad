"""Exchanges out of records."""

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.exchange import EMPTY_BODY, Altered, Body, BodyState, Digest, End, Exchange, Frame, Nanos, Seq
from kproxy.model.session import Gap, Mark
from kproxy.record.assembly import Assembled, Assembler, HandoffError
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.wire.content import encode
from kproxy.wire.handoff import GAP, RESUME, TUNNEL, RecordType, pack_head, pack_record, unpack_records
from kproxy.wire.http1_head import parse_request_head
from kproxy.wire.tracecontext import Tracer, TraceSeeds
from tests.support.traffic import CHUNKED_HEAD, JSON_HEAD, Script, request_head

PSEUDONYMS = Pseudonyms(b"1" * 32)
POST = request_head("POST", "/api/v1/namespaces/default/pods", "Content-Type: application/json", "Content-Length: 14")
WATCH = request_head("GET", "/api/v1/pods?watch=true")
GZIPPED = CHUNKED_HEAD[:-2] % b"application/json" + b"Content-Encoding: gzip\r\n\r\n"
LOG = request_head("GET", "/api/v1/namespaces/default/pods/a/log?follow=true")
LINES = [b'{"type":"ADDED","object":{"n":%d}}\n' % number for number in range(4)]


class Bench:
    """An assembler and all that came out of it."""

    def __init__(self, max_body: int = 10_000) -> None:
        redactor = Redactor(PSEUDONYMS, Literals(PSEUDONYMS, ["known-literal-secret"]))
        self.assembler = Assembler(redactor, epoch=0, max_body=max_body)
        self.exchanges: dict[int, Exchange] = {}
        self.frames: dict[int, Frame] = {}
        self.bodies: dict[Digest, bytes] = {}
        self.gaps: list[Gap] = []
        self.number = 0

    def batch(self, script: Script) -> Assembled:
        """One batch; rows are written over as the store does it."""
        self.assembler.take(unpack_records(script.take()))
        self.number += 1
        made = self.assembler.flush(self.number)
        self.exchanges |= {exchange.seq: exchange for exchange in made.batch.exchanges}
        self.frames |= {frame.index: frame for frame in made.batch.frames}
        self.bodies |= made.batch.bodies
        self.gaps += made.batch.gaps
        return made

    def content(self, body: Body | None) -> bytes:
        """A body's bytes."""
        assert body is not None
        assert body.digest is not None, body
        return self.bodies[body.digest]


def answer_body(exchange: Exchange) -> Body:
    """The answer's."""
    assert exchange.answer is not None
    return exchange.answer.body


def test_a_whole_exchange_in_one_batch() -> None:
    bench = Bench()
    script = Script(at=0).begin(1, POST, b'{"kind":"Pod"}')
    script.add(RecordType.INFORMATIONAL, 1, b"HTTP/1.1 103 Early Hints\r\n\r\n")
    script.answer(
        1, b"HTTP/1.1 201 Created\r\nAudit-Id: a\r\nContent-Type: application/json\r\n\r\n", b'{"a"', b":1}\n"
    )
    script.add(RecordType.ANSWER_TRAILERS, 1, b"X-Sum: 5\r\n\r\n")
    made = bench.batch(script.end(1))
    exchange = bench.exchanges[1]
    assert len(made.batch.exchanges) == 1
    assert exchange.end is End.COMPLETE
    assert (exchange.started, exchange.answered, exchange.ended) == (1000, 4000, 8000)
    assert exchange.info.verb == "create"
    assert exchange.info.resource == "pods"
    assert exchange.altered is Altered.AUTHORIZATION
    assert exchange.caller == "admin"
    assert bench.content(exchange.request.body) == b'{"kind":"Pod"}'
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.reason) == (201, "Created")
    assert exchange.answer.informational == (103,)
    assert exchange.answer.trailers == (("X-Sum", "5"),)
    assert bench.content(exchange.answer.body) == b'{"a":1}\n'
    assert exchange.answer.body.size == 8
    assert bench.assembler.open_exchanges == 0


@given(st.integers(0, 40))
def test_rows_are_the_same_however_batches_are_cut(seed: int) -> None:
    script = Script(at=0).begin(1, POST, b'{"kind":"Pod"}').get(2).begin(3, WATCH)
    script.answer(3, CHUNKED_HEAD % b"application/json", *LINES).answer(1, JSON_HEAD % (200, 2), b"{}").end(1).end(3)
    whole, cut = Bench(), Bench()
    parts = list(script.parts)
    whole.batch(script)
    for number, part in enumerate(parts):
        script.parts.append(part)
        if (number + seed) % 3 == 0 or number == len(parts) - 1:
            cut.batch(script)
    assert cut.exchanges == whole.exchanges
    assert cut.frames == whole.frames
    assert cut.bodies == whole.bodies


def test_an_exchange_has_a_row_as_soon_as_its_head_is_there() -> None:
    bench = Bench()
    bench.batch(Script().begin(1, POST, b'{"kind"'))
    first = bench.exchanges[1]
    assert (first.end, first.ended, first.answer) == (End.UNKNOWN, None, None)
    assert first.request.body.state is BodyState.LOST
    made = bench.batch(Script().add(RecordType.REQUEST_BODY, 1, b':"Pod"}'))
    assert not made.batch.exchanges  # nothing that a row would say
    bench.batch(Script().answer(1, JSON_HEAD % (200, 2)))
    assert answer_body(bench.exchanges[1]).state is BodyState.LOST
    bench.batch(Script().add(RecordType.ANSWER_BODY, 1, b"{}").end(1))
    assert bench.content(answer_body(bench.exchanges[1])) == b"{}"
    assert bench.content(bench.exchanges[1].request.body) == b'{"kind":"Pod"}'


def test_a_watch_s_events_are_stored_as_they_come_and_named_in_checkpoints() -> None:
    bench = Bench()
    script = Script().begin(1, WATCH).answer(1, CHUNKED_HEAD % b"application/json", LINES[0], LINES[1][:9])
    (checkpoint,) = bench.batch(script).checkpoints
    assert (checkpoint.seq, checkpoint.offset, checkpoint.frames) == (1, len(LINES[0]), 1)
    assert answer_body(bench.exchanges[1]).state is BodyState.FRAMES
    assert bench.batch(Script().get(2)).checkpoints == []
    bench.batch(Script().add(RecordType.ANSWER_BODY, 1, LINES[1][9:]).end(1, End.CLIENT_GONE))
    assert [bench.content(bench.frames[index].body) + b"\n" for index in (0, 1)] == LINES[:2]
    assert answer_body(bench.exchanges[1]) == Body(state=BodyState.FRAMES, size=len(LINES[0] + LINES[1]))
    assert bench.frames[0].body.size == len(LINES[0]) - 1


def test_a_gzipped_watch_is_cut_too_and_has_no_checkpoints_within_a_member() -> None:
    bench = Bench()
    squeeze = zlib.compressobj(wbits=31)
    content = squeeze.compress(b"".join(LINES)) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    assert bench.batch(Script().begin(1, WATCH).answer(1, GZIPPED, content)).checkpoints == []
    assert len(bench.frames) == 4


def test_a_watch_with_a_gzip_member_for_each_event_has_checkpoints_and_goes_on_behind_them() -> None:
    """As kube-apiserver's WatchListCompression sends it (k8s.io/apiserver/pkg/endpoints/handlers/watch.go)."""
    members = [gzip.compress(line) for line in LINES]
    first, second = Bench(), Bench()
    made = first.batch(Script().begin(1, WATCH).answer(1, GZIPPED, *members[:2], members[2][:9]))
    (checkpoint,) = made.checkpoints
    assert (checkpoint.offset, checkpoint.frames) == (len(members[0] + members[1]), 2)
    script = Script().begin(1, WATCH).answer(1, GZIPPED)
    script.add(RecordType.RESUME, 1, RESUME.pack(checkpoint.offset, checkpoint.frames))
    for piece in (members[2][:9], members[2][9:] + members[3]):
        script.add(RecordType.ANSWER_BODY, 1, piece)
    second.batch(script.end(1))
    assert [first.content(first.frames[index].body) + b"\n" for index in (0, 1)] == LINES[:2]
    assert [second.content(second.frames[index].body) + b"\n" for index in (2, 3)] == LINES[2:]
    assert answer_body(second.exchanges[1]).size == sum(map(len, members))


@pytest.mark.parametrize("members", [False, True])
@pytest.mark.parametrize("cbor", [False, True])
def test_events_of_a_zipped_watch_have_the_times_of_their_own_pieces(cbor: bool, members: bool) -> None:
    squeeze = zlib.compressobj(wbits=31)
    events = [encode("application/cbor-seq", json.loads(line)) if cbor else line for line in LINES]
    pieces = [squeeze.compress(event) + squeeze.flush(zlib.Z_SYNC_FLUSH) for event in events]
    pieces = [gzip.compress(event) for event in events] if members else pieces
    bench, script = Bench(), Script(at=0)
    media_type = b"application/cbor-seq" if cbor else b"application/json"
    script.begin(1, WATCH).answer(1, CHUNKED_HEAD[:-2] % media_type + b"Content-Encoding: gzip\r\n\r\n")
    times = []
    for index, piece in enumerate(pieces):
        script.add(RecordType.ANSWER_BODY, 1, piece[:3]).add(RecordType.ANSWER_BODY, 1, piece[3:])
        times.append(Nanos(script.at))
        bench.batch(script)
        assert list(bench.frames) == list(range(index + 1))
        assert bench.content(bench.frames[index].body) == events[index].rstrip(b"\n")
    assert [frame.at for frame in bench.frames.values()] == times


def test_a_log_s_lines_are_stored_as_they_come_with_their_times() -> None:
    bench, script = Bench(max_body=10), Script(at=0)
    script.begin(1, LOG).answer(1, CHUNKED_HEAD % b"text/plain", b"one\ntwo known-literal-secret\nth")
    first = Nanos(script.at)
    (checkpoint,) = bench.batch(script).checkpoints
    assert (checkpoint.offset, checkpoint.frames) == (len(b"one\ntwo known-literal-secret\n"), 2)
    bench.batch(script.add(RecordType.ANSWER_BODY, 1, b"ree\nfour").end(1, End.CLIENT_GONE))
    pseudonym = PSEUDONYMS.text("known-literal-secret").encode()
    lines = [bench.content(frame.body) for frame in bench.frames.values()]
    assert lines == [b"one\n", b"two " + pseudonym + b"\n", b"three\n", b"four"]
    assert {frame.kind for frame in bench.frames.values()} == {"log-line"}
    assert [frame.at for frame in bench.frames.values()] == [first, first, first + 1000, first + 2000]
    assert answer_body(bench.exchanges[1]) == Body(state=BodyState.FRAMES, size=39)


def test_a_log_goes_on_where_a_recorder_before_left_it() -> None:
    bench = Bench()
    script = Script().begin(1, LOG).answer(1, CHUNKED_HEAD % b"text/plain; charset=utf-8")
    script.add(RecordType.RESUME, 1, RESUME.pack(4, 1))
    bench.batch(script.add(RecordType.ANSWER_BODY, 1, b"two\n").end(1))
    assert {index: bench.content(frame.body) for index, frame in bench.frames.items()} == {1: b"two\n"}


@pytest.mark.parametrize(("status", "media_type"), [(400, b"text/plain"), (200, b"application/json")])
def test_what_is_no_log_s_text_is_a_body(status: int, media_type: bytes) -> None:
    bench = Bench()
    head = b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: 3\r\n\r\n" % (status, media_type)
    bench.batch(Script().begin(1, LOG).answer(1, head, b"{}\n").end(1))
    assert bench.content(answer_body(bench.exchanges[1])) == b"{}\n"


def test_a_watch_that_is_refused_has_an_ordinary_body() -> None:
    bench = Bench()
    bench.batch(Script().begin(1, WATCH).answer(1, JSON_HEAD % (410, 2), b"{}").end(1))
    assert bench.content(answer_body(bench.exchanges[1])) == b"{}"


def test_a_stream_goes_on_where_a_recorder_before_left_it() -> None:
    bench = Bench()
    head = CHUNKED_HEAD % b"application/json"
    script = Script().begin(1, WATCH).answer(1, head)
    script.add(RecordType.RESUME, 1, RESUME.pack(len(LINES[0]), 1))
    bench.batch(script.add(RecordType.ANSWER_BODY, 1, LINES[1]).end(1))
    assert list(bench.frames) == [1]
    assert answer_body(bench.exchanges[1]).size == len(LINES[0] + LINES[1])


def test_secrets_are_gone_before_anything_comes_out() -> None:
    bench = Bench()
    head = request_head("PUT", "/api/v1/namespaces/a/secrets/s?token=hunter22", "Authorization: Bearer hunter22")
    secret = json.dumps({"kind": "Secret", "stringData": {"p": "hunter22"}}).encode()
    script = Script().begin(1, head, secret).answer(1, JSON_HEAD % (200, 5), secret)
    bench.batch(script.end(1, detail="known-literal-secret"))
    assert "hunter22" not in repr(bench.exchanges)
    assert "known-literal-secret" not in repr(bench.exchanges)
    assert not any(b"hunter22" in data for data in bench.bodies.values())
    assert PSEUDONYMS.text("hunter22") in bench.exchanges[1].request.target


def test_events_of_a_watch_on_secrets_are_redacted() -> None:
    bench = Bench()
    event = b'{"type":"ADDED","object":{"kind":"Secret","data":{"p":"aHVudGVyMjI="}}}\n'
    head = request_head("GET", "/api/v1/secrets?watch=1")
    bench.batch(Script().begin(1, head).answer(1, CHUNKED_HEAD % b"application/json", event))
    assert b"aHVudGVyMjI=" not in bench.content(bench.frames[0].body)
    assert bench.frames[0].body.size == len(event) - 1


@pytest.mark.parametrize("end", [End.CLIENT_GONE, End.SERVER_GONE, End.STOPPED])
def test_a_body_that_broke_off_is_partial(end: End) -> None:
    bench = Bench()
    bench.batch(Script().get(2).begin(1, POST, b'{"ki').end(1, end))
    body = bench.exchanges[1].request.body
    assert (body.state, body.size) == (BodyState.PARTIAL, 4)
    assert end.value in body.reason
    assert bench.content(body) == b'{"ki'


def test_a_body_that_is_too_large_is_counted_and_not_held() -> None:
    bench = Bench(max_body=10)
    bench.batch(Script().begin(1, POST).answer(1, JSON_HEAD % (200, 30), *[b"0123456789"] * 3).end(1))
    assert answer_body(bench.exchanges[1]) == Body(state=BodyState.TOO_LARGE, size=30, reason="more than 10 bytes")


def test_content_coding_is_taken_away_and_the_size_is_the_wire_s() -> None:
    bench = Bench()
    data = gzip.compress(b'{"a": "' + b"x" * 500 + b'"}')
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n"
    bench.batch(Script().begin(1, POST).answer(1, head, data).end(1))
    assert answer_body(bench.exchanges[1]).size == len(data)
    assert bench.content(answer_body(bench.exchanges[1])).startswith(b'{"a": "xxx')
    bench.batch(Script().begin(2, POST).answer(2, head, data[:20]).end(2))
    assert answer_body(bench.exchanges[2]).state is BodyState.OPAQUE


def test_what_goes_through_an_upgrade_is_counted() -> None:
    bench = Bench()
    script = Script().begin(1, request_head("POST", "/api/v1/namespaces/a/pods/b/exec", "Upgrade: SPDY/3.1"))
    script.answer(1, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\n\r\n").add(RecordType.UPGRADED, 1)
    for direction, count in ((0, 5), (1, 7), (0, 6)):
        script.add(RecordType.TUNNEL, 1, TUNNEL.pack(direction, count))
    bench.batch(script.end(1))
    exchange = bench.exchanges[1]
    assert exchange.upgrade == "SPDY/3.1"
    assert (exchange.request.body.state, exchange.request.body.size) == (BodyState.COUNTED, 11)
    assert answer_body(exchange).size == 7


def gap(seq: int, last: int, exchanges: int, missing: int) -> bytes:
    """A GAP record."""
    return pack_record(RecordType.GAP, seq, 5, GAP.pack(last, exchanges, missing) + b"the buffer was full")


def test_missing_exchanges_are_a_gap_with_its_place() -> None:
    bench = Bench()
    bench.assembler.take(unpack_records(gap(4, 6, 3, 100)))
    (found,) = bench.batch(Script()).batch.gaps
    assert (found.kind, found.count, found.first_seq, found.last_seq) == ("exchanges", 3, 4, 6)


def test_a_body_with_a_hole_is_lost_and_its_gap_is_written_once() -> None:
    bench = Bench()
    bench.batch(Script().begin(1, POST, b'{"kind":"Pod"}').answer(1, JSON_HEAD % (200, 50), b'{"a'))
    bench.assembler.take(unpack_records(gap(1, 1, 0, 20)))
    assert bench.batch(Script()).batch.gaps == []
    bench.batch(Script().end(1))
    assert answer_body(bench.exchanges[1]).state is BodyState.LOST
    assert bench.content(bench.exchanges[1].request.body) == b'{"kind":"Pod"}'
    assert [(found.kind, found.count, found.first_seq) for found in bench.gaps] == [("body", 20, 1)]


def test_an_end_without_a_beginning_is_a_gap() -> None:
    bench = Bench()
    bench.batch(Script().add(RecordType.ANSWER_BODY, 9, b"x").end(9))
    assert [(found.kind, found.first_seq) for found in bench.gaps] == [("exchanges", 9)]


def test_stopping_ends_what_is_open() -> None:
    bench = Bench()
    bench.batch(Script().begin(1, POST, b'{"kind":"Pod"}').begin(2, WATCH))
    bench.assembler.stop(99_000, "the proxy was gone")
    bench.batch(Script())
    assert {exchange.end for exchange in bench.exchanges.values()} == {End.STOPPED}
    assert bench.exchanges[1].ended == 99_000
    assert bench.content(bench.exchanges[1].request.body) == b'{"kind":"Pod"}'


RAW_HEADS = [b"", b"\xff\xfe", b"GET", b"G /\n:\r\n\r\n", b"a b c d\r\nContent-Length: -5\r\n\r\n"]


def test_any_bytes_for_a_head_make_an_exchange() -> None:
    bench = Bench()
    for seq, raw in enumerate(
        (b"", b"\xff\xfe", b"GET", b"G /\n:\r\n\r\n", b"a b c d\r\nContent-Length: -5\r\n\r\n"), 1
    ):
        bench.batch(Script().begin(seq, raw).answer(seq, raw, b"x").end(seq, End.REFUSED))
        assert bench.exchanges[seq].end is End.REFUSED
        assert bench.exchanges[seq].request.body == EMPTY_BODY


BEGUN = Script().begin(1, b"").take()


@pytest.mark.parametrize(
    "more", [BEGUN, pack_record(RecordType.RESUME, 1, 5, RESUME.pack(1, 1))], ids=["begun twice", "a late resume"]
)
def test_records_that_no_proxy_sends_are_refused(more: bytes) -> None:
    with pytest.raises(HandoffError):
        Bench().assembler.take(unpack_records(BEGUN + more))


@pytest.mark.parametrize(
    "raw",
    [
        b"Version: v1\nkind: Secret\nstringData: {p: hunter22}\n",
        b'ersion": "v1", "stringData": {"p": "hunter22"}}\r\n\r\n',
        b'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{"p": "hunter22"}\r\nq: hunter22',
        b"GET / HTTP/1.1\r\nAuthorization:\r\n Bearer hunter22\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization : Bearer hunter22\r\n\r\n",
    ],
)
def test_a_refused_head_holds_no_body_and_no_credentials(raw: bytes) -> None:
    """A body that is longer than its Content-Length comes as the next request's head."""
    bench = Bench()
    bench.batch(Script().begin(1, raw).end(1, End.REFUSED))
    assert "hunter22" not in repr(bench.exchanges[1])


def test_a_mark_stands_before_the_exchange_that_follows_it() -> None:
    bench = Bench()
    script = Script(at=0).get(1)
    script.add(RecordType.MARK, 2, "vor dem Löschen".encode())
    made = bench.batch(script)
    assert made.batch.marks == [Mark(at=Nanos(script.at), seq=Seq(2), text="vor dem Löschen")]


def test_a_fault_is_written_down_with_its_exchange() -> None:
    bench = Bench()
    script = Script(at=0).begin(1, POST)
    script.add(RecordType.FAULT, 1, b"409 on update pods")
    bench.batch(script.end(1))
    assert bench.exchanges[1].fault == "409 on update pods"


SEEDS = TraceSeeds("0123456789abcdef", 1 << 63)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def went_on_with(raw: bytes, *, altered: int) -> tuple[str, str]:
    """The trace and the parent that the recording says."""
    bench = Bench()
    bench.assembler = Assembler(Redactor(PSEUDONYMS, Literals(PSEUDONYMS, [])), epoch=0, max_body=10, trace=SEEDS)
    script = Script()
    script.add(RecordType.REQUEST_HEAD, 3, pack_head(1, altered, tls=True, caller=b"admin", raw=raw))
    bench.batch(script.end(3))
    return bench.exchanges[3].trace_id, bench.exchanges[3].parent_id


def test_an_exchange_has_the_trace_that_the_proxy_sent_it_on_with() -> None:
    joined = request_head("GET", "/api", f"traceparent: 00-{TRACE}-00f067aa0ba902b7-01")
    traced = int(Altered.TRACEPARENT | Altered.HOST)
    assert went_on_with(joined, altered=traced) == (TRACE, "8000000000000003")
    assert went_on_with(POST, altered=traced) == ("0123456789abcdef0000000000000003", "8000000000000003")
    assert went_on_with(joined, altered=int(Altered.HOST)) == ("", "")


PARTS = st.sampled_from(["00", "01", "ff", TRACE, "0" * 32, "00f067aa0ba902b7", "0" * 16, "more", ""])


@given(st.lists(st.tuples(st.sampled_from(["traceparent", "TraceParent", "tracestate"]), st.lists(PARTS, max_size=5))))
def test_whatever_a_client_says_the_recorder_reads_what_the_proxy_wrote(fields: list[tuple[str, list[str]]]) -> None:
    raw = request_head("GET", "/api", *(f"{name}:  {'-'.join(parts)}\t" for name, parts in fields))
    onward = Tracer(SEEDS).onward(parse_request_head(raw).fields, raw, 3).decode()
    _, _, written = onward.partition("\r\nTraceparent: ")
    assert went_on_with(raw, altered=int(Altered.TRACEPARENT)) == (written[3:35], written[36:52])
