"""kproxy.diff.signatures: what two differences of one behaviour have in common."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.signatures import (
    Signature,
    alone_anywhere,
    general,
    has_other_columns,
    mirrored,
    signature,
    version_change,
)
from kproxy.diff.sites import Aspect, Site, Steps
from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference
from tests.diff.sessions import FakeServer


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


# Any: the others of a Site, here and below.
def asked(aspect: Aspect, *, method: str = "GET", where: str = "body", path: str = "$.x", **fields: Any) -> Site:
    """A difference of an aspect, in an exchange."""
    server = FakeServer("a", 1, 7)
    server.exchange(method, "/api/v1/namespaces/default/pods")
    made = replace(site("x"), aspect=aspect, exchange=server.made.exchange_list[0])
    known = {name: fields.pop(name) for name in ("kind", "baseline", "replayed") if name in fields}
    return replace(made, difference=replace(made.difference, where=where, path=path, **known), **fields)


ASPECTS: list[Aspect] = ["header", "field", "member", "key", "exchange", "answer", "end"]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_of_each_aspect_another_thing_or_kind_or_value_is_another_behaviour_as_far_as_it_says_one(
    aspect: Aspect,
) -> None:
    first = signature(asked(aspect))
    assert signature(asked(aspect)) == first
    others = {
        "kind": signature(asked(aspect, kind="removed")),
        "thing": signature(asked(aspect, thing="nodes")),
        "verb": signature(asked(aspect, method="POST")),
        "value": signature(asked(aspect, replayed=7)),
        "path": signature(asked(aspect, path="$.y")),
        "event": signature(asked(aspect, event="ADDED")),
        "steps": signature(asked(aspect, steps=("y",))),
    }
    told = {
        "header": {"kind", "value", "path"},
        "field": {"kind", "thing", "value", "steps"},
        "member": {"kind", "thing", "verb", "event"},
        "key": {"kind", "thing", "value"},
        "exchange": {"kind", "thing", "verb"},
        "answer": {"thing", "verb", "value", "path"},
        "end": {"verb", "value"},
    }
    assert {name for name, each in others.items() if each != first} == told[aspect]


def test_two_aspects_of_one_place_are_two_behaviours() -> None:
    assert len({signature(asked(aspect)) for aspect in ASPECTS}) == len(ASPECTS)
    assert signature(asked("request")) == signature(asked("field"))


def test_a_header_that_is_there_or_not_is_one_behaviour_whatever_it_says() -> None:
    for kind in ("added", "removed"):
        values = [asked("header", kind=kind, path="age", baseline=each) for each in (1, 2)]
        assert signature(values[0]) == signature(values[1])


def test_columns_are_there_or_not_or_are_described_otherwise() -> None:
    def column(*steps: str, kind: str = "changed", value: int = 1) -> Signature:
        return signature(asked("field", steps=("columnDefinitions", *steps), kind=kind, replayed=value))

    assert column("0", kind="added") == column("7", kind="added", value=9) != column("0", kind="removed")
    assert column("0", "description") == column("3", "description", value=9) != column("0", "name")
    assert column("0", "name") != column("0", "name", value=9)
    assert has_other_columns(asked("field", steps=("columnDefinitions", "0"), kind="removed"))
    assert not has_other_columns(asked("field", steps=("columnDefinitions", "0"), kind="changed"))
    assert not has_other_columns(asked("field", steps=("columnDefinitions", "0", "name"), kind="added"))
    assert not has_other_columns(asked("field", steps=("rows", "0"), kind="added"))


def test_another_state_is_one_behaviour_wherever_it_shows_and_so_is_another_version() -> None:
    steps = ("metadata", "resourceVersion")
    shown = [asked("field", steps=steps, kind="renamed", baseline=number, thing=f"t{number}") for number in (1, 2)]
    assert signature(shown[0]) == signature(shown[1])
    versions = [
        asked("field", steps=(f"s{number}",), baseline=f"v1.34.4 {number}", replayed=f"v1.37.2 {number}")
        for number in (1, 2)
    ]
    assert signature(versions[0]) == signature(versions[1])
    assert signature(versions[0]) != signature(shown[0])


def test_a_field_that_one_side_has_alone_is_one_behaviour_in_any_resource() -> None:
    def alone(thing: str = "pods", **fields: Any) -> Signature | None:  # as above
        given = {"steps": ("spec", "x"), "kind": "added", "baseline": None, "replayed": 1} | fields
        return alone_anywhere(asked("field", thing=thing, **given))

    assert alone() == alone("nodes") is not None
    for other in (alone(replayed=2), alone(kind="removed"), alone(steps=("spec", "y"))):
        assert other not in {None, alone()}
    for none in (
        alone(kind="changed"),
        alone(steps=("spec",)),
        alone(""),
        alone(exchange=None),
    ):
        assert none is None
    assert alone_anywhere(asked("member", kind="added", steps=("spec", "x"))) is None
    server = FakeServer("a", 1, 7)
    server.exchange("GET", "/version")
    assert alone(exchange=server.made.exchange_list[0]) is None


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ("made 2026-11-23T07:00:00Z by", "made 2026-11-24T08:01:02.5+01:00 by", True),
        ("of aaaaaaaa-0000-4000-8000-000000000001", "of bbbbbbbb-0000-4000-8000-000000000002", True),
        ("of a long text, one", "of a long text, two", False),
        ("pod a of default", "pod b of default", True),
        ("pod a-1 of default", "pod b-1 of default", False),
    ],
)
def test_what_a_server_drew_in_a_text_is_no_other_behaviour(text: str, other: str, same: bool) -> None:
    first, second = site("x", name="a", values=(text, 1)), site("x", name="b", values=(other, 1))
    assert (signature(first) == signature(second)) is same
