"""What differs between two versions."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.fields.changes import field_changes
from kproxy.fields.leaves import leaves_of
from kproxy.fields.paths import path_text
from kproxy.fields.shape import Shape
from kproxy.model.jsontypes import JSON, JSONObject


def changed(before: JSONObject, after: JSONObject) -> list[tuple[str, str, JSON, JSON]]:
    shape = Shape()
    return [
        (path_text(each.path), each.change, each.before, each.after)
        for each in field_changes(leaves_of(before, shape), leaves_of(after, shape))
    ]


def pod(*containers: JSON) -> JSONObject:
    return {"spec": {"containers": list(containers)}}


def test_an_element_that_comes_before_others_changes_nothing_of_theirs() -> None:
    assert changed(
        pod({"name": "app", "image": "a"}), pod({"name": "new", "image": "b"}, {"name": "app", "image": "a"})
    ) == [
        ("spec.containers[name=new].name", "set", None, "new"),
        ("spec.containers[name=new].image", "set", None, "b"),
    ]


def test_values_that_change_go_and_come() -> None:
    assert changed({"a": 1, "b": True, "c": [1]}, {"a": 2, "b": 1, "d": None}) == [
        ("a", "changed", 1, 2),
        ("b", "changed", True, 1),
        ("d", "set", None, None),
        ("c", "removed", [1], None),
    ]


def test_what_managers_own_and_the_revision_are_no_changes() -> None:
    assert changed({"metadata": {"resourceVersion": "1"}}, {"metadata": {"managedFields": [1]}}) == []


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
documents = st.dictionaries(
    st.text(max_size=4),
    st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner)),
    max_size=4,
)


@given(documents)
def test_an_object_differs_from_itself_in_nothing(document: JSONObject) -> None:
    assert changed(document, document) == []
