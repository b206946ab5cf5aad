"""kproxy.insight.rbac.grants."""

from kproxy.insight.rbac.grants import KnownRoles, grant_need
from kproxy.insight.rbac.permission import RBAC, Permission
from kproxy.model.jsontypes import JSON, JSONObject
from tests.support.told import Told

NAMESPACED = f"/apis/{RBAC}/v1/namespaces/default"
GET_PODS = Permission(verb="get", resource="pods", namespace="default")


def role(*rules: JSONObject, **more: JSON) -> JSONObject:
    listed: list[JSON] = [*rules]
    return {"kind": "Role", "metadata": {"name": "r"}, "rules": listed, **more}


def rule(verb: str = "get", resource: str = "pods", names: list[JSON] | None = None) -> JSONObject:
    return {"verbs": [verb], "apiGroups": [""], "resources": [resource], "resourceNames": names or []}


def binding(kind: str, name: str) -> JSONObject:
    return {"kind": "RoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": kind, "name": name}}


def need(
    told: Told, method: str, path: str, document: JSONObject, *held: Permission, known: KnownRoles | None = None
) -> Permission | None:
    """What a write that was answered with this needs of whom has these."""
    told.ask(method, path, 201 if method == "POST" else 200, answer=document)
    exchange = told.recording.exchange_list[-1]
    return grant_need(told.recording, exchange, known or KnownRoles(), frozenset(held), "ada")


def test_who_has_what_a_role_says_needs_no_more() -> None:
    roles = f"{NAMESPACED}/roles"
    assert need(Told(), "POST", roles, role(rule()), GET_PODS) is None
    assert need(Told(), "POST", roles, role(rule()), GET_PODS.everywhere()) is None
    assert need(Told(), "POST", roles, role(rule(names=["web"])), GET_PODS) is None
    assert need(Told(), "POST", roles, role()) is None


def test_who_has_it_for_one_name_or_in_another_namespace_does_not_have_it() -> None:
    roles = f"{NAMESPACED}/roles"
    named = Permission(verb="get", resource="pods", namespace="default", name="web")
    other = Permission(verb="get", resource="pods", namespace="other")
    wanted = Permission(verb="escalate", group=RBAC, resource="roles", namespace="default")
    assert need(Told(), "POST", roles, role(rule()), named, other) == wanted
    assert need(Told(), "POST", roles, role(rule("*")), GET_PODS) == wanted


def test_a_role_that_is_there_is_escalated_by_its_name() -> None:
    wanted = Permission(verb="escalate", group=RBAC, resource="clusterroles", name="r")
    assert need(Told(), "PUT", f"/apis/{RBAC}/v1/clusterroles/r", role(rule())) == wanted


def test_an_aggregated_role_needs_every_right_there_is() -> None:
    wanted = Permission(verb="escalate", group=RBAC, resource="clusterroles")
    path = f"/apis/{RBAC}/v1/clusterroles"
    assert need(Told(), "POST", path, role(aggregationRule={"clusterRoleSelectors": []})) == wanted


def test_discovery_is_everybodys_also_in_a_role() -> None:
    paths: JSONObject = {"verbs": ["get"], "nonResourceURLs": ["/version"]}
    assert need(Told(), "POST", f"/apis/{RBAC}/v1/clusterroles", role(paths)) is None


def test_a_binding_of_an_unknown_role_needs_bind_for_that_role() -> None:
    wanted = Permission(verb="bind", group=RBAC, resource="clusterroles", namespace="default", name="admin")
    assert need(Told(), "POST", f"{NAMESPACED}/rolebindings", binding("ClusterRole", "admin"), GET_PODS) == wanted
    wanted = Permission(verb="bind", group=RBAC, resource="clusterroles", name="admin")
    assert need(Told(), "POST", f"/apis/{RBAC}/v1/clusterrolebindings", binding("ClusterRole", "admin")) == wanted


def test_a_binding_of_a_role_that_the_session_wrote_is_told_by_what_that_says() -> None:
    told, known = Told(), KnownRoles()
    need(told, "POST", f"{NAMESPACED}/roles", role(rule()), GET_PODS, known=known)
    path = f"{NAMESPACED}/rolebindings"
    assert need(told, "POST", path, binding("Role", "r"), GET_PODS, known=known) is None
    wanted = Permission(verb="bind", group=RBAC, resource="roles", namespace="default", name="r")
    assert need(told, "POST", path, binding("Role", "r"), known=known) == wanted


def test_a_role_of_millions_of_combinations_is_not_gone_through() -> None:
    many: list[JSON] = [f"x{number}" for number in range(2000)]
    large: JSONObject = {"verbs": ["get"] * 2000, "apiGroups": many, "resources": many}
    held = {Permission(verb="get", group="x0", resource=str(name), namespace="default") for name in many}
    assert need(Told(), "POST", f"{NAMESPACED}/roles", role(large), *held) is not None
