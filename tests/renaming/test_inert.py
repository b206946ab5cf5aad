"""kproxy.renaming.inert."""

import pytest

from kproxy.model.jsontypes import JSON
from kproxy.renaming.inert import Inert, plain
from kproxy.renaming.kinds import Owner, Place

UID = "385ac3c3-d112-4b7c-aae9-3af50d03912e"


def inert(key: str, value: JSON, other: JSON = None, *, servers_own: bool = False) -> bool:
    """What is said of a value that stands at a field, twice: the second time from memory."""
    known, place = Inert(), Place(key, owner=Owner(servers_own=servers_own))
    said = [known.subtree(place, value, value if other is None else other) for _ in range(2)]
    assert said[0] == said[1]
    return said[0]


def test_what_only_a_client_chooses_is_inert() -> None:
    assert inert("spec", {"containers": [{"name": "a", "image": "x:1", "ports": [{"containerPort": 80}]}]})
    assert inert("fieldsV1", {"f:metadata": {"f:labels": {"f:app": {}}}})


@pytest.mark.parametrize(
    "value",
    [
        {"uid": UID},
        {"message": f"the uid {UID} is another"},
        {"when": "2026-11-23T07:00:00Z"},
        {"resourceVersion": "7"},
        {"generateName": "a-", "name": "a-xyz"},
        {"clusterIPs": ["10.0.0.1"]},
        {"nodePort": 30000},
        [{"cells": ["5m"]}],
        {"metadata": {"continue": "abc"}},
    ],
)
def test_what_a_server_chooses_is_not_inert(value: JSON) -> None:
    assert not inert("status", value)


def test_a_servers_own_port_is_chosen_where_it_is_the_servers() -> None:
    assert inert("subsets", [{"ports": [{"port": 6443}]}])
    assert not inert("subsets", [{"ports": [{"port": 6443}]}], servers_own=True)


def test_what_only_looks_equal_is_not_inert() -> None:
    assert not inert("spec", {"a": 1}, {"a": True})
    assert not inert("spec", {"a": 1}, {"a": 1.0})
    assert not inert("spec", {"a": 1}, {"a": 2})


def test_a_leaf_is_plain_when_neither_its_form_nor_its_field_says_otherwise() -> None:
    assert plain("phase", "Running")
    assert plain("ready", value=True)
    assert plain("replicas", 3)
    assert not plain("nodePort", 30000)
    assert not plain("resourceVersion", "7")
    assert not plain("uid", UID)


@pytest.mark.parametrize("size", [1, 1_000])
def test_what_is_remembered_is_bounded(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what each takes beside its text."""
    monkeypatch.setattr("kproxy.renaming.inert._MOST", 10_000)
    known, most = Inert(), 0
    for number in range(100):
        assert known.subtree(Place("spec"), {"a": f"{number}" * size}, {"a": f"{number}" * size})
        most = max(most, len(known._known))
    assert 2 < most <= 10_000 // 200 + 1
