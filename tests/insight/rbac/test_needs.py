"""kproxy.insight.rbac.needs."""

import pytest

from kproxy.insight.rbac.needs import (
    Passed,
    further_needs,
    impersonation_needs,
    is_role_write,
    own_need,
    passed_as,
    streaming_need,
)
from kproxy.insight.rbac.permission import RBAC, Permission
from kproxy.model.exchange import End, Exchange
from tests.support.told import Told

POD = "/api/v1/namespaces/default/pods/web"


def asked(method: str, target: str, status: int | None = 200, **more: object) -> tuple[Told, Exchange]:
    told = Told()
    told.ask(method, target, status, **more)  # type: ignore[arg-type] # the caller names parts of a request
    return told, told.recording.exchange_list[0]


@pytest.mark.parametrize(
    ("method", "target", "permission"),
    [
        ("GET", POD, Permission(verb="get", resource="pods", namespace="default", name="web")),
        ("HEAD", POD, Permission(verb="get", resource="pods", namespace="default", name="web")),
        ("GET", "/api/v1/pods", Permission(verb="list", resource="pods")),
        ("GET", "/api/v1/pods?watch=1", Permission(verb="watch", resource="pods")),
        (
            "GET",
            "/api/v1/pods?fieldSelector=metadata.name%3Dweb",
            Permission(verb="list", resource="pods", name="web"),
        ),
        ("GET", f"{POD}/log", Permission(verb="get", resource="pods/log", namespace="default", name="web")),
        (
            "POST",
            f"{POD}/eviction",
            Permission(verb="create", resource="pods/eviction", namespace="default", name="web"),
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/b/scale",
            Permission(verb="patch", group="apps", resource="deployments/scale", namespace="a", name="b"),
        ),
        ("GET", "/api/v1/namespaces/default", Permission(verb="get", resource="namespaces", name="default")),
        ("DELETE", "/api/v1/nodes", Permission(verb="deletecollection", resource="nodes")),
        ("GET", "/metrics?x=1", Permission(verb="get", path="/metrics")),
        ("POST", "/logs", Permission(verb="post", path="/logs")),
    ],
)
def test_a_request_is_the_question_that_the_authorizer_is_asked(
    method: str, target: str, permission: Permission
) -> None:
    assert own_need(asked(method, target)[1]) == permission


@pytest.mark.parametrize(
    ("status", "end", "passed"),
    [
        (200, End.COMPLETE, Passed.WHOLLY),
        (404, End.COMPLETE, Passed.WHOLLY),
        (409, End.COMPLETE, Passed.WHOLLY),
        (500, End.SERVER_GONE, Passed.WHOLLY),
        (403, End.COMPLETE, Passed.WHOLLY),
        (401, End.COMPLETE, Passed.NOT),
        (429, End.COMPLETE, Passed.NOT),
        (None, End.CLIENT_GONE, Passed.NOT),
        (502, End.UNREACHABLE, Passed.NOT),
        (403, End.REFUSED, Passed.NOT),
    ],
)
def test_what_the_server_let_pass_counts_whatever_became_of_it(status: int | None, end: End, passed: Passed) -> None:
    told, exchange = asked("GET", POD, status, end=end)
    assert passed_as(told.recording, exchange) is passed


@pytest.mark.parametrize(
    ("verb", "passed"),
    [("get", Passed.AS_ANOTHER), ("impersonate", Passed.NOT), ("create", Passed.WHOLLY)],
)
def test_a_refusal_says_how_far_the_request_came(verb: str, passed: Passed) -> None:
    message = f'pods is forbidden: User "ada" cannot {verb} resource "pods" in API group ""'
    told, exchange = asked("GET", POD, 403, answer={"message": message})
    assert passed_as(told.recording, exchange) is passed


def test_to_be_somebody_else_needs_a_right_for_each_part_of_him() -> None:
    headers = (
        ("Impersonate-User", "bob"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Uid", "u1"),
        ("Impersonate-Extra-Example.com%2fScopes", "view"),
    )
    _, exchange = asked("GET", POD, headers=headers)
    authentication = "authentication.k8s.io"
    assert set(impersonation_needs(exchange)) == {
        Permission(verb="impersonate", resource="users", name="bob"),
        Permission(verb="impersonate", resource="groups", name="dev"),
        Permission(verb="impersonate", resource="groups", name="ops"),
        Permission(verb="impersonate", group=authentication, resource="uids", name="u1"),
        Permission(verb="impersonate", group=authentication, resource="userextras/example.com/scopes", name="view"),
    }


def test_a_service_account_is_impersonated_in_its_namespace() -> None:
    _, exchange = asked("GET", POD, headers=(("Impersonate-User", "system:serviceaccount:ci:robot"),))
    wanted = Permission(verb="impersonate", resource="serviceaccounts", namespace="ci", name="robot")
    assert list(impersonation_needs(exchange)) == [wanted]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_update_or_an_apply_that_creates_needs_create_too_for_that_name(method: str) -> None:
    told, exchange = asked(method, POD, 201)
    wanted = Permission(verb="create", resource="pods", namespace="default", name="web")
    assert list(further_needs(told.recording, exchange)) == [wanted]
    told, exchange = asked(method, POD, 200)
    assert list(further_needs(told.recording, exchange)) == []


@pytest.mark.parametrize(
    ("path", "verb"),
    [("certificatesigningrequests/c/approval", "approve"), ("certificatesigningrequests/c/status", "sign"),
     ("clustertrustbundles/c", "attest"), ("certificatesigningrequests/c", "")],
)  # fmt: skip
def test_certificates_need_a_right_for_their_signer(path: str, verb: str) -> None:
    answer = {"spec": {"signerName": "example.com/signer"}}
    told, exchange = asked("PUT", f"/apis/certificates.k8s.io/v1/{path}", answer=answer)
    wanted = Permission(verb=verb, group="certificates.k8s.io", resource="signers", name="example.com/signer")
    assert list(further_needs(told.recording, exchange)) == ([wanted] if verb else [])


@pytest.mark.parametrize("subresource", ["exec", "attach", "portforward"])
def test_streams_opened_by_get_need_create_too_since_1_35(subresource: str) -> None:
    _, exchange = asked("GET", f"{POD}/{subresource}", 101)
    wanted = Permission(verb="create", resource=f"pods/{subresource}", namespace="default", name="web")
    assert streaming_need(exchange, (1, 37)) == wanted
    assert streaming_need(exchange, None) == wanted
    assert streaming_need(exchange, (1, 34)) is None
    assert streaming_need(asked("POST", f"{POD}/{subresource}", 101)[1], (1, 37)) is None
    assert streaming_need(asked("GET", f"{POD}/log", 200)[1], (1, 37)) is None


def test_writes_of_roles_and_bindings_are_looked_at_further() -> None:
    roles = f"/apis/{RBAC}/v1/namespaces/default/roles"
    assert is_role_write(asked("POST", roles, 201)[1])
    assert not is_role_write(asked("POST", roles, 403)[1])
    assert not is_role_write(asked("GET", roles)[1])
    assert not is_role_write(asked("POST", "/api/v1/namespaces/default/pods", 201)[1])
