"""kproxy.insight.cost."""

from kproxy.insight.cost import NO_COST, cost_of
from tests.support.told import Told, reading, writing

POD = "/registry/pods/default/web"
PODS = "/registry/pods/"
END = b"/registry/pods0"


def test_without_calls_nothing_is_known() -> None:
    assert cost_of(None, ()) == NO_COST


def test_reads_writes_and_bytes_are_summed_up() -> None:
    cost = cost_of(None, (reading(POD, count=3), writing(POD)))
    assert (cost.calls, cost.reads, cost.read_bytes, cost.sent_bytes, cost.wrote) == (2, 1, 300, 220, True)


def test_a_transaction_that_failed_and_was_sent_again_is_a_lost_race() -> None:
    again = (writing(POD, succeeded=False), writing(POD, succeeded=False), writing(POD))
    assert cost_of(None, again).lost_races == 2


def test_a_request_does_not_lose_a_race_against_itself() -> None:
    first, again, last = writing(POD, revision=332), writing(POD, succeeded=False), writing(POD, expected=332)
    assert cost_of(None, (first, again, last)).lost_races == 0
    assert cost_of(None, (first, again, writing(POD, expected=340))).lost_races == 1


def test_a_failed_transaction_that_stays_alone_is_an_answer() -> None:
    cost = cost_of(None, (writing(POD, succeeded=False), writing("/registry/pods/default/other")))
    assert cost.lost_races == 0
    assert not cost_of(None, (writing(POD, succeeded=False),)).wrote


def test_the_probe_for_the_revision_is_no_list() -> None:
    assert cost_of(None, (reading(PODS),)).lists == 0
    assert cost_of(None, (reading(PODS, end=END, limit=1),)).lists == 0


def test_a_range_of_a_prefix_is_a_list_also_of_one_when_one_was_asked_for() -> None:
    told = Told()
    told.ask("GET", "/api/v1/pods?limit=1")
    whole = cost_of(None, (reading(PODS, end=END, count=40),))
    assert (whole.lists, whole.listed) == (1, 40)
    assert cost_of(told.recording.exchange_list[0], (reading(PODS, end=END, limit=1),)).lists == 1
    assert cost_of(None, (reading(PODS, end=END, limit=500, count=1200),)).listed == 500, "a page of a larger list"
