"""Cutting logs into lines."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.lines import LineCutter

content = st.lists(st.sampled_from([b"\n", b"a", b"b\n", b"12345678", b"\r\n"]), max_size=60).map(b"".join)


@given(content, st.lists(st.integers(1, 9)), st.integers(1, 9), st.integers(1, 5))
def test_nothing_is_left_out_or_added_and_no_part_is_too_long(
    data: bytes, cuts: list[int], max_line: int, many: int
) -> None:
    cutter, found, at = LineCutter(max_line, many), [], 0
    for cut in [*cuts, len(data)]:
        found += cutter.feed(data[at : at + cut])
        at += cut
    assert b"".join(part for part, _ in found) + cutter.pending == data
    assert all(0 < len(part) <= max_line for part, _ in found)
    assert [data[:end] for _, end in found] == [
        b"".join(part for part, _ in found[: count + 1]) for count in range(len(found))
    ]
    assert len(cutter.pending) < max_line
    assert b"\n" not in cutter.pending


def test_a_line_is_a_part_with_its_end() -> None:
    cutter = LineCutter()
    assert cutter.feed(b"one\n\ntwo\r\nthr") == [(b"one\n", 4), (b"\n", 5), (b"two\r\n", 10)]
    assert cutter.feed(b"ee\n") == [(b"three\n", 16)]
    assert cutter.pending == b""


def test_a_line_too_long_comes_in_pieces_before_it_ends() -> None:
    cutter = LineCutter(max_line=4)
    assert [part for part, _ in cutter.feed(b"123456789")] == [b"1234", b"5678"]
    assert [part for part, _ in cutter.feed(b"0\n")] == [b"90\n"]


def test_of_a_flood_lines_stay_together_as_far_as_they_fit() -> None:
    cutter = LineCutter(max_line=6, many=3)
    assert [part for part, _ in cutter.feed(b"a\nb\nc\n")] == [b"a\n", b"b\n", b"c\n"]
    assert [part for part, _ in cutter.feed(b"a\nb\nc\nd\nef")] == [b"a\nb\nc\n", b"d\n"]
