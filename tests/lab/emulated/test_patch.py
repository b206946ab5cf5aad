"""Patches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.lab.emulated.patch import JSON_PATCH, MAX_OPERATIONS, MERGE_PATCH, apply_patch, merge
from kproxy.lab.emulated.status import StatusError
from kproxy.model.jsontypes import JSON, JSONObject

VALUES: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the examples of RFC 7386, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(target: JSON, patch: JSON, result: JSON) -> None:
    assert merge(target, patch) == result


def test_the_target_of_a_patch_stays_as_it_is() -> None:
    target: JSONObject = {"a": {"b": [1]}}
    apply_patch(MERGE_PATCH, {"a": {"b": None}}, target)
    apply_patch(JSON_PATCH, [{"op": "remove", "path": "/a/b/0"}], target)
    assert target == {"a": {"b": [1]}}


def test_too_many_operations_are_refused() -> None:
    operations: list[JSON] = [{"op": "test", "path": "", "value": {}}] * (MAX_OPERATIONS + 1)
    with pytest.raises(StatusError, match="maximum operations") as caught:
        apply_patch(JSON_PATCH, operations, {})
    assert caught.value.code == 413


@given(VALUES, st.dictionaries(st.text(max_size=2), VALUES, max_size=3))
def test_a_merge_patch_applied_twice_is_applied_once(patch: JSON, target: JSONObject) -> None:
    if isinstance(patch, dict):
        once = apply_patch(MERGE_PATCH, patch, target)
        assert apply_patch(MERGE_PATCH, patch, once) == once


@given(VALUES)
def test_any_json_patch_is_applied_or_refused(patch: JSON) -> None:
    try:
        apply_patch(JSON_PATCH, patch, {"a": [1]})
    except StatusError as error:
        assert error.code in {400, 422}  # noqa: PT017 - the other outcome is as good
