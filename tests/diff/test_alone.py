"""kproxy.diff.alone: exchanges that stand beside none."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import End, Nanos, Seq
from kproxy.model.session import Gap
from kproxy.model.verdict import Outcome
from tests.diff.sessions import FakeServer, verdict_of


def asking(letter: str, times: int) -> FakeServer:
    """A server that was asked for its version so many times."""
    made = FakeServer(letter, 100, 7)
    for _ in range(times):
        made.exchange("GET", "/version", 200, {"major": "1"})
    return made


def test_what_never_reached_the_recorded_server_is_no_exchange_that_is_missing() -> None:
    first, second = asking("a", 2), asking("b", 1)
    assert [each.where for each in verdict_of(first, second).differences] == ["missing"]
    first.edit(Seq(2), lambda each: replace(each, end=End.UNREACHABLE, answer=None))
    found = verdict_of(first, second)
    assert (found.outcome, found.differences) == (Outcome.INCONCLUSIVE, ())
    assert found.reasons == ("exchange 2 never reached the recorded server",)


@pytest.mark.parametrize(("end", "count"), [(End.COMPLETE, 1), (End.REFUSED, 0)])
def test_a_request_more_is_a_difference_unless_the_recorder_itself_refused_it(end: End, count: int) -> None:
    first, second = asking("a", 1), asking("b", 2)
    second.edit(Seq(2), lambda each: replace(each, end=end))
    assert [each.where for each in verdict_of(first, second).differences] == ["extra"] * count


def test_a_request_more_may_be_the_one_that_the_baseline_lost() -> None:
    first, second = asking("a", 1), asking("b", 3)
    first.made.gap_list.append(Gap(kind="exchanges", reason="the buffer was full", at=Nanos(0), count=1))
    found = verdict_of(first, second).differences
    assert [(each.where, each.path) for each in found] == [("extra", "exchange 3")]


def test_a_fault_that_only_a_request_more_met_is_told_all_the_same() -> None:
    first, second = asking("a", 1), asking("b", 2)
    second.edit(Seq(2), lambda each: replace(each, fault="GET /version 503"))
    said = "the replay was recorded with a fault on purpose: 'GET /version 503' touched 1 of its exchanges"
    assert [each for each in (*verdict_of(first, second).reasons, *verdict_of(first, second).notes) if each == said]
