"""Paths of fields, as managedFields writes them and as people read them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.fields.paths import (
    canonical_step,
    field_step,
    index_step,
    keyed_step,
    keys_of,
    path_text,
    value_step,
)
from tests.support.made import json_values


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((field_step("spec"), field_step("replicas")), "spec.replicas"),
        ((field_step("containers"), keyed_step({"name": "app"}), field_step("image")), "containers[name=app].image"),
        ((field_step("ports"), keyed_step({"protocol": "TCP", "port": 80})), "ports[port=80,protocol=TCP]"),
        ((field_step("labels"), field_step("app.kubernetes.io/name")), 'labels["app.kubernetes.io/name"]'),
        ((field_step("finalizers"), value_step("x")), 'finalizers["x"]'),
        ((field_step("rules"), index_step(2), field_step("verbs")), "rules[2].verbs"),
        ((field_step("data"), field_step("")), 'data[""]'),
    ],
)
def test_a_path_reads_as_people_write_it(path: tuple[str, ...], text: str) -> None:
    assert path_text(path) == text


def test_steps_of_another_writing_are_the_same_step() -> None:
    assert canonical_step('k:{"protocol": "TCP",  "port":80}') == keyed_step({"port": 80, "protocol": "TCP"})
    assert canonical_step('v:"\\u0078"') == value_step("x")


@pytest.mark.parametrize("step", ["", "k:", "k:[1]", "k:{", "v:{", ".", "x:1", "f:", "k:" + "[" * 100_000])
def test_what_is_no_step_stays_as_it_is(step: str) -> None:
    assert canonical_step(step) == step
    assert keys_of(step) == {}


@given(st.dictionaries(st.text(max_size=5), json_values, min_size=1, max_size=3))
def test_keys_can_be_read_back(keys: dict[str, object]) -> None:
    step = keyed_step(json.loads(json.dumps(keys)))
    assert canonical_step(step) == step
    assert path_text((step,)).startswith("[")
