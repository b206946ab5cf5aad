from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.stretch import Stretch, unmask


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4), st.integers(0, 10))
def test_unmasking_is_the_standards_xor_byte_by_byte(data: bytes, key: bytes, phase: int) -> None:
    assert unmask(data, key, phase) == bytes(byte ^ key[(phase + at) % 4] for at, byte in enumerate(data))


@given(st.binary(max_size=50), st.binary(min_size=4, max_size=4), st.integers(0, 50), st.integers(0, 50))
def test_any_part_of_a_masked_stretch_reads_as_what_was_masked(data: bytes, key: bytes, start: int, end: int) -> None:
    start, end = sorted((min(start, len(data)), min(end, len(data))))
    masked = Stretch(b"head" + unmask(data, key) + b"next", 4, 4 + len(data), key)
    assert masked.read(start, end) == data[start:end]
    part = masked.part(start, end)
    assert len(part) == end - start
    assert part.read(0, 1000) == data[start:end]
