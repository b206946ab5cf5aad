"""What the recorder knows of its own cost."""

import os
import time

import pytest

from kproxy.record.effort import Meter, own_effort


def test_it_tells_what_was_spent_since_it_was_asked_last() -> None:
    spent = iter([(100, 10), (150, 10), (150, 30), (140, 20)])
    meter = Meter(lambda: next(spent))
    assert [meter(), meter(), meter()] == [(50, 0), (0, 20), (0, 0)]


def test_work_of_this_process_is_counted_and_sleep_is_not() -> None:
    effort = own_effort()
    began = time.thread_time_ns()
    while time.thread_time_ns() - began < 50_000_000:
        pass
    worked, _ = effort()
    assert worked > 25_000_000  # the kernel counts what was spent before the last tick
    time.sleep(0.05)
    worked, _ = effort()
    assert worked < 25_000_000


def test_where_the_kernel_does_not_tell_every_cpu_is_taken_to_be_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> int:
        raise FileNotFoundError

    monkeypatch.setattr(os, "open", missing)
    effort = own_effort()
    sum(range(100_000))
    worked, waited = effort()
    assert worked == waited > 0
