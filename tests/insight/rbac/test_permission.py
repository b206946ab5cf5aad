"""kproxy.insight.rbac.permission."""

import pytest

from kproxy.insight.rbac.permission import ANONYMOUS, Permission, is_everybodys


@pytest.mark.parametrize(
    "permission",
    [
        Permission(verb="", resource="pods"),
        Permission(verb="get"),
        Permission(verb="get", resource="*"),
        Permission(verb="get", resource="pods/*"),
        Permission(verb="*", resource="pods"),
        Permission(verb="get", group="*", resource="pods"),
        Permission(verb="get", path="/logs/*"),
    ],
)
def test_what_a_rule_would_grant_too_much_for_or_cannot_say_is_not_grantable(permission: Permission) -> None:
    assert not permission.grantable


def test_a_star_in_a_name_is_a_name() -> None:
    assert Permission(verb="get", resource="pods/log", name="*").grantable
    assert Permission(verb="get", path="/metrics").grantable


@pytest.mark.parametrize("path", ["/api", "/apis/apps/v1", "/openapi/v3/api/v1", "/version", "/readyz"])
def test_discovery_is_everybodys(path: str) -> None:
    assert is_everybodys(Permission(verb="get", path=path), "ada")
    assert not is_everybodys(Permission(verb="post", path=path), "ada")


@pytest.mark.parametrize("path", ["/metrics", "/readyz/ping", "/apix", "/logs"])
def test_other_paths_are_not(path: str) -> None:
    assert not is_everybodys(Permission(verb="get", path=path), "ada")


def test_the_anonymous_have_less() -> None:
    assert is_everybodys(Permission(verb="get", path="/version"), ANONYMOUS)
    assert not is_everybodys(Permission(verb="get", path="/api"), ANONYMOUS)


def test_everybody_may_ask_about_himself() -> None:
    review = Permission(verb="create", group="authorization.k8s.io", resource="selfsubjectaccessreviews")
    assert is_everybodys(review, "ada")
    assert not is_everybodys(review, ANONYMOUS)
    assert not is_everybodys(Permission(verb="create", group="x", resource="selfsubjectaccessreviews"), "ada")
