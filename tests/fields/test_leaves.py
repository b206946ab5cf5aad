"""An object as its fields."""

import pytest

from kproxy.fields import leaves
from kproxy.fields.leaves import leaves_of
from kproxy.fields.paths import path_text
from kproxy.fields.shape import Shape
from kproxy.model.jsontypes import JSON, JSONObject

POD: JSONObject = {
    "kind": "Pod",
    "metadata": {"name": "a", "labels": {}, "managedFields": [{"manager": "x"}], "resourceVersion": "5"},
    "spec": {"containers": [{"name": "app", "args": ["a", "b"]}], "volumes": []},
}


def texts(document: JSONObject) -> dict[str, JSON]:
    return {path_text(path): value for path, value in leaves_of(document, Shape()).items()}


def test_every_value_has_its_path_and_empty_ones_count() -> None:
    assert texts(POD) == {
        "kind": "Pod",
        "metadata.name": "a",
        "metadata.labels": {},
        "spec.containers[name=app].name": "app",
        "spec.containers[name=app].args": ["a", "b"],
        "spec.volumes": [],
    }


def test_an_object_without_bounds_is_not_taken_apart_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaves, "MAX_LEAVES", 3)
    assert len(texts({"a": {"b": 1, "c": 2, "d": 3}, "e": {"f": {"g": 1}}, "h": {"i": 1}})) == 5


def test_nothing_has_no_fields() -> None:
    assert texts({}) == {}
