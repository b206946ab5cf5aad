"""A gRPC stream, bytes in and messages out."""

from itertools import pairwise

import pytest
from grpc import StatusCode
from hpack import Encoder
from hypothesis import given
from hypothesis import strategies as st

from kproxy.etcd.duplex import WINDOW, Duplex


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """An HTTP/2 frame."""
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def message(payload: bytes) -> bytes:
    """A gRPC message."""
    return b"\0" + len(payload).to_bytes(4) + payload


def data(payload: bytes, size: int = 16_384) -> bytes:
    """DATA frames of at most so many bytes."""
    return b"".join(frame(0, 0, 1, payload[place : place + size]) for place in range(0, len(payload), size))


def headers(*fields: tuple[str, str], end: bool = False) -> bytes:
    """A HEADERS frame."""
    return frame(1, 5 if end else 4, 1, Encoder().encode(list(fields)))


HEAD = frame(4, 0, 0, b"") + headers((":status", "200"), ("content-type", "application/grpc"))


def opened() -> Duplex:
    """A stream whose answer has begun."""
    duplex = Duplex()
    duplex.open("/p.S/M", "host:1", tls=False)
    assert duplex.outgoing().startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert duplex.receive(HEAD) == []
    return duplex


@given(
    st.lists(st.binary(max_size=300), max_size=8),
    st.integers(1, 64),
    st.lists(st.integers(0, 3000), max_size=6),
)
def test_messages_come_whole_however_they_are_cut(messages: list[bytes], size: int, cuts: list[int]) -> None:
    sent = data(b"".join(message(one) for one in messages), size)
    places = sorted({0, len(sent), *(cut % (len(sent) + 1) for cut in cuts)})
    duplex = opened()
    came = [one for start, end in pairwise(places) for one in duplex.receive(sent[start:end])]
    assert came == messages
    assert duplex.end is None


@given(st.binary(max_size=200))
def test_bytes_of_no_meaning_end_it_or_wait_and_never_raise(noise: bytes) -> None:
    duplex = opened()
    duplex.receive(noise)
    duplex.receive(frame(0, 0, 1, message(b"x")))


def test_padding_is_taken_off() -> None:
    duplex = opened()
    assert duplex.receive(frame(0, 8, 1, b"\x03" + message(b"abc") + b"\0\0\0")) == [b"abc"]


def test_pings_and_settings_are_answered() -> None:
    duplex = opened()
    assert duplex.outgoing() == frame(4, 1, 0, b"")
    duplex.receive(frame(6, 0, 0, b"12345678"))
    assert duplex.outgoing() == frame(6, 1, 0, b"12345678")
    duplex.ping()
    assert duplex.outgoing() == frame(6, 0, 0, bytes(8))
    duplex.receive(frame(6, 1, 0, bytes(8)) + frame(4, 1, 0, b""))
    assert duplex.outgoing() == b""


def test_the_server_is_told_what_was_taken_before_it_has_to_wait() -> None:
    duplex = opened()
    duplex.outgoing()
    piece = data(message(b"." * 100_000))
    taken = 0
    for _ in range(12):
        assert len(duplex.receive(piece)) == 1
        taken += 100_005
    given_back = duplex.outgoing()
    assert frame(8, 0, 1, b"")[3:9] in given_back  # of the stream
    assert frame(8, 0, 0, b"")[3:9] in given_back  # and of the connection
    assert int.from_bytes(given_back[9:13]) > WINDOW // 4


def test_what_the_server_does_not_take_is_not_sent() -> None:
    duplex = opened()
    duplex.outgoing()
    duplex.receive(frame(4, 0, 0, b"\0\4" + (20).to_bytes(4)))
    duplex.outgoing()
    assert duplex.send(b"." * 15)
    assert duplex.outgoing() == frame(0, 0, 1, message(b"." * 15))
    assert not duplex.send(b".")
    duplex.receive(frame(8, 0, 1, (6).to_bytes(4)))
    assert duplex.send(b".")


@pytest.mark.parametrize(
    ("bytes_", "code", "details"),
    [
        (
            headers(("grpc-status", "14"), ("grpc-message", "no%20leader"), end=True),
            StatusCode.UNAVAILABLE,
            "no leader",
        ),
        (headers(("grpc-status", "x"), end=True), StatusCode.UNKNOWN, ""),
        (headers((":status", "502")), StatusCode.UNKNOWN, "it answers with the HTTP status 502"),
        (frame(0, 1, 1, b""), StatusCode.UNAVAILABLE, "the stream ended without a status"),
        (frame(3, 0, 1, (8).to_bytes(4)), StatusCode.CANCELLED, "the stream was reset (8)"),
        (frame(7, 0, 0, bytes(8)), StatusCode.UNAVAILABLE, "the server goes away"),
        (frame(5, 4, 1, bytes(8)), StatusCode.INTERNAL, "the server pushes"),
        (frame(0, 0, 1, b"\1" + bytes(4)), StatusCode.INTERNAL, "a message is compressed"),
        (frame(0, 0, 1, b"\0\xff\xff\xff\xff"), StatusCode.INTERNAL, "a message is too large"),
        (b"\xff\xff\xff\0\0\0\0\0\1", StatusCode.INTERNAL, "a frame is larger than it may be"),
        (frame(1, 4, 1, b"\xff\xff\xff\xff\xff"), StatusCode.INTERNAL, "a header block cannot be read"),
        (frame(1, 0, 1, b"") + data(b"x"), StatusCode.INTERNAL, "a header block is interrupted"),
        (frame(9, 4, 1, b""), StatusCode.INTERNAL, "a header block has no beginning or no end"),
    ],
)
def test_how_it_ends_is_said(bytes_: bytes, code: StatusCode, details: str) -> None:
    duplex = opened()
    duplex.receive(bytes_)
    assert duplex.end is not None
    assert (duplex.end.code, duplex.end.details) == (code, details)
    assert duplex.receive(data(message(b"late"))) == []


def test_a_graceful_goaway_lets_the_stream_go_on() -> None:
    duplex = opened()
    duplex.receive(frame(7, 0, 0, (1).to_bytes(4) + bytes(4)))
    assert duplex.receive(data(message(b"more"))) == [b"more"]
    assert duplex.end is None


def test_a_header_block_may_come_in_pieces_with_padding_and_priority() -> None:
    block = Encoder().encode([("grpc-status", "5"), ("grpc-message", "gone")])
    duplex = opened()
    duplex.receive(frame(1, 1 | 8 | 32, 1, b"\2" + bytes(5) + block[:4] + b"\0\0") + frame(9, 4, 1, block[4:]))
    assert duplex.end is not None
    assert (duplex.end.code, duplex.end.details) == (StatusCode.NOT_FOUND, "gone")
