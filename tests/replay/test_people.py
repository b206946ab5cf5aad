"""kproxy.replay.people."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import EMPTY_BODY, Exchange, Nanos, Request, Seq
from kproxy.replay.people import People, controller_of
from kproxy.wire.requestinfo import request_info

PODS = "/api/v1/namespaces/default/pods"
KUBECTL = "kubectl/v1.37.2 (linux/amd64) kubernetes/unknown"


def asked(caller: str, agent: str) -> Exchange:
    """A request of somebody's."""
    headers = (("User-Agent", agent),)
    return Exchange(
        seq=Seq(1),
        connection=1,
        started=Nanos(1),
        request=Request(method="GET", target=PODS, http_version="HTTP/1.1", headers=headers, body=EMPTY_BODY),
        info=request_info("GET", PODS),
        caller=caller,
    )


@pytest.mark.parametrize(
    ("caller", "agent"),
    [
        ("system:kube-scheduler", "curl/8"),
        ("system:serviceaccount:kube-system:replicaset-controller", "curl/8"),
        ("system:node:node-1", "curl/8"),
        ("client", "kube-controller-manager/v1.37.2 (linux/amd64) kubernetes/unknown/leader-election"),
        ("client", "kwok/v0.8.0 (linux/amd64)"),
    ],
)
def test_a_controller_is_known_by_its_name_or_by_its_program(caller: str, agent: str) -> None:
    assert controller_of(asked(caller, agent)) is not None
    assert not People().keeps(asked(caller, agent))


@pytest.mark.parametrize("caller", ["ada", "system:serviceaccount:default:robot", "system:admin", "kwoka"])
def test_anybody_else_is_people(caller: str) -> None:
    assert controller_of(asked(caller, KUBECTL)) is None
    assert People().keeps(asked(caller, KUBECTL))


def test_who_went_on_as_a_controller_is_one() -> None:
    assert controller_of(replace(asked("client", KUBECTL), forwarded="system:kube-scheduler [system:authenticated]"))


def test_clients_can_be_named_to_be_driven_and_to_be_left() -> None:
    operator = asked("system:serviceaccount:kube-system:operator", "operator/1")
    assert People(driven=("operator",)).keeps(operator)
    assert not People(left=("kubectl",)).keeps(asked("ada", KUBECTL))
    assert not People(driven=("operator",), left=("operator",)).keeps(operator)
