"""kproxy.diff.signatures: what two differences of one behaviour have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.signatures import general, mirrored, signature, version_change
from kproxy.diff.sites import Site, Steps
from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference


def site(*steps: str, name: str = "a", kind: str = "changed", values: tuple[JSON, JSON] = (1, 2)) -> Site:
    """A field of a pod that differs."""
    return Site(
        difference=Difference(seq=None, where="body", path="$", kind=kind, baseline=values[0], replayed=values[1]),
        aspect="field",
        when=0,
        subject=ObjectRef(group="", resource="pods", namespace="default", name=name),
        thing="pods",
        steps=steps,
    )


def test_places_in_lists_and_the_objects_own_names_do_not_count() -> None:
    first = site("data", "a.crt", "0", name="a", values=("pods a of default", None))
    second = site("data", "b.crt", "7", name="b", values=("pods b of default", None))
    assert signature(first) == signature(second)


def test_other_values_are_another_behaviour() -> None:
    assert signature(site("spec", values=(1, 2))) != signature(site("spec", values=(1, 3)))
    assert signature(site("spec", values=(1, 2))) != signature(site("spec", values=(1, "2")))


def test_of_values_that_servers_choose_only_the_place_counts() -> None:
    first = site("metadata", "uid", kind="renamed", values=("x", "y"))
    assert signature(first) == signature(site("metadata", "uid", kind="renamed", values=("z", "w")))


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        (("metadata", "managedFields", "*", "fieldsV1", "f:spec", "f:x"), ("spec", "x")),
        (("metadata", "managedFields", "*", "fieldsV1", "f:spec", "f:c", "k:*", "."), ("spec", "c", "*")),
        (("metadata", "managedFields", "*", "manager"), ()),
        (("spec", "x"), ()),
    ],
)
def test_managed_fields_speak_of_a_field(steps: Steps, field: Steps) -> None:
    assert mirrored(steps) == field


def test_keys_of_list_elements_in_managed_fields_do_not_count() -> None:
    assert general(site("fieldsV1", 'k:{"name":"web"}', "f:image")) == ("fieldsV1", "k:*", "f:image")


@pytest.mark.parametrize(
    ("first", "second", "change"),
    [
        ("v1.34.4", "v1.37.2", ("1.34.4", "1.37.2")),
        ("at v1.34.4+k3s1, and v1.34.4+k3s1", "at v1.37.2, and v1.37.2", ("1.34.4+k3s1", "1.37.2")),
        ("v1.34.4", "v1.34.4", None),
        ("v1.34.4 a", "v1.37.2 b", None),
        ("1.2 and 1.3", "1.3 and 1.4", None),
        (1.34, 1.37, None),
    ],
)
def test_a_version_in_a_text_is_told(first: JSON, second: JSON, change: tuple[str, str] | None) -> None:
    assert version_change(first, second) == change


@given(st.lists(st.text(), max_size=5), st.text(), st.text())
def test_any_path_and_values_have_a_signature(steps: list[str], first: str, second: str) -> None:
    assert signature(site(*steps, name=first, values=(first, second)))
