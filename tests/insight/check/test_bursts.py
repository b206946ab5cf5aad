"""kproxy.insight.check.bursts."""

import pytest

from kproxy.insight.check import bursts
from kproxy.insight.check.bursts import Bursts
from kproxy.insight.check.finding import SECOND


def hits(numbers: list[float], number: int = 3, seconds: float = 10) -> list[int]:
    found: Bursts[str] = Bursts(number, seconds)
    return [found.hits("a", int(at * SECOND)) for at in numbers]


def test_a_burst_counts_all_that_belong_to_it_once() -> None:
    assert hits([0, 1, 2, 3, 4]) == [0, 0, 3, 1, 1]


def test_what_comes_slowly_is_none() -> None:
    assert hits([0, 6, 12, 18, 24]) == [0, 0, 0, 0, 0]


def test_after_a_rest_a_burst_has_to_begin_again() -> None:
    assert hits([0, 1, 2, 60, 61, 62]) == [0, 0, 3, 0, 0, 3]


def test_the_window_is_inclusive() -> None:
    assert hits([0, 5, 10]) == [0, 0, 3]
    assert hits([0, 5, 10.1]) == [0, 0, 0]


def test_only_those_that_came_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bursts, "_KEPT", 2)
    found: Bursts[str] = Bursts(2, 10)
    assert [found.hits(key, 0) for key in "abca"] == [0, 0, 0, 0]
    assert found.hits("c", 0) == 2
