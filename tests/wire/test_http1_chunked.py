from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.http1_chunked import MAX_SIZE_LINE, MAX_TRAILERS, Chunked
from kproxy.wire.http1_head import FramingError


def feed_in_pieces(raw: bytes, cuts: list[int]) -> tuple[bytes, Chunked, int]:
    """What a Chunked makes of bytes that arrive cut at these places; the third: how many bytes it took."""
    chunked, content, held, taken = Chunked("answer"), b"", b"", 0
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    for begin, end in pairwise(edges):
        held += raw[begin:end]
        after = chunked.feed(held, 0)
        held, taken = held[after:], taken + after
        content += chunked.take()
    return content, chunked, taken


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=5),
    st.sampled_from([b"", b";name=value", b';quoted="a;\\"b";c']),
    st.sampled_from([b"", b"Checksum: 1\r\n", b"A: 1\r\nB: 2\r\n"]),
    st.lists(st.integers(0, 500), max_size=8),
)
def test_content_and_trailers_survive_any_cut(
    pieces: list[bytes], extension: bytes, trailers: bytes, cuts: list[int]
) -> None:
    raw = b"".join(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)
    raw += b"0\r\n" + trailers + b"\r\n"

    content, chunked, taken = feed_in_pieces(raw + b"NEXT", cuts)

    assert content == b"".join(pieces)
    assert chunked.done
    assert chunked.trailers == trailers + b"\r\n"
    assert taken == len(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"g\r\n",
        b"-1\r\n",
        b"+1\r\n",
        b"0x1\r\n",
        b" 1\r\n",
        b"1 \r\n",
        b"\r\n",
        b"1\n",
        b"1\nx\r\n",
        b"1 ;a\r\n",
        b"1;\r\n",
        b"1; a\r\n",
        b"1;a=\r\n",
        b'1;a="b\r\n',
        b"1;a\x01\r\n",
        b"fffffffffffffffff\r\n",
        b"1\r\nxx",
        b"1\r\nx\n",
        b"2;a=\nb\r\n",
        b"0\r\nbad trailer\r\n\r\n",
        b"0\r\nA: b\n\n",
        b"1" * (MAX_SIZE_LINE + 1),
        b"0\r\nA: " + b"x" * MAX_TRAILERS,
    ],
)
def test_a_chunk_that_readers_read_differently_is_an_error(raw: bytes) -> None:
    with pytest.raises(FramingError):
        Chunked("request").feed(raw, 0)
