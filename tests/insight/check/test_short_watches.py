"""kproxy.insight.check.short_watches."""

from kproxy.insight.check.finding import Thresholds
from kproxy.insight.check.short_watches import ShortWatches
from tests.insight.check.seeing import found
from tests.support.told import Told

THREE = Thresholds(short_watches=3)


def test_watches_that_are_opened_and_closed_again_and_again_are_found() -> None:
    told = Told()
    for number in range(4):
        told.ask("GET", f"/api/v1/pods?watch=1&resourceVersion={number}", at=float(number), took=0.5)
    (only,) = found(ShortWatches(THREE), told)
    assert (only.count, only.says) == (4, "4 watches of pods of less than 5 s in quick succession")


def test_long_ones_those_that_go_on_and_those_of_other_paths_are_none() -> None:
    told = Told()
    for number in range(10):
        told.ask("GET", "/api/v1/pods?watch=1", at=float(number), took=60.0)
        told.ask("GET", "/api/v1/nodes?watch=1", at=float(number), took=None)
        told.ask("GET", f"/api/v1/namespaces/n{number}/pods?watch=1", at=float(number), took=0.5)
        told.ask("GET", "/api/v1/secrets?watch=1", at=number * 100.0, took=0.5)
    assert found(ShortWatches(THREE), told) == []
