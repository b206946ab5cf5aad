"""kproxy.diff.clock."""

from dataclasses import replace

import pytest

from kproxy.diff.clock import Clock, after_date
from kproxy.model.exchange import Answer, Exchange, Nanos, Request, Seq
from kproxy.model.session import Session
from kproxy.wire.requestinfo import request_info

SECOND = 1_000_000_000


def exchange(started: float, answered: float, date: int, expires: str = "") -> Exchange:
    """An exchange whose answer's Date is `date` seconds after seven."""
    headers = (("Date", f"Mon, 23 Nov 2026 07:{date // 60:02}:{date % 60:02} GMT"), ("Expires", expires))
    return Exchange(
        seq=Seq(1),
        connection=1,
        started=Nanos(int(started * SECOND)),
        answered=Nanos(int(answered * SECOND)),
        request=Request(method="GET", target="/", http_version="HTTP/1.1", headers=()),
        info=request_info("GET", "/"),
        answer=Answer(status=200, reason="", http_version="HTTP/1.1", headers=headers),
    )


def clock(skew: int) -> Clock:
    """The clock of a server that is `skew` seconds ahead of the recorder."""
    usual = [exchange(at, at, at + skew) for at in range(10)]
    return Clock(Session(id="0", started_at="2026-11-23T07:00:00Z"), usual)


@pytest.mark.parametrize("skew", [0, 300])
def test_a_date_is_what_the_servers_own_clock_showed(skew: int) -> None:
    assert clock(skew).explains(exchange(20, 20.1, 20 + skew))
    assert not clock(skew).explains(exchange(20, 20.1, 24 + skew))
    assert not clock(skew).explains(exchange(20, 20.1, 15 + skew))


def test_a_slow_answer_or_recorder_explains_any_moment_in_between() -> None:
    for date in (20, 35, 50):
        assert clock(0).explains(exchange(20, 50, date))
    assert not clock(0).explains(exchange(20, 50, 56))


def test_what_is_no_date_is_not_explained_unless_nothing_is_known() -> None:
    assert Clock(Session(id="0"), []).explains(exchange(1, 1, 1))


def test_a_time_is_told_from_its_answers_date() -> None:
    assert after_date(exchange(1, 1, 10, "Mon, 23 Nov 2026 07:01:10 UTC"), "expires") == 60
    assert after_date(exchange(1, 1, 10, "never"), "expires") is None


def test_the_skew_is_the_one_that_most_answers_have() -> None:
    def skewed(*skews: int) -> int | None:
        usual = [exchange(at, at, at + skew) for at, skew in enumerate(skews)]
        return Clock(Session(id="0", started_at="2026-11-23T07:00:00Z"), usual).at(Nanos(20 * SECOND))

    seven = 1_795_417_200
    assert skewed(0, 0, 0) == seven + 20
    assert skewed(0, 5, 5) == seven + 25
    assert skewed(30, 0, 0, 30, 0) == seven + 20
    assert skewed() is None
    assert clock(3).at(None) is None
    assert Clock(Session(id="0"), [exchange(1, 1, 1)]).at(Nanos(0)) is None


def test_a_clock_that_is_shown_more_is_set_anew() -> None:
    found = Clock(Session(id="0", started_at="2026-11-23T07:00:00Z"), [exchange(1, 1, 1)])
    assert not found.explains(exchange(20, 20, 60))
    for at in range(2):
        found.see(exchange(at, at, at + 40))
    assert found.explains(exchange(20, 20, 60))


def test_the_date_may_be_off_by_the_seconds_that_it_is_rounded_by() -> None:
    for date, right in ((17, False), (18, True), (22, True), (23, False)):
        assert clock(0).explains(exchange(20, 20, date)) is right
    unanswered = exchange(20, 20, 20)
    assert not clock(0).explains(replace(unanswered, answer=None))
    assert not clock(0).explains(replace(unanswered, answered=None))
