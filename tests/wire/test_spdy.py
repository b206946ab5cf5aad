import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.spdy import DICTIONARY, Data, GoAway, Reset, SpdyReader, SynReply, SynStream
from kproxy.wire.stretch import StreamError
from tests.support.upgraded import Spdy, cut, spdy_data, spdy_goaway, spdy_ping, spdy_reset

type Said = SynStream | SynReply | Reset | GoAway | tuple[int, bytes, bool]


def read(pieces: list[bytes]) -> list[Said]:
    """What is said, data frames put together as (stream, payload, fin)."""
    reader = SpdyReader()
    found: list[Said] = []
    data = b""
    for piece in pieces:
        for event in reader.feed(piece):
            if not isinstance(event, Data):
                found.append(event)
                continue
            data += event.stretch.read(0, len(event.stretch))
            if event.last:
                found.append((event.stream, data, event.fin))
                data = b""
    assert not data
    return found


def conversation() -> tuple[bytes, list[Said]]:
    """One of everything."""
    side = Spdy()
    wire = side.opened(1, streamtype="error") + side.opened(3, fin=True, streamtype="data", port="80", requestid="0")
    wire += spdy_ping(1) + spdy_data(1, b"hello") + spdy_data(3, b"") + side.replied(1) + spdy_data(1, b"", fin=True)
    wire += spdy_reset(3, 6) + spdy_goaway(3)
    return wire, [
        SynStream(1, {b"streamtype": b"error"}, fin=False),
        SynStream(3, {b"streamtype": b"data", b"port": b"80", b"requestid": b"0"}, fin=True),
        (1, b"hello", False),
        (3, b"", False),
        SynReply(1, {}, fin=False),
        (1, b"", True),
        Reset(3, 6),
        GoAway(3),
    ]


def test_the_dictionary_is_the_drafts() -> None:
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2
    assert len(DICTIONARY) == 1423


def test_every_single_split_says_the_same() -> None:
    wire, said = conversation()
    assert read([wire]) == said
    assert read([wire[at : at + 1] for at in range(len(wire))]) == said
    for place in range(1, len(wire)):
        assert read([wire[:place], wire[place:]]) == said


@given(
    st.lists(st.tuples(st.integers(1, 9), st.binary(max_size=300), st.booleans()), max_size=8),
    st.sets(st.integers(1, 2000), max_size=30),
)
def test_data_comes_whole_however_its_bytes_are_cut(frames: list[tuple[int, bytes, bool]], places: set[int]) -> None:
    wire = b"".join(spdy_data(stream, data, fin=fin) for stream, data, fin in frames)
    assert read(list(cut(wire, places))) == frames


def test_header_blocks_share_their_state() -> None:
    side = Spdy()
    blocks = [side.opened(stream, streamtype="data", port="8080", requestid=str(stream)) for stream in range(1, 99, 2)]
    assert len(blocks[-1]) < len(blocks[0])
    heads = read(blocks)
    assert [head.stream for head in heads if isinstance(head, SynStream)] == list(range(1, 99, 2))
    with pytest.raises(StreamError, match="unpacked"):
        read(blocks[1:])


def test_data_is_not_copied() -> None:
    wire = spdy_data(1, b"x" * 100_000)
    (event,) = SpdyReader().feed(wire)
    assert isinstance(event, Data)
    assert event.stretch.data is wire


def bomb() -> bytes:
    pack = zlib.compressobj(zdict=DICTIONARY)
    block = pack.compress(bytes(50_000_000)) + pack.flush(zlib.Z_SYNC_FLUSH)
    return struct.pack("!IIIIH", 0x80030001, len(block) + 10, 1, 0, 0) + block


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"\x80\x02\x00\x01\x00\x00\x00\x0a", "version 2"),
        (b"\x80\x03\x00\x01\x00\xff\xff\xff", "16777215 bytes"),
        (b"\x80\x03\x00\x03\x00\x00\x00\x04abcd", "too short"),
        (b"\x80\x03\x00\x02\x00\x00\x00\x08\x00\x00\x00\x01what", "unpacked"),
        (bomb(), "more than 65536 bytes"),
    ],
)
def test_what_is_no_spdy_is_said_so(wire: bytes, why: str) -> None:
    with pytest.raises(StreamError, match=why):
        read([wire])


@given(st.lists(st.binary(max_size=60), max_size=10), st.booleans())
def test_any_bytes_are_read_or_refused_by_one_error(pieces: list[bytes], begun: bool) -> None:
    reader = SpdyReader()
    try:
        for piece in [Spdy().opened(1, streamtype="data"), *pieces] if begun else pieces:
            list(reader.feed(piece))
    except StreamError:
        pass
