"""Bodies as stored."""

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kproxy.errors import RecordingError
from kproxy.store.bodies import Known, Lately, digest_of, pack, unpack


@given(st.binary(max_size=2000) | st.binary(min_size=1, max_size=5).map(lambda piece: piece * 300))
def test_bytes_come_back(data: bytes) -> None:
    coding, packed = pack(data)
    assert len(packed) <= len(data)
    assert unpack(digest_of(data), len(data), coding, packed) == data


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 28))
    for size in (10, 1 << 28, 1 << 40):
        with pytest.raises(RecordingError):
            unpack(digest_of(b"x" * 10), size, "zstd", bomb)


def test_the_known_ones_are_bounded() -> None:
    known = Known(capacity=2)
    digests = [digest_of(bytes([number])) for number in range(3)]
    known.add(digests)
    assert [digest in known for digest in digests] == [False, True, True]


def test_what_was_read_lately_is_bounded_by_bytes_and_large_ones_are_left_out() -> None:
    lately = Lately(most=160)
    small = [bytes([number]) * 10 for number in range(17)]
    for data in (*small, b"x" * 11):
        lately.put(digest_of(data), data)
    assert lately.get(digest_of(small[0])) is None
    assert [lately.get(digest_of(each)) for each in small[1:]] == small[1:]
    assert lately.get(digest_of(b"x" * 11)) is None
