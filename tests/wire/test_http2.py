"""HTTP/2, read along; the library h2 is the second opinion."""

import struct
from itertools import pairwise

import pytest
from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.wire.http2 import (
    MAX_BLOCK,
    PREFACE,
    SHORT,
    Data,
    Event,
    Goaway,
    Headers,
    Http2Connection,
    Http2Error,
    Http2Side,
)
from tests.support.h2_pair import Pair, normal, resize_table


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def read(side: Http2Side, data: bytes, cuts: list[int]) -> list[Event]:
    """The same bytes, cut there."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [event for start, end in pairwise(places) for event in side.feed(data[start:end])]


type Step = tuple[str, int, bytes, int, bool]

values = st.one_of(st.binary(max_size=40), st.just(b"x" * 300))
steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "open", "answer", "trailers", "up", "down", "reset", "ping", "table"]),
        st.integers(0, 3),
        values,
        st.integers(0, 255),
        st.booleans(),
    ),
    max_size=20,
)


def talk(pair: Pair, script: list[Step]) -> None:  # noqa: C901 - a branch for each kind of step
    """Plays a script, without the steps that its streams are not in a state for."""
    up: dict[int, bool] = {}  # streams that are open: whether the client may still send
    answered: set[int] = set()
    for step, number, value, size, flag in script:
        text, stream = value.hex().encode(), number * 2 + 1
        padding = size if size % 2 else None
        if step == "open":
            stream = pair.client.get_next_available_stream_id()
            head = [(b":method", b"POST"), (b":path", b"/" + text), (b":scheme", b"http"), (b":authority", b"e")]
            pair.client.send_headers(
                stream, [*head, (b"traceparent", text)], priority_weight=size + 1 if flag else None
            )
            up[stream] = True
        elif step == "table":
            resize_table(pair.client if flag else pair.server, size * 40)
        elif step == "ping":
            pair.client.ping(b"%08d" % size)
        elif stream not in up:
            continue
        elif step == "answer" and stream not in answered:
            pair.server.send_headers(stream, [(b":status", b"200"), (b"x-%d" % size, text)])
            answered.add(stream)
        elif step == "trailers" and stream in answered:
            pair.server.send_headers(stream, [(b"grpc-status", b"0"), (b"x", text)], end_stream=True)
            del up[stream]
        elif step == "up" and up[stream]:
            pair.client.send_data(stream, value[:2000], end_stream=flag, pad_length=padding)
            up[stream] = not flag
        elif step == "down" and stream in answered:
            pair.server.send_data(stream, value[:2000], pad_length=padding)
        elif step == "reset":
            (pair.client if flag else pair.server).reset_stream(stream, size)
            del up[stream]
        if not pair.exchange():
            return


@settings(deadline=None, max_examples=200)
@given(steps, st.lists(st.integers(0, 100_000), max_size=20))
def test_both_directions_are_read_as_h2_reads_them_however_they_are_cut(script: list[Step], cuts: list[int]) -> None:
    pair = Pair()
    talk(pair, script)
    ours = Http2Connection()
    found: dict[bool, list[Event]] = {False: [], True: []}
    for answer, data in pair.wire:
        for event in read(ours.server if answer else ours.client, data, cuts):
            # its bytes are valid for now only
            found[answer].append(
                event._replace(content=memoryview(bytes(event.content))) if isinstance(event, Data) else event
            )
    assert normal(found[False]) == pair.told[False]
    assert normal(found[True]) == pair.told[True]


def test_a_header_block_of_many_frames_is_put_together_as_h2_does() -> None:
    pair = Pair()
    talk(pair, [("open", 0, b"q" * 12_000, 0, False), ("up", 0, b"more", 0, True)])
    side = Http2Side(PREFACE)
    wire = b"".join(data for answer, data in pair.wire if not answer)
    assert wire.count(b"\x09\0\0\0\0\1") + wire.count(b"\x09\4\0\0\0\1") >= 1  # CONTINUATION
    assert normal(side.feed(wire)) == pair.told[False]


def test_a_cut_at_every_byte_changes_nothing() -> None:
    block = Encoder().encode([(b":path", b"/a"), (b"traceparent", b"00-1")])
    data = (
        PREFACE
        + frame(4, 0, 0, struct.pack("!HI", 1, 100))
        + frame(1, 0x8 | 0x20, 1, b"\2" + bytes(5) + block[:4] + bytes(2))
        + frame(9, 0x4, 1, block[4:])
        + frame(0, 0x8, 1, b"\3hello" + bytes(3))
        + frame(0, 0x8 | 0x1, 1, b"\3" + bytes(3))
        + frame(0x55, 0xFF, 7, b"what this is, nobody knows")
        + frame(7, 0, 0, struct.pack("!II", 1, 11) + b"calm down")
    )
    whole = normal(Http2Side(PREFACE).feed(data))
    assert whole == [
        ("headers", 1, ((b":path", b"/a"), (b"traceparent", b"00-1")), False),
        ("data", 1, b"hello", True),
        ("goaway", 1, 11, None),
    ]
    for cut in range(len(data) + 1):
        assert normal(read(Http2Side(PREFACE), data, [cut])) == whole
    assert normal(read(Http2Side(PREFACE), data, list(range(len(data))))) == whole


def test_the_table_grows_only_when_the_other_side_allowed_it() -> None:
    encoder = Encoder()
    encoder.header_table_size = 8192
    block = encoder.encode([(b"a", b"b")])
    alone = Http2Side()
    with pytest.raises(Http2Error, match="cannot be decoded"):
        alone.feed(frame(1, 4, 1, block))
    both = Http2Connection()
    both.client.feed(PREFACE + frame(4, 0, 0, struct.pack("!HI", 1, 8192)))
    assert both.server.feed(frame(1, 4, 1, block)) == [Headers(1, ((b"a", b"b"),), end=False)]


def test_what_is_remembered_of_a_block_is_forgotten_when_the_table_changes() -> None:
    encoder, side = Encoder(), Http2Side()
    first, second = [(b"x-a", b"1")], [(b"x-b", b"2")]

    def read_again(fields: list[tuple[bytes, bytes]]) -> bytes:
        block = encoder.encode(fields)
        assert side.feed(frame(1, 4, 1, block)) == [Headers(1, tuple(fields), end=False)]
        return block

    read_again(first)
    alone = read_again(first)  # an index, which is remembered
    assert len(alone) == 1
    read_again(second)  # the index means this now
    assert read_again(second) == alone


def test_a_block_whose_bytes_stand_for_more_than_a_block_may_hold_is_refused() -> None:
    side = Http2Side()
    literal = b"\x40\x01x\x7f\xd1\x06" + b"v" * 976  # 127 + 0x51 + 6 * 128 bytes, the table's newest entry
    (made,) = side.feed(frame(1, 4, 1, literal))
    assert isinstance(made, Headers)
    assert made.fields == ((b"x", b"v" * 976),)
    (short,) = side.feed(frame(1, 4, 3, b"\xbe" * SHORT))
    assert isinstance(short, Headers)
    assert short.fields == made.fields * SHORT
    with pytest.raises(Http2Error, match="cannot be decoded"):
        side.feed(frame(1, 4, 5, b"\xbe" * (MAX_BLOCK // 1000)))


def test_a_long_block_is_not_remembered() -> None:
    side = Http2Side()
    for length in (SHORT, SHORT + 1):
        first, second = (side.feed(frame(1, 4, stream, b"\x82" * length))[0] for stream in (1, 3))
        assert isinstance(first, Headers)
        assert isinstance(second, Headers)
        assert first.fields == second.fields == ((b":method", b"GET"),) * length
        assert (first.fields is second.fields) is (length == SHORT)


def test_a_promise_is_decoded_but_is_no_answer() -> None:
    encoder, side = Encoder(), Http2Side()
    promised = encoder.encode([(b"x-promised", b"1")])
    data = frame(5, 0, 1, struct.pack("!I", 2) + promised[:3]) + frame(9, 4, 1, promised[3:])
    assert side.feed(data) == []
    assert side.feed(frame(1, 5, 1, encoder.encode([(b"x-promised", b"1")]))) == [
        Headers(1, ((b"x-promised", b"1"),), end=True)
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", "does not begin as HTTP/2"),
        (PREFACE + frame(0, 0, 0, b"x"), "belongs to no stream"),
        (PREFACE + frame(0, 8, 1, b"\5ab"), "shorter than its padding"),
        (PREFACE + frame(0, 8, 1), "shorter than its padding"),
        (PREFACE + frame(1, 0xC, 1, b"\5ab"), "shorter than its padding"),
        (PREFACE + frame(1, 0, 1, b"\x82") + frame(0, 0, 1, b"x"), "interrupted"),
        (PREFACE + frame(1, 0, 1, b"\x82") + frame(9, 4, 3, b"x"), "interrupted"),
        (PREFACE + frame(9, 4, 1, b"\x82"), "never began"),
        (PREFACE + frame(1, 4, 1, b"\xff\xff\xff\xff\xff"), "cannot be decoded"),
        (PREFACE + frame(1, 4, 0, b"\x82"), "belong to no stream"),
        (PREFACE + frame(3, 0, 1, b"\0"), "no code"),
        (PREFACE + frame(4, 0, 0, b"\0"), "cut off"),
        (PREFACE + frame(7, 0, 0, b"\0"), "no code"),
        (PREFACE + frame(1, 0, 1, b"\x82") + frame(9, 0, 1, b"\x82" * 16_000) * (MAX_BLOCK // 16_000 + 1), "more than"),
        (PREFACE + frame(6, 0, 0, b"")[:-9] + b"\x7f\xff\xff\x04\0\0\0\0\0", "has 8388607 bytes"),
        (PREFACE + frame(1, 4, 1, b"\x40\x7f\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "cannot be decoded"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(Http2Error, match=reason):
        Http2Side(PREFACE).feed(data)


def test_a_large_frame_is_passed_on_piece_by_piece_without_being_held() -> None:
    side = Http2Side()
    head = b"\xff\xff\xff" + struct.pack("!BBI", 0, 1, 1)
    side.feed(head)
    passed = 0
    for _ in range(255):
        (event,) = side.feed(bytes(65_536))
        assert isinstance(event, Data)
        passed += len(event.content)
        assert not event.end
    (last,) = side.feed(bytes(65_535))
    assert isinstance(last, Data)
    assert last.end
    assert passed + len(last.content) == 0xFFFFFF


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        events = Http2Side().feed(data)
    except Http2Error:
        return
    assert all(isinstance(event, Goaway | Data | Headers) or event.code >= 0 for event in events)
