"""kproxy.insight.rbac.manifest."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from kproxy.insight.rbac.manifest import as_yaml, documents_of, notes_of, role_name, subject_of
from kproxy.insight.rbac.permission import Permission
from kproxy.insight.rbac.session import Wish, rights
from kproxy.model.exchange import IdentityMode
from tests.support.told import Told


def test_a_cluster_role_and_a_role_for_each_namespace_come_with_their_bindings() -> None:
    wanted = frozenset({
        Permission(verb="list", resource="nodes"),
        Permission(verb="get", resource="pods", namespace="b"),
        Permission(verb="get", resource="pods", namespace="a"),
    })  # fmt: skip
    documents = documents_of(wanted, "kproxy:ada", subject_of("ada"))
    assert [(each["kind"], each["metadata"]) for each in documents] == [
        ("ClusterRole", {"name": "kproxy:ada"}),
        ("ClusterRoleBinding", {"name": "kproxy:ada"}),
        ("Role", {"name": "kproxy:ada", "namespace": "a"}),
        ("RoleBinding", {"name": "kproxy:ada", "namespace": "a"}),
        ("Role", {"name": "kproxy:ada", "namespace": "b"}),
        ("RoleBinding", {"name": "kproxy:ada", "namespace": "b"}),
    ]
    assert documents[3]["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "kproxy:ada",
    }  # fmt: skip
    assert list(yaml.safe_load_all(as_yaml(documents))) == documents


def test_without_rights_there_is_no_role() -> None:
    assert documents_of(frozenset(), "kproxy:ada", subject_of("ada")) == []


def test_a_service_account_is_named_by_its_parts() -> None:
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": "ci"}
    assert subject_of("system:serviceaccount:ci:robot") == account
    assert subject_of("system:serviceaccount:robot")["kind"] == "User"
    assert subject_of("system:kube-scheduler") == {
        "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:kube-scheduler",
    }  # fmt: skip


@given(st.text())
def test_a_roles_name_is_a_segment_of_a_path_and_nobody_elses(user: str) -> None:
    name = role_name(user)
    assert "/" not in name
    assert "%" not in name
    assert name.isprintable()
    assert len(name) < 253
    assert role_name(user, [name]) != name


def test_notes_say_what_one_should_know() -> None:
    told = Told()
    told.ask("POST", "/api/v1/namespaces", 201, identity=IdentityMode.PASS, answer={"metadata": {"name": "made"}},
             headers=(("Authorization", "Bearer kproxy-redacted-0123456789abcdef"),))  # fmt: skip
    for number in range(6):
        told.ask(
            "POST", f"/api/v1/namespaces/n{number}/pods", None, identity=IdentityMode.PASS,
            headers=(("Authorization", "Bearer kproxy-redacted-0123456789abcdef"),),
        )  # fmt: skip
    (found,) = rights(told.recording, Wish())
    said = " ".join(notes_of(found))
    assert "only the server knows" in said
    assert "6 requests had no answer" in said
