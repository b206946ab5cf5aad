"""kproxy.replay.recorded."""

import pytest

from kproxy.model.exchange import Exchange, Nanos, Request, Seq
from kproxy.replay.recorded import stays_open
from kproxy.wire.requestinfo import request_info


@pytest.mark.parametrize(
    ("target", "lived", "expected"),
    [
        ("/api/v1/pods?watch=true", 0.1, True),
        ("/api/v1/pods?watch=true", 1900, False),
        ("/apis/coordination.k8s.io/v1/leases?watch=true&timeoutSeconds=30", 29, True),
        ("/apis/coordination.k8s.io/v1/leases?watch=true&timeoutSeconds=30", 30, False),
        ("/apis/example.com/v1/widgets?watch=true", 0.1, False),  # its definition may have changed
        ("/apis/gateway.networking.k8s.io/v1/gateways?watch=true", 0.1, False),
    ],
)
def test_a_watch_stays_open_until_its_time_is_over(target: str, lived: float, *, expected: bool) -> None:
    request = Request(method="GET", target=target, http_version="HTTP/1.1", headers=())
    exchange = Exchange(seq=Seq(1), connection=1, started=Nanos(0), request=request, info=request_info("GET", target))
    assert stays_open(exchange, lived) is expected
    assert not stays_open(None, lived)
