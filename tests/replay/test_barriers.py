import pytest

from kproxy.replay.barriers import spreads
from kproxy.wire.requestinfo import request_info

RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/api/v1/namespaces/default/pods", False),
        ("/apis/apps/v1/namespaces/default/deployments/web", False),
        ("/api/v1/namespaces/default/services", False),
        ("/api/v1/namespaces", True),
        ("/api/v1/namespaces/default/serviceaccounts", True),
        (f"{RBAC}/namespaces/default/rolebindings", True),
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", True),
    ],
)
def test_a_write_spreads_where_the_server_learns_of_it_by_a_watch(target: str, *, said: bool) -> None:
    assert spreads(request_info("POST", target)) is said
