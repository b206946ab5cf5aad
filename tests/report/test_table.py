"""kproxy.report.table."""

from kproxy.report.table import MAX_CELL, size, table


def test_numbers_stand_to_the_right_texts_to_the_left_and_nothing_is_a_dot() -> None:
    assert table(("verb", "requests", "ms"), [("get", 12, 3.14159), ("delete", 3, None)]) == [
        "verb    requests   ms",
        "get           12  3.1",
        "delete         3    ·",
    ]


def test_a_column_that_says_nothing_is_left_out() -> None:
    assert table(("verb", "409", "lost"), [("get", 0, None), ("put", 2, None)]) == [
        "verb  409",
        "get     ·",
        "put     2",
    ]
    assert table(("a",), []) == []


def test_what_a_recording_says_is_bounded_and_steers_no_terminal() -> None:
    lines = table(("agent",), [("\x1b[31m\n" + "x" * 1000,)])
    assert all(line.isprintable() for line in lines)
    assert max(map(len, lines)) == MAX_CELL


def test_bytes_have_a_unit() -> None:
    assert [size(each) for each in (0, 1023, 1536, 5 << 20, 3 << 40)] == [
        "0 B", "1023 B", "1.5 KiB", "5.0 MiB", "3072.0 GiB",
    ]  # fmt: skip
