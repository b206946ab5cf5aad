"""Which element of a list is which."""

import pytest

from kproxy.fields.paths import index_step, keyed_step, value_step
from kproxy.fields.shape import Shape
from kproxy.model.jsontypes import JSON, JSONObject


def a_widget(fields: JSONObject) -> JSONObject:
    return {"metadata": {"managedFields": [{"manager": "a", "fieldsV1": fields}]}}


def test_the_api_s_own_lists_are_known_without_managers() -> None:
    shape = Shape()
    assert shape.steps(("f:spec", "f:containers"), [{"name": "a"}, {"name": "b"}]) == [
        keyed_step({"name": "a"}),
        keyed_step({"name": "b"}),
    ]
    assert shape.steps(("f:spec", "f:ports"), [{"port": 80, "protocol": "TCP"}]) == [
        keyed_step({"port": 80, "protocol": "TCP"})
    ]
    assert shape.steps(("f:metadata", "f:finalizers"), ["x"]) == [value_step("x")]


def test_managers_tell_of_a_custom_resource_s_lists() -> None:
    shape = Shape()
    shape.learn(a_widget({"f:spec": {"f:parts": {'k:{"part":"a"}': {}}, "f:tags": {'v:"x"': {}}}}))
    assert shape.steps(("f:spec", "f:parts"), [{"part": "b", "x": 1}]) == [keyed_step({"part": "b"})]
    assert shape.steps(("f:spec", "f:tags"), ["y", "z"]) == [value_step("y"), value_step("z")]


def test_what_was_said_of_a_list_stays_so_that_versions_can_be_compared() -> None:
    shape = Shape()
    parts: list[JSON] = [{"part": "a"}]
    before = shape.steps(("f:spec", "f:parts"), parts)
    shape.learn(a_widget({"f:spec": {"f:parts": {'k:{"part":"a"}': {}}}}))
    assert shape.steps(("f:spec", "f:parts"), parts) == before == [index_step(0)]


@pytest.mark.parametrize(
    "elements",
    [[{"name": "a"}, {"name": "a"}], [{"name": "a"}, {"other": 1}], [{"name": {"x": 1}}, {"name": {"x": 1}}]],
)
def test_elements_that_their_keys_do_not_tell_apart_go_by_their_place(elements: list[JSON]) -> None:
    assert Shape().steps(("f:spec", "f:containers"), elements) == [index_step(0), index_step(1)]


def test_a_list_of_plain_values_is_one_value() -> None:
    assert Shape().steps(("f:args",), ["a", "b"]) is None
    assert Shape().steps(("f:args",), [{"name": "a"}, "b"]) is None
    assert Shape().steps(("f:metadata", "f:finalizers"), ["x", "x"]) is None
