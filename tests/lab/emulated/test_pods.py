"""Pods: what they get, and what is wrong with them."""

import pytest

from kproxy.lab.emulated.pods import prepare_create, qos_class, set_defaults, validate, validate_update
from kproxy.lab.emulated.tree import clone, peek
from kproxy.model.jsontypes import JSON, JSONObject
from tests.lab.emulated.serving import pod


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("registry.example:5000/nginx", "Always"),
        ("registry.example:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:00", "IfNotPresent"),
    ],
)
def test_an_image_is_pulled_always_unless_it_names_a_version(image: str, policy: str) -> None:
    value: JSONObject = {"spec": {"containers": [{"name": "x", "image": image}]}}
    set_defaults(value)
    containers = peek(value, "spec", "containers")
    assert isinstance(containers, list)
    assert isinstance(containers[0], dict)
    assert containers[0]["imagePullPolicy"] == policy


def test_defaults_are_the_same_when_set_twice() -> None:
    value = pod("x")
    set_defaults(value)
    once = clone(value)
    set_defaults(value)
    assert value == once


@pytest.mark.parametrize(
    ("resources", "qos"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1"}, "requests": {"cpu": "1", "memory": "1"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1"}, "requests": {"cpu": "1", "memory": "1"}}, {}], "Burstable"),
        ([{"requests": {"ephemeral-storage": "1"}}], "BestEffort"),
    ],
)
def test_the_qos_class_follows_the_resources(resources: list[JSON], qos: str) -> None:
    assert qos_class({"containers": [{"resources": each} for each in resources]}) == qos


def test_a_toleration_that_is_there_is_not_added() -> None:
    value = pod("x", tolerations=[{"operator": "Exists"}])
    prepare_create(value)
    assert peek(value, "spec", "tolerations") == [{"operator": "Exists"}]


def test_what_is_wrong_is_named_with_its_field() -> None:
    value: JSONObject = {
        "spec": {
            "containers": [{"name": "a", "image": " i"}, {"name": "a", "image": "i", "env": [{}]}, {"name": "A"}],
            "volumes": [{}],
            "restartPolicy": "no",
        }
    }
    set_defaults(value)
    assert [cause.field for cause in validate(value)] == [
        "spec.volumes[0].name",
        "spec.containers[0].image",
        "spec.containers[1].name",
        "spec.containers[1].env[0].name",
        "spec.containers[2].name",
        "spec.containers[2].image",
        "spec.restartPolicy",
    ]


def test_only_images_and_a_few_fields_of_a_pod_change() -> None:
    old = pod("x")
    set_defaults(old)
    new = clone(old)
    containers = peek(new, "spec", "containers")
    assert isinstance(containers, list)
    assert isinstance(containers[0], dict)
    containers[0]["image"] = "other"
    assert validate_update(new, old) == []
    containers[0]["command"] = ["x"]
    assert [cause.field for cause in validate_update(new, old)] == ["spec"]
