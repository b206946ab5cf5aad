"""kproxy.record.sessiontime."""

import time

from kproxy.record.sessiontime import SessionTime


def test_what_was_before_the_session_is_its_beginning() -> None:
    session_time = SessionTime(100)
    assert [session_time.at(each) for each in (0, 100, 250)] == [0, 0, 150]


def test_now_is_as_far_from_the_beginning_as_the_clock_says() -> None:
    before = time.monotonic_ns()
    assert 0 <= SessionTime(before).now() <= time.monotonic_ns() - before
