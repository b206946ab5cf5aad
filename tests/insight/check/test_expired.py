"""kproxy.insight.check.expired."""

from kproxy.insight.check.expired import Expired
from tests.insight.check.seeing import found
from tests.support.told import Told

GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
BUSY = {"type": "ERROR", "object": {"kind": "Status", "code": 500}}
MIB = 1024 * 1024


def test_a_watch_that_ends_with_410_and_the_list_after_it_are_found() -> None:
    told = Told()
    told.events(told.ask("GET", "/api/v1/pods?watch=1"), {"type": "ADDED", "object": {}}, GONE)
    told.ask("GET", "/api/v1/pods", size=2 * MIB)
    told.ask("GET", "/api/v1/pods", size=MIB)
    (only,) = found(Expired(told.recording), told)
    assert only.count == 1
    assert only.says == "its revision of pods was gone 1x, and was listed again 1x (2.0 MiB)"


def test_410_as_a_status_counts_too() -> None:
    told = Told()
    told.ask("GET", "/api/v1/pods?continue=x", 410)
    told.ask("GET", "/api/v1/pods?watch=1&resourceVersion=1", 410)
    told.ask("GET", "/api/v1/nodes")
    (only,) = found(Expired(told.recording), told)
    assert (only.count, only.says) == (2, "its revision of pods was gone 2x, and was listed again 0x (0.0 MiB)")


def test_other_ends_of_a_watch_are_none() -> None:
    told = Told()
    told.events(told.ask("GET", "/api/v1/pods?watch=1"), BUSY)
    told.events(told.ask("GET", "/api/v1/pods?watch=1"), {"type": "ADDED", "object": {"code": 410}})
    told.ask("GET", "/api/v1/pods?watch=1")
    told.ask("DELETE", "/api/v1/namespaces/a/pods/b", 410)
    assert found(Expired(told.recording), told) == []
