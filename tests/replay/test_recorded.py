"""kproxy.replay.recorded."""

import pytest

from kproxy.model.exchange import Exchange, Nanos, Request, Seq
from kproxy.renaming.renaming import Renaming
from kproxy.replay.recorded import request_of, stays_open
from kproxy.wire.requestinfo import request_info

LEASES = "/apis/coordination.k8s.io/v1/leases?watch=true&timeoutSeconds=30"


def asked(target: str, lasted: float) -> Exchange:
    """A request that lasted for so many seconds."""
    return Exchange(
        seq=Seq(1),
        connection=1,
        started=Nanos(0),
        ended=Nanos(int(lasted * 1e9)),
        request=Request(method="GET", target=target, http_version="HTTP/1.1", headers=()),
        info=request_info("GET", target),
    )


@pytest.mark.parametrize(
    ("target", "lived", "expected"),
    [
        ("/api/v1/pods?watch=true", 0.1, True),
        ("/api/v1/pods?watch=true", 1900, False),
        (LEASES, 29, True),
        (LEASES, 30, False),
        ("/apis/example.com/v1/widgets?watch=true", 0.1, False),  # its definition may have changed
        ("/apis/gateway.networking.k8s.io/v1/gateways?watch=true", 0.1, False),
    ],
)
def test_a_watch_stays_open_until_its_time_is_over(target: str, lived: float, *, expected: bool) -> None:
    exchange = asked(target, 30)
    assert stays_open(exchange, lived) is expected
    assert not stays_open(None, lived)


def test_a_watch_that_its_client_left_is_asked_for_longer_than_any_replay_takes() -> None:
    """A replay that is slower than its recording would come to the end of a time that the client drew."""
    left, ended, other = asked(LEASES, 12), asked(LEASES, 30), asked("/api/v1/pods?timeoutSeconds=30", 12)
    targets = [request_of(Renaming(), each, b"").target for each in (left, ended, other)]
    assert targets == [LEASES.replace("30", "3600"), LEASES, other.request.target]
    assert stays_open(left, 40)


def test_the_body_that_is_given_is_the_requests() -> None:
    assert request_of(Renaming(), asked("/api/v1/pods", 1), b"a body").body == b"a body"
