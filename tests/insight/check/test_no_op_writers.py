"""kproxy.insight.check.no_op_writers."""

from kproxy.insight.check.finding import Thresholds
from kproxy.insight.check.no_op_writers import NoOpWriters
from tests.insight.check.seeing import found
from tests.support.told import Told

LEASE = "/apis/coordination.k8s.io/v1/namespaces/a/leases/b"


def test_whoever_writes_nothing_again_and_again_is_found_with_how_many_of_how_many() -> None:
    told = Told()
    told.ask("PUT", LEASE)
    for _ in range(3):
        told.no_op(told.ask("PUT", LEASE))
    (only,) = found(NoOpWriters(Thresholds(no_ops=3)), told)
    assert (only.count, only.first) == (3, 2)
    assert only.says == "3 of 4 requests (update leases.coordination.k8s.io) wrote nothing"
    assert found(NoOpWriters(Thresholds(no_ops=4)), told) == []
