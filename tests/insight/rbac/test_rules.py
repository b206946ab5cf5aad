"""kproxy.insight.rbac.rules."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from kproxy.insight.rbac.permission import Permission
from kproxy.insight.rbac.rules import Rule, bounded_names, rules_of, without_covered

permissions = st.builds(
    Permission,
    verb=st.sampled_from(["get", "list", "update"]),
    group=st.sampled_from(["", "apps"]),
    resource=st.sampled_from(["a", "b", "a/status"]),
    name=st.sampled_from(["", "x", "y"]),
) | st.builds(Permission, verb=st.sampled_from(["get", "post"]), path=st.sampled_from(["/metrics", "/logs"]))


def granted(rules: tuple[Rule, ...]) -> set[Permission]:
    """Every permission that rules grant."""
    found = set()
    for rule in rules:
        found |= {Permission(verb=verb, path=path) for verb, path in product(rule.verbs, rule.paths)}
        for verb, group, resource, name in product(rule.verbs, rule.groups, rule.resources, rule.names or ("",)):
            found.add(Permission(verb=verb, group=group, resource=resource, name=name))
    return found


@given(st.sets(permissions))
def test_rules_grant_what_they_are_made_of_and_nothing_else(wanted: set[Permission]) -> None:
    assert granted(rules_of(without_covered(wanted))) == without_covered(wanted)


@given(st.sets(permissions, min_size=1))
def test_rules_do_not_depend_on_the_order_and_each_says_something(wanted: set[Permission]) -> None:
    assert rules_of(sorted(wanted)) == rules_of(sorted(wanted, reverse=True))
    assert all(rule.verbs and (rule.paths or (rule.groups and rule.resources)) for rule in rules_of(wanted))


def test_resources_with_the_same_verbs_and_names_share_a_rule() -> None:
    wanted = {Permission(verb=verb, resource=resource) for verb in ("get", "list") for resource in ("pods", "nodes")}
    wanted |= {Permission(verb="update", resource="pods", name=name) for name in ("b", "a")}
    assert rules_of(wanted) == (
        Rule(groups=("",), resources=("nodes", "pods"), verbs=("get", "list")),
        Rule(groups=("",), resources=("pods",), names=("a", "b"), verbs=("update",)),
    )


def test_what_is_granted_for_any_name_or_everywhere_is_not_granted_again() -> None:
    everywhere = Permission(verb="get", resource="pods")
    named = Permission(verb="get", resource="pods", namespace="default", name="web")
    in_one = Permission(verb="get", resource="pods", namespace="default")
    other = Permission(verb="list", resource="pods", namespace="default")
    assert without_covered({everywhere, named, in_one, other}) == {everywhere, other}
    assert without_covered({named, in_one}) == {in_one}
    assert without_covered({named, Permission(verb="get", resource="pods", name="web")}) == {
        Permission(verb="get", resource="pods", name="web")
    }


def test_more_names_than_are_wanted_are_let_go() -> None:
    named = {Permission(verb="get", resource="pods", namespace="default", name=f"p{number}") for number in range(3)}
    assert bounded_names(named, 3) == named
    assert bounded_names(named, 2) == {Permission(verb="get", resource="pods", namespace="default")}
    assert bounded_names([Permission(verb="list", resource="pods")], 0) == {Permission(verb="list", resource="pods")}


def test_a_rule_is_a_rule_of_the_api() -> None:
    assert Rule(paths=("/metrics",), verbs=("get",)).as_json() == {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}
    assert Rule(groups=("",), resources=("pods",), names=("a",), verbs=("get",)).as_json() == {
        "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["get"],
    }  # fmt: skip
    assert "resourceNames" not in Rule(groups=("",), resources=("pods",), verbs=("get",)).as_json()
