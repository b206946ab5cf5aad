"""kproxy.insight.check.unpaginated."""

import pytest

from kproxy.insight.check.finding import Thresholds
from kproxy.insight.check.unpaginated import UnpaginatedLists
from kproxy.insight.cost import Cost
from kproxy.model.exchange import Seq
from tests.insight.check.seeing import found
from tests.support.told import Told

LARGE = 3 * 1024 * 1024


def test_large_lists_without_a_limit_are_found_with_the_largest_and_how_many_read_etcd() -> None:
    told = Told()
    told.ask("GET", "/api/v1/pods", size=LARGE - 1024)
    told.ask("GET", "/api/v1/pods?resourceVersion=0&limit=0", size=LARGE)
    (only,) = found(UnpaginatedLists(Thresholds()), told, {Seq(2): Cost(calls=1, lists=1)})
    assert (only.count, only.first) == (2, 1)
    assert only.says == "2 lists of pods without a limit, up to 3.0 MiB, 1 of them read from etcd"


@pytest.mark.parametrize("target", ["/api/v1/pods?limit=500", "/api/v1/pods?continue=x", "/api/v1/pods?watch=1"])
def test_pages_and_watches_are_none(target: str) -> None:
    told = Told()
    told.ask("GET", target, size=LARGE)
    told.ask("GET", "/api/v1/pods", size=1024)
    assert found(UnpaginatedLists(Thresholds()), told) == []
