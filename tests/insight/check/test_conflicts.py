"""kproxy.insight.check.conflicts."""

from kproxy.insight.check.conflicts import Conflicts
from kproxy.insight.check.finding import Thresholds
from tests.insight.check.seeing import found
from tests.support.told import Told

STATUS = "/apis/apps/v1/namespaces/default/deployments/web/status"
THREE = Thresholds(conflicts=3)


def test_many_conflicts_in_a_short_time_are_found() -> None:
    told = Told()
    for number in range(4):
        told.ask("PUT", STATUS, at=float(number))
        told.ask("PUT", STATUS, 409, at=float(number))
    (only,) = found(Conflicts(THREE), told)
    assert (only.count, only.says) == (4, "4 conflicts in 8 writes of deployments.apps/status")


def test_a_create_of_what_exists_is_no_conflict_and_a_few_in_an_hour_are_no_storm() -> None:
    told = Told()
    for number in range(10):
        told.ask("POST", "/api/v1/namespaces/default/pods", 409)
        told.ask("PUT", STATUS, 409, at=number * 300.0)
    assert found(Conflicts(THREE), told) == []
