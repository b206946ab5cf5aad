"""kproxy.renaming.lists."""

import pytest

from kproxy.model.jsontypes import JSON
from kproxy.renaming.lists import align, align_known


def named(*names: str) -> list[JSON]:
    """Objects with names."""
    return [{"name": name} for name in names]


def items(*names: str) -> list[JSON]:
    """Objects of a list."""
    return [{"metadata": {"name": name}} for name in names]


def test_containers_are_paired_by_name_and_another_order_is_said() -> None:
    found = align("containers", named("a", "b"), named("b", "a"), str)
    assert found.pairs == ((0, 1), (1, 0))
    assert found.reordered


def test_what_is_missing_stands_alone() -> None:
    assert align("containers", named("a", "b", "c"), named("a", "c"), str).pairs == ((0, 0), (1, None), (2, 1))


def test_an_element_whose_key_changed_is_paired_with_what_stands_in_its_place() -> None:
    assert align("containers", named("a", "b"), named("a", "x"), str).pairs == ((0, 0), (1, 1))


def test_plain_values_are_paired_by_index() -> None:
    assert align("args", ["a", "b"], ["b"], str).pairs == ((0, 0), (1, None))


def test_values_that_a_schema_allows_or_demands_are_told_apart_by_themselves() -> None:
    assert align("enum", ["OnDelete", "RollingUpdate"], ["OnDelete", "Recreate", "RollingUpdate"], str).pairs == (
        (0, 0),
        (1, 2),
        (None, 1),
    )
    assert align("required", ["a", "b"], ["b", "a"], str).reordered
    assert align("required", ["a"], ["b"], str).pairs == ((0, 0),), "they share nothing"
    assert align("enum", ["a", "a"], ["b", "a", "a"], str).pairs == ((0, 0), (1, 1), (None, 2)), "twice is no key"
    assert align("enum", [1, "a"], ["a"], str).pairs == ((0, 0), (1, None))


def test_equal_names_are_no_keys() -> None:
    assert align("env", named("a", "a"), named("a"), str).pairs == ((0, 0), (1, None))


def test_objects_that_each_server_sorts_by_its_own_names_are_in_order() -> None:
    names = {"/a": "/z", "/b": "/b"}
    found = align("items", items("a", "b"), items("b", "z"), lambda key: names[key])
    assert found.pairs == ((0, 1), (1, 0))
    assert not found.reordered


def test_objects_that_are_not_sorted_any_more_are_reordered() -> None:
    assert align("items", items("a", "b"), items("b", "a"), str).reordered


def test_managers_entries_go_by_manager_and_operation() -> None:
    first: list[JSON] = [{"manager": "a", "operation": "Update"}, {"manager": "a", "operation": "Apply"}]
    found = align("managedFields", first, [first[1], first[0]], str)
    assert found.pairs == ((0, 1), (1, 0))
    assert not found.reordered


def test_the_rules_of_a_review_are_a_set() -> None:
    rules: list[JSON] = [{"verbs": ["get"]}, {"verbs": ["list"]}, {"verbs": ["list"]}]
    found = align("resourceRules", rules, rules[::-1], str)
    assert found.pairs == ((0, 2), (1, 0), (2, 1))
    assert not found.reordered


def test_endpoints_are_paired_by_the_pods_behind_them_and_another_order_is_said() -> None:
    def endpoints(*pods: tuple[str, str]) -> list[JSON]:
        return [{"ip": ip, "addresses": [ip], "targetRef": {"kind": "Pod", "name": name}} for name, ip in pods]

    first, second = endpoints(("a", "10.0.0.1"), ("b", "10.0.0.2")), endpoints(("b", "10.0.0.1"), ("a", "10.0.0.2"))
    for field in ("endpoints", "addresses"):
        found = align(field, first, second, str)
        assert found.pairs == ((0, 1), (1, 0))
        assert found.reordered
    assert align("addresses", [{"ip": "1"}, {"ip": "2"}], [{"ip": "2"}, {"ip": "1"}], str).pairs == ((0, 1), (1, 0))


def test_kinds_are_told_apart_by_group_version_and_kind_together() -> None:
    def kinds(*groups: str) -> list[JSON]:
        return [{"group": each, "kind": "DeleteOptions", "version": "v1"} for each in groups]

    found = align("x-kubernetes-group-version-kind", kinds("a", "b", "c"), kinds("b", "c"), str)
    assert found.pairs == ((0, None), (1, 0), (2, 1))


def test_rows_whose_names_were_drawn_are_paired_by_what_they_were_drawn_for() -> None:
    def drawn(name: str, prefix: str) -> JSON:
        return {"object": {"metadata": {"name": name, "generateName": prefix}}}

    here: list[JSON] = [drawn("b-xxxxx", "b-"), drawn("a-xxxxx", "a-"), {"object": {"metadata": {"name": "same"}}}]
    there: list[JSON] = [drawn("a-zzzzz", "a-"), {"object": {"metadata": {"name": "same"}}}, drawn("b-zzzzz", "b-")]
    assert align("rows", here, there, str).pairs == ((0, 2), (1, 0), (2, 1))


def test_endpoints_go_by_the_pods_behind_them() -> None:
    def endpoint(kind: str, namespace: str, name: str) -> JSON:
        return {"ip": "10.0.0.1", "targetRef": {"kind": kind, "namespace": namespace, "name": name}}

    pods = [endpoint("Pod", "n", "a"), endpoint("Pod", "m", "a"), endpoint("Node", "n", "a")]
    assert align("endpoints", pods, pods[::-1], str).pairs == ((0, 2), (1, 1), (2, 0))
    nameless: list[JSON] = [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]
    assert align("addresses", nameless, nameless[::-1], str).pairs == ((0, 1), (1, 0))


def test_a_list_with_keys_beside_one_without_goes_by_index() -> None:
    assert align("env", named("a", "b"), [{"name": "b"}, "odd", {"name": "a"}], str).pairs == (
        (0, 0),
        (1, 1),
        (None, 2),
    )
    assert align("env", [], named("a"), str).pairs == ((None, 0),)
    assert align("env", named("a"), [], str).pairs == ((0, None),)


def test_lists_that_share_no_key_go_by_index() -> None:
    found = align("env", named("a", "b", "c"), named("x", "y"), str)
    assert found.pairs == ((0, 0), (1, 1), (2, None))
    assert not found.reordered


def test_an_empty_key_or_one_that_is_true_tells_nothing_apart() -> None:
    assert align("env", [{"name": ""}, {"name": "b"}], [{"name": "b"}, {"name": ""}], str).pairs == ((0, 0), (1, 1))
    flags: list[JSON] = [{"name": True}, {"name": "b"}, {"name": "c"}]
    assert align("env", flags, flags[::-1], str).pairs == ((0, 0), (1, 1), (2, 2))


@pytest.mark.parametrize("field", ["resourceRules", "nonResourceRules"])
def test_rules_of_a_review_are_a_set_in_which_one_may_stand_twice(field: str) -> None:
    rules: list[JSON] = [{"verbs": ["get"]}, {"verbs": ["list"]}, {"verbs": ["get"]}]
    found = align(field, rules, [rules[1], rules[0], rules[2]], str)
    assert found.pairs == ((0, 1), (1, 0), (2, 2))
    assert not found.reordered


def test_what_is_told_already_stands_beside_what_it_is_known_to_be_and_beside_nothing_else() -> None:
    first, second = items("a", "web-aaaaa", "c"), items("web-bbbbb", "x", "a")
    found = align_known("items", first, second, lambda key: key.replace("aaaaa", "bbbbb"))
    assert found.pairs == ((0, 2), (1, 0))
    assert align_known("items", ["odd"], items("a"), str).pairs == ()
    assert align_known("env", named("a", "b"), named("b"), str).pairs == ((0, None), (1, 0))


def test_an_element_beyond_those_that_changed_their_keys_stands_alone() -> None:
    found = align("containers", named("a", "b", "c"), named("a", "x", "c", "d"), str)
    assert found.pairs == ((0, 0), (1, 1), (2, 2), (None, 3))
