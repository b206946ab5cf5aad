"""Objects as Go's types hold them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.lab.emulated.objects import take
from kproxy.lab.emulated.resources import RESOURCES
from kproxy.lab.emulated.shape import ShapeError, shape
from kproxy.lab.emulated.status import StatusError
from kproxy.model.jsontypes import JSON, JSONObject

POD = "k8s.io.api.core.v1.Pod"


def test_fields_come_in_gos_order_and_zero_values_go() -> None:
    value: JSONObject = {
        "spec": {"restartPolicy": "", "containers": [{"image": "i", "name": "n", "args": [], "stdin": False}]},
        "metadata": {"uid": "u", "name": "x", "labels": {}},
        "kind": "Pod",
    }
    shaped = shape(value, POD).value
    assert list(shaped) == ["kind", "metadata", "spec", "status"]
    assert shaped["metadata"] == {"name": "x", "uid": "u"}
    assert list(shaped["metadata"]) == ["name", "uid"]
    assert shaped["spec"] == {"containers": [{"name": "n", "image": "i", "resources": {}}]}


def test_a_pod_without_containers_has_null_as_in_go() -> None:
    assert shape({"metadata": {}}, POD).value["spec"] == {"containers": None}


def test_unknown_fields_are_named_with_their_places() -> None:
    value: JSONObject = {"x": 1, "spec": {"containers": [{"name": "a"}, {"y": 1, "env": [{"z": 1}]}]}}
    assert sorted(shape(value, POD).unknown) == ["spec.containers[1].env[0].z", "spec.containers[1].y", "x"]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"metadata": {"name": 5}}, "number into Go struct field ObjectMeta.metadata.name of type string"),
        ({"metadata": {"labels": {"a": True}}}, "bool into Go struct field ObjectMeta.metadata.labels of type string"),
        ({"spec": {"containers": {}}}, "object into Go struct field PodSpec.spec.containers of type []v1.Container"),
        ({"spec": {"containers": [5]}}, "number into Go struct field PodSpec.spec.containers of type v1.Container"),
        ({"spec": {"hostNetwork": "x"}}, "string into Go struct field PodSpec.spec.hostNetwork of type bool"),
        (
            {"spec": {"priority": 2**40}},
            "number 1099511627776 into Go struct field PodSpec.spec.priority of type int32",
        ),
    ],
)
def test_a_wrong_type_is_said_as_go_says_it(value: JSONObject, sentence: str) -> None:
    with pytest.raises(ShapeError) as caught:
        shape(value, POD)
    assert str(caught.value) == f"json: cannot unmarshal {sentence}"


NAMES = st.sampled_from(["metadata", "spec", "status", "data", "name", "labels", "containers", "env", "resources", "x"])
JSONS: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, JSONS, max_size=4), st.sampled_from(RESOURCES))
def test_any_object_is_taken_or_refused_and_what_is_taken_is_taken_again(value: JSONObject, index: object) -> None:
    resource = next(each for each in RESOURCES if each is index)
    try:
        taken = take(value, resource).value
    except StatusError as error:
        assert error.code == 400  # noqa: PT017 - the other outcome is as good
    else:
        assert shape(taken, resource.message).unknown == []
        assert resource.validate(taken) is not None
