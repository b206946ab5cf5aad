"""kproxy.replay.spreading."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Exchange
from kproxy.replay.spreading import served, spread_by
from tests.diff.sessions import FakeServer

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ADMISSION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"
TEAM = "/api/v1/namespaces/team"


def asked(method: str, target: str, status: int = 200) -> Exchange:
    server = FakeServer("a", 100, 9)
    server.exchange(method, target, status)
    return server.made.exchange_list[0]


def concerned(method: str, target: str, other: str, *, status: int = 200) -> bool | None:
    """Whether the second request ("GET /path") depends on the first; None: nothing of that spreads."""
    found = spread_by(asked(method, target, status))
    verb, _, path = other.partition(" ")
    return None if found is None else found(asked(verb, path))


@pytest.mark.parametrize(
    ("method", "target", "other", "said"),
    [
        ("POST", f"{RBAC}/clusterroles", "GET /version", True),
        ("POST", f"{RBAC}/namespaces/team/roles", f"GET {TEAM}/pods", True),
        ("POST", f"{RBAC}/namespaces/team/roles", "GET /api/v1/namespaces/other/pods", False),
        ("PATCH", "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/x", "GET /version", True),
        ("POST", ADMISSION, f"POST {TEAM}/pods", True),
        ("POST", ADMISSION, f"GET {TEAM}/pods", False),
        ("DELETE", f"{CRDS}/widgets.example.com", "GET /apis/example.com/v1/widgets", True),
        ("DELETE", f"{CRDS}/widgets.example.com", "GET /apis/other.com/v1/things", False),
        ("DELETE", f"{CRDS}/widgets.example.com", "GET /openapi/v3", True),
        ("POST", CRDS, "GET /apis/example.com/v1/widgets", True),
        ("POST", CRDS, f"GET {TEAM}/pods", False),
        ("POST", CLASSES, f"POST {TEAM}/pods", True),
        ("POST", CLASSES, f"POST {TEAM}/persistentvolumeclaims", False),
        ("POST", "/apis/networking.k8s.io/v1/servicecidrs", f"POST {TEAM}/pods", False),
        ("PATCH", TEAM, f"POST {TEAM}/pods", True),
        ("DELETE", TEAM, f"DELETE {TEAM}/pods/one", False),
        ("PUT", f"{TEAM}/finalize", f"POST {TEAM}/pods", True),
        ("DELETE", f"{TEAM}/serviceaccounts/robot", f"POST {TEAM}/pods", True),
        ("DELETE", f"{TEAM}/serviceaccounts/robot", f"PATCH {TEAM}/pods/one", False),
        ("POST", f"{TEAM}/resourcequotas", f"POST {TEAM}/pods", True),
        ("DELETE", f"{TEAM}/limitranges/x", "POST /api/v1/namespaces/other/pods", False),
        ("POST", "/apis/networking.k8s.io/v1/servicecidrs", f"POST {TEAM}/services", True),
    ],
)
def test_whoever_depends_on_what_spreads_waits_and_nobody_else(
    method: str, target: str, other: str, *, said: bool
) -> None:
    assert concerned(method, target, other) is said


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("POST", f"{TEAM}/pods", 201),
        ("POST", "/api/v1/namespaces", 201),  # a server that does not know it looks into etcd
        ("POST", f"{TEAM}/serviceaccounts", 201),  # the same
        ("POST", f"{TEAM}/serviceaccounts/robot/token", 201),
        ("PATCH", f"{TEAM}/configmaps/x", 200),
        ("POST", "/apis/apps/v1/namespaces/team/deployments", 201),
        ("PATCH", f"{RBAC}/clusterroles/x", 409),
        ("GET", f"{RBAC}/clusterroles/x", 200),
    ],
)
def test_what_does_not_spread_keeps_nobody(method: str, target: str, status: int) -> None:
    assert concerned(method, target, "GET /version", status=status) is None


def test_an_accounts_requests_wait_for_what_became_of_it() -> None:
    found = spread_by(asked("DELETE", f"{TEAM}/serviceaccounts/robot"))
    account = "system:serviceaccount:team:robot"
    assert found is not None
    assert found(replace(asked("GET", "/api/v1/nodes"), caller=account))
    assert found(replace(asked("GET", "/api/v1/nodes"), caller="proxy", forwarded=f"{account} (system:authenticated)"))


def test_the_definition_of_the_core_concerns_the_core() -> None:
    assert served("")(asked("GET", f"{TEAM}/pods"))
    assert not served("")(asked("GET", f"{RBAC}/clusterroles"))


@pytest.mark.parametrize(
    ("class_of", "needed_by", "not_by"),
    [
        ("/apis/scheduling.k8s.io/v1/priorityclasses", "pods", "configmaps"),
        ("/apis/node.k8s.io/v1/runtimeclasses", "pods", "services"),
        ("/apis/storage.k8s.io/v1/storageclasses", "persistentvolumeclaims", "pods"),
    ],
)
def test_a_class_concerns_what_names_one_and_nothing_else(class_of: str, needed_by: str, not_by: str) -> None:
    assert concerned("POST", class_of, f"POST {TEAM}/{needed_by}") is True
    assert concerned("POST", class_of, f"POST {TEAM}/{not_by}") is False


def test_an_ingress_waits_for_its_class() -> None:
    ingresses = "/apis/networking.k8s.io/v1/namespaces/team/ingresses"
    assert concerned("POST", "/apis/networking.k8s.io/v1/ingressclasses", f"POST {ingresses}") is True
    assert concerned("POST", "/apis/networking.k8s.io/v1/networkpolicies", f"POST {ingresses}") is None
