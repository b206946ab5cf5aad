"""kproxy.replay.pace."""

from dataclasses import replace

import pytest

from kproxy.errors import UsageError
from kproxy.model.exchange import Exchange, Nanos
from kproxy.replay.pace import FAST, LONGEST_PAUSE, RECORDED, Clockwork, Pace, parse_pace
from tests.diff.sessions import FakeServer


def at(seconds: float) -> Exchange:
    server = FakeServer("a", 100, 9)
    server.exchange("GET", "/api/v1/pods")
    return replace(server.made.exchange_list[0], started=when(seconds))


def when(seconds: float) -> Nanos:
    return Nanos(round(seconds * 1e9))


def everybody(_: Exchange) -> bool:
    return True


def test_a_pace_is_a_word_or_a_factor() -> None:
    assert parse_pace("fast") == FAST
    assert parse_pace("recorded") == RECORDED
    assert parse_pace("10x") == Pace(10.0)
    assert parse_pace("0.5x") == Pace(0.5)


@pytest.mark.parametrize("words", ["", "x", "0x", "-1x", "1e3x", "10", "quick", "1.x", "9" * 400 + "x"])
def test_what_is_no_pace_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="--pace"):
        parse_pace(words)


def test_at_the_recorded_pace_requests_start_as_far_apart_as_they_did() -> None:
    clockwork = Clockwork(RECORDED)
    assert clockwork.due(at(5), now=100.0) == 100.0
    assert clockwork.due(at(8), now=100.5) == 103.0
    assert clockwork.due(at(9), now=110.0) == 110.0 or clockwork.due(at(9), now=110.0) < 110.0


def test_ten_times_the_pace_is_a_tenth_of_the_time() -> None:
    clockwork = Clockwork(Pace(10.0))
    clockwork.due(at(0), now=0.0)
    assert clockwork.due(at(60), now=0.0) == 6.0


def test_the_fast_pace_waits_for_nothing_but_what_the_server_had_after_a_write() -> None:
    clockwork = Clockwork(FAST)
    assert clockwork.due(at(3600), now=0.0) == 0.0
    clockwork.wrote(when(3600), 1.0, everybody)
    assert clockwork.due(at(3600.5), now=1.1) == 1.5
    assert clockwork.due(at(4000), now=1.1) == 1.0 + LONGEST_PAUSE
    assert clockwork.due(at(3599), now=1.1) == 1.1, "what was recorded before the write does not wait for it"
    assert clockwork.due(at(4000), now=3.1) == 3.1
    assert not clockwork.writes, "what is long ago is forgotten"


def test_whom_a_write_does_not_concern_does_not_wait_for_it() -> None:
    clockwork = Clockwork(FAST)
    clockwork.wrote(when(1), 1.0, lambda other: other.info.resource == "secrets")
    assert clockwork.due(at(3), now=1.0) == 1.0
    clockwork.wrote(when(1), 1.0, lambda other: other.info.resource == "pods")
    assert clockwork.due(at(3), now=1.0) == 3.0


def test_of_many_writes_few_are_remembered() -> None:
    clockwork = Clockwork(FAST)
    for number in range(10_000):
        clockwork.wrote(when(number), 0.0, everybody)
    assert len(clockwork.writes) == 64
