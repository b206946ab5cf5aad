"""kproxy.insight.rbac.refusal."""

from kproxy.insight.rbac.refusal import Refusal, refusal_of
from tests.support.told import Told


def refused(message: str, status: int = 403) -> Refusal | None:
    told = Told()
    told.ask("GET", "/api/v1/pods", status, answer={"kind": "Status", "message": message})
    return refusal_of(told.recording, told.recording.exchange_list[0])


def test_an_authorizers_no_names_the_user_and_the_verb() -> None:
    resource = 'pods is forbidden: User "ada" cannot list resource "pods" in API group "" at the cluster scope'
    assert refused(resource) == Refusal("ada", "list")
    assert refused('forbidden: User "system:anonymous" cannot get path "/metrics"') == Refusal(
        "system:anonymous", "get"
    )


def test_admission_says_403_too_of_requests_that_were_authorized() -> None:
    assert refused('pods "web" is forbidden: exceeded quota: small, requested: pods=1') is None
    assert refused("roles is forbidden: user is attempting to grant RBAC permissions not currently held") is None


def test_only_a_403_is_one() -> None:
    assert refused('x is forbidden: User "ada" cannot list resource "pods"', 500) is None
