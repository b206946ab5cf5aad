"""kproxy.insight.check.failing."""

from kproxy.insight.check.failing import Failing
from kproxy.insight.check.finding import Thresholds
from tests.insight.check.seeing import found
from tests.support.told import Told

PODS = "/api/v1/namespaces/default/pods"


def test_a_kind_of_request_that_mostly_fails_is_found() -> None:
    told = Told()
    for number in range(10):
        told.ask("DELETE", f"{PODS}/{number}", 404 if number % 3 else 200)
    (only,) = found(Failing(Thresholds(failing=5)), told)
    assert (only.count, only.first) == (6, 2)
    assert only.says == "6 of 10 requests (delete pods) failed, mostly with 404"


def test_a_few_errors_and_errors_among_many_successes_are_none() -> None:
    told = Told()
    for number in range(30):
        told.ask("GET", f"{PODS}/{number}", 404 if number % 3 == 0 else 200)
        told.ask("DELETE", f"{PODS}/{number}", 404 if number < 3 else None)
    assert found(Failing(Thresholds(failing=5)), told) == []
