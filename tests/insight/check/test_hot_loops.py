"""kproxy.insight.check.hot_loops."""

from kproxy.insight.check.finding import Thresholds
from kproxy.insight.check.hot_loops import HotLoops
from tests.insight.check.seeing import found
from tests.support.told import Told

WEB = "/api/v1/namespaces/default/pods/web"
FIVE = Thresholds(hot_loop=5)


def test_the_same_request_at_a_high_rate_is_found_with_what_was_answered() -> None:
    told = Told()
    for number in range(7):
        told.ask("GET", WEB, 404, at=number * 0.5)
    (only,) = found(HotLoops(FIVE), told)
    assert (only.count, only.first) == (7, 5)
    assert only.says == "7 equal requests at a high rate (get pods), mostly answered 404"


def test_other_clients_other_objects_and_other_bodies_are_other_requests() -> None:
    told = Told()
    for number in range(20):
        told.ask("GET", WEB, agent=f"a{number}")
        told.ask("GET", f"{WEB}{number}")
        told.ask("PUT", WEB, body={"a": number})
    assert found(HotLoops(FIVE), told) == []


def test_what_comes_slowly_makes_an_object_each_or_is_a_watch_is_no_loop() -> None:
    told = Told()
    for number in range(20):
        told.ask("GET", WEB, at=number * 5.0)
        told.ask(
            "POST", "/api/v1/namespaces/default/pods", 201, at=number * 5.0, body={"metadata": {"generateName": "a"}}
        )
        told.ask("GET", "/api/v1/pods?watch=1", at=number * 5.0)
    assert found(HotLoops(FIVE), told) == []
