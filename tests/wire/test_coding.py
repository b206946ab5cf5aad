"""Content coding."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.coding import PIECE, CodingError, decode, decoder


@given(st.binary(max_size=500), st.integers(1, 50))
def test_gzip_and_deflate_come_off_whole_and_in_pieces(data: bytes, size: int) -> None:
    for coding, coded in (("gzip", gzip.compress(data)), ("Deflate", zlib.compress(data)), ("identity", data)):
        assert decode(coding, coded, 1000) == data
        taking = decoder(coding, 1000)
        pieces = [coded[start : start + size] for start in range(0, len(coded), size)]
        assert b"".join(taking.feed(piece) if taking else piece for piece in pieces) == data


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    with pytest.raises(CodingError, match="more than 1000 bytes"):
        decode("gzip", gzip.compress(bytes(100_000_000)), 1000)


@given(st.lists(st.binary(max_size=60)), st.integers(1, 50))
def test_a_body_of_several_gzip_members_is_all_of_them(parts: list[bytes], size: int) -> None:
    coded = b"".join(gzip.compress(part) for part in parts)
    assert decode("gzip", coded, 10_000) == b"".join(parts)
    taking = decoder("gzip", 1)
    assert taking is not None
    cut = [coded[start : start + size] for start in range(0, len(coded), size)]
    assert b"".join(piece for part in cut for piece in taking.pieces(part)) == b"".join(parts)
    assert taking.whole is bool(parts)


def test_what_fills_a_piece_exactly_is_not_held_back() -> None:
    squeeze = zlib.compressobj(wbits=31)
    coded = squeeze.compress(bytes(2 * PIECE)) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    taking = decoder("gzip", 1)
    assert taking is not None
    assert sum(len(piece) for piece in taking.pieces(coded)) == 2 * PIECE


def test_something_behind_a_deflate_is_refused() -> None:
    with pytest.raises(CodingError, match="behind"):
        decode("deflate", zlib.compress(b"x") + b"more", 1000)


def test_a_stream_s_bomb_goes_off_in_small_pieces() -> None:
    taking = decoder("gzip", 1)
    assert taking is not None
    sizes = [len(piece) for piece in taking.pieces(gzip.compress(bytes(10_000_000)))]
    assert sum(sizes) == 10_000_000
    assert max(sizes) <= PIECE


@given(st.binary(max_size=500), st.integers(1, 50))
def test_pieces_of_a_stream_are_the_stream(data: bytes, size: int) -> None:
    coded = gzip.compress(data)
    taking = decoder("gzip", 1)
    assert taking is not None
    cut = [coded[start : start + size] for start in range(0, len(coded), size)]
    assert b"".join(piece for part in cut for piece in taking.pieces(part)) == data


@pytest.mark.parametrize(
    "data", [b"no gzip", gzip.compress(b"x" * 100)[:-3], gzip.compress(b"x") + b"more"], ids=["none", "cut", "more"]
)
def test_a_damaged_one_is_refused(data: bytes) -> None:
    with pytest.raises(CodingError):
        decode("gzip", data, 1000)


def test_one_that_broke_off_gives_what_there_is() -> None:
    data = bytes(range(256)) * 40
    part = decode("gzip", gzip.compress(data)[:-10], 100_000, whole=False)
    assert part
    assert data.startswith(part)


def test_an_unknown_one_is_refused() -> None:
    with pytest.raises(CodingError, match="br is not known"):
        decode("br", b"x", 10)
