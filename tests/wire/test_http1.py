from collections.abc import Iterable, Sequence
from itertools import pairwise

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.wire.http1 import (
    END,
    MAX_AHEAD,
    AnswerEvent,
    AnswerFramer,
    AnswerHead,
    Body,
    End,
    FramingError,
    Informational,
    RequestEvent,
    RequestFramer,
    RequestHead,
    Trailers,
    Tunnel,
    Upgraded,
)

GET = b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = (
    b"PATCH /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"
)
EXEC = b"GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def merged[E](events: Iterable[E]) -> list[E | bytes]:
    """Events with neighbouring pieces of content joined: where the wire was cut must not matter."""
    found: list[E | bytes] = []
    for event in events:
        piece = event.content if isinstance(event, Body) else event.data if isinstance(event, Tunnel) else None
        last = found[-1] if found else None
        if piece is None:
            found.append(event)
        elif isinstance(last, bytes):
            found[-1] = last + piece
        else:
            found.append(piece)
    return found


def kinds(events: Iterable[object]) -> list[str]:
    return [type(event).__name__ for event in events]


def pieces(raw: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    return [raw[begin:end] for begin, end in pairwise(edges)]


def test_a_request_in_one_buffer_is_head_body_end() -> None:
    framer = RequestFramer()

    events = framer.feed(POST)

    assert kinds(events) == ["RequestHead", "Body", "End"]
    assert framer.consumed == POST
    assert framer.idle


def test_a_partial_head_is_held_and_not_consumed() -> None:
    framer = RequestFramer()

    assert framer.feed(POST[:20]) == []
    assert framer.consumed == b""
    assert framer.held == POST[:20]


@given(
    st.lists(st.sampled_from([GET, POST, CHUNKED]), min_size=1, max_size=4),
    st.lists(st.integers(0, 1000), max_size=12),
)
def test_pipelined_requests_give_the_same_events_wherever_they_are_cut(requests: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(requests)
    whole, cut = RequestFramer(), RequestFramer()
    expected = whole.feed(raw)

    events: list[RequestEvent] = []
    consumed = b""
    for piece in pieces(raw, cuts):
        events += cut.feed(piece)
        consumed += cut.consumed

    assert consumed == raw
    assert [_shape(event) for event in merged(events)] == [_shape(event) for event in merged(expected)]


def _shape(event: object) -> object:
    """An event without its place in a buffer."""
    return (event.raw, event.length) if isinstance(event, RequestHead) else event


@pytest.mark.parametrize("raw", [GET, POST, CHUNKED])
def test_every_single_cut_of_a_request_is_the_same_request(raw: bytes) -> None:
    for cut in range(len(raw)):
        framer = RequestFramer()
        events = framer.feed(raw[:cut])
        events += framer.feed(raw[cut:])
        assert events[-1] is END, cut
        assert framer.idle


def test_a_heads_offset_is_its_place_in_what_was_consumed() -> None:
    framer = RequestFramer()

    heads = [event for event in framer.feed(POST + GET + CHUNKED) if isinstance(event, RequestHead)]

    assert [framer.consumed[head.offset : head.offset + len(head.raw)] for head in heads] == [h.raw for h in heads]


def test_trailers_come_before_the_end() -> None:
    events = RequestFramer().feed(CHUNKED)

    assert merged(events)[1:] == [b"abcde", Trailers(b"T: 1\r\n\r\n"), END]


def test_an_error_ends_the_framer_after_the_events_before_it() -> None:
    framer = RequestFramer()

    with pytest.raises(FramingError):
        framer.feed(GET + b"GET / HTTP/1.1\nHost: y\r\n\r\n")

    assert kinds(framer.before) == ["RequestHead", "End"]
    assert framer.consumed == GET
    assert framer.held.startswith(b"GET / HTTP/1.1\n")
    with pytest.raises(FramingError):
        framer.feed(GET)


def test_a_bad_chunk_is_not_consumed() -> None:
    framer = RequestFramer()
    head, _, _ = CHUNKED.partition(b"3;x")

    with pytest.raises(FramingError):
        framer.feed(head + b"zz\r\n")

    assert framer.consumed == head


def test_what_follows_a_request_for_an_upgrade_waits_for_the_answer() -> None:
    framer = RequestFramer()

    assert kinds(framer.feed(EXEC + GET)) == ["RequestHead", "End"]
    assert framer.consumed == EXEC
    assert kinds(framer.answered(upgraded=False)) == ["RequestHead", "End"]
    assert framer.consumed == GET


def test_after_an_upgrade_everything_is_a_tunnel() -> None:
    framer = RequestFramer()
    framer.feed(EXEC + b"\x00\x01")

    assert framer.answered(upgraded=True) == [Tunnel(b"\x00\x01")]
    assert framer.feed(GET) == [Tunnel(GET)]


def test_a_client_that_does_not_wait_for_its_upgrade_cannot_fill_the_memory() -> None:
    framer = RequestFramer()
    framer.feed(EXEC)

    with pytest.raises(FramingError, match="upgrade"):
        framer.feed(b"x" * (MAX_AHEAD + 1))


ANSWERS: list[tuple[bytes, bytes, list[object]]] = [
    (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", [200, b"hi", END]),
    (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", [200, END]),
    (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", [204, END]),
    (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", [304, END]),
    (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", [200, b"a", END]),
    (b"POST", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 0\r\n\r\n", ["100", 201, END]),
]


def shapes(events: Iterable[AnswerEvent]) -> list[object]:
    names: list[object] = []
    for event in merged(events):
        if isinstance(event, AnswerHead):
            names.append(event.status)
        elif isinstance(event, Informational):
            names.append(str(event.status))
        else:
            names.append(event)
    return names


@given(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=5), st.lists(st.integers(0, 1000), max_size=12))
def test_answers_are_matched_with_their_requests_wherever_they_are_cut(
    answers: list[tuple[bytes, bytes, list[object]]], cuts: list[int]
) -> None:
    framer = AnswerFramer()
    for method, _, _ in answers:
        framer.expect(method)
    raw = b"".join(answer for _, answer, _ in answers)

    events: list[AnswerEvent] = []
    consumed = b""
    for piece in pieces(raw, cuts):
        events += framer.feed(piece)
        consumed += framer.consumed

    assert shapes(events) == [shape for _, _, expected in answers for shape in expected]
    assert consumed == raw
    assert framer.eof() == []


def test_an_answer_without_length_ends_with_the_connection() -> None:
    framer = AnswerFramer()
    framer.expect(b"GET")
    events = framer.feed(b"HTTP/1.0 200 OK\r\n\r\nsome") + framer.feed(b" more")

    assert not framer.cut
    assert shapes(events + framer.eof()) == [200, b"some more", END]


@pytest.mark.parametrize("cut", [3, 40, 45])
def test_an_answer_that_is_cut_is_not_ended_by_the_connections_end(cut: int) -> None:
    framer = AnswerFramer()
    framer.expect(b"GET")
    framer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"[:cut])

    assert framer.cut
    assert framer.eof() == []


def test_a_head_that_another_framer_read_is_not_read_again() -> None:
    """Only that very head: of another one nothing is taken over."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    first = AnswerFramer()
    second = AnswerFramer(known=lambda: first.last)
    for framer, sent in ((first, raw), (second, raw), (second, raw.replace(b"2\r", b"3\r"))):
        framer.expect(b"GET")
        head = framer.feed(sent + b"ab")[0]
        assert framer.last is head
        assert isinstance(head, AnswerHead)
        assert (head.raw, head.length) == (sent, int(sent[-5:-4]))
        assert (head is first.last) is (sent == raw)


def test_an_answer_that_nobody_asked_for_is_an_error() -> None:
    with pytest.raises(FramingError, match="no request"):
        AnswerFramer().feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_a_switch_of_protocols_that_nobody_asked_for_is_an_error() -> None:
    framer = AnswerFramer()
    framer.expect(b"GET")
    with pytest.raises(FramingError, match="101"):
        framer.feed(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")


def test_a_switch_of_protocols_makes_the_rest_a_tunnel() -> None:
    framer = AnswerFramer()
    framer.expect(b"GET", upgrade=True)
    switching = b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"

    assert framer.feed(switching + b"\x80\x03") == [Upgraded(switching, b"SPDY/3.1"), Tunnel(b"\x80\x03")]


class Llhttp:
    """llhttp's opinion on the same bytes."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def on_message_begin(self) -> None:
        self.seen.append("begin")

    def on_body(self, body: bytes) -> None:
        if isinstance(self.seen[-1], bytes):
            self.seen[-1] += body
        else:
            self.seen.append(body)

    def on_message_complete(self) -> None:
        self.seen.append(END)


PARTS = [
    b"Content-Length: 4\r\n",
    b"Content-Length: 04\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Connection: close\r\n",
    b"X: y\r\n",
    b"X : y\r\n",
    b" folded\r\n",
    b"X: a\nb\r\n",
]
BODIES = [
    b"",
    b"body",
    b"4\r\nbody\r\n0\r\n\r\n",
    b"4;x\r\nbody\r\n0\r\nT: u\r\n\r\n",
    b"04\r\nbody\r\n0\r\n\r\n",
    b"4\nbody\r\n0\r\n\r\n",
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PARTS), max_size=3), st.sampled_from(BODIES))
def test_what_we_accept_llhttp_frames_in_the_same_way(fields: list[bytes], body: bytes) -> None:
    raw = b"POST / HTTP/1.1\r\nHost: x\r\n" + b"".join(fields) + b"\r\n" + body
    framer = RequestFramer()
    try:
        events = framer.feed(raw)
    except FramingError:
        return
    second = Llhttp()
    parser = httptools.HttpRequestParser(second)
    parser.feed_data(framer.consumed)  # it must not refuse what we let through

    ours = ["begin" if isinstance(event, RequestHead) else event for event in merged(events)]
    assert [item for item in ours if not isinstance(item, Trailers)] == second.seen


@settings(max_examples=300)
@given(st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=4))
def test_any_bytes_are_framed_held_or_refused(raw: bytes, cuts: list[int]) -> None:
    framer = RequestFramer()
    consumed = b""
    try:
        for piece in pieces(raw, cuts):
            framer.feed(piece)
            consumed += framer.consumed
    except FramingError:
        assert raw.startswith(consumed + framer.consumed)
        return
    assert consumed + framer.held == raw


def test_end_is_a_value() -> None:
    assert End() == END


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_body_has_as_many_bytes_as_its_head_says(size: int) -> None:
    framer = RequestFramer()
    raw = b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"b" * size
    events = framer.feed(raw + GET)
    assert kinds(events) == ["RequestHead", *["Body"] * bool(size), "End", "RequestHead", "End"]
    assert framer.idle
