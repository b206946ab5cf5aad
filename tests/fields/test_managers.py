"""managedFields, and who owns a field by it."""

import pytest

from kproxy.fields.managers import MAX_DEPTH, list_hints, managers_of, owned
from kproxy.model.jsontypes import JSON, JSONObject


def an_object(*entries: JSON, version: str = "v1", kind: str = "Pod") -> JSONObject:
    return {"apiVersion": version, "kind": kind, "metadata": {"managedFields": list(entries)}}


def entry(name: str, fields: JSON, version: str = "v1") -> JSONObject:
    return {"manager": name, "operation": "Update", "apiVersion": version, "time": "t", "fieldsV1": fields}


APP: JSONObject = {'k:{"name":"app"}': {".": {}, "f:image": {}, "f:name": {}}}
CONTAINERS: JSONObject = {
    "f:spec": {
        "f:containers": APP,
        "f:nodeSelector": {},
    },
    "f:metadata": {"f:finalizers": {".": {}, 'v:"x"': {}}},
}


def owners(document: JSONObject, *path: str) -> tuple[list[str], tuple[str, ...]] | None:
    found = owned(managers_of(document), path)
    return None if found is None else ([manager.name for manager in found.managers], found.path)


def test_a_field_is_owned_by_those_whose_sets_hold_it() -> None:
    document = an_object(entry("a", CONTAINERS), entry("b", {"f:spec": {"f:containers": APP}}))
    image = ("f:spec", "f:containers", 'k:{"name":"app"}', "f:image")
    assert owners(document, *image) == (["a", "b"], image)
    assert owners(document, *image[:-1], "f:command") is None


def test_what_is_one_value_to_a_manager_is_owned_with_what_encloses_it() -> None:
    assert owners(an_object(entry("a", CONTAINERS)), "f:spec", "f:nodeSelector", "f:disk") == (
        ["a"],
        ("f:spec", "f:nodeSelector"),
    )


def test_what_another_set_goes_deeper_into_is_no_one_value() -> None:
    document = an_object(entry("a", {"f:data": {}}), entry("b", {"f:data": {"f:x": {}}}))
    assert owners(document, "f:data", "f:y") is None
    assert owners(document, "f:data", "f:x") == (["b"], ("f:data", "f:x"))


def test_nobody_owns_what_no_set_has() -> None:
    assert owners(an_object(entry("a", CONTAINERS)), "f:status", "f:phase") is None
    assert owners(an_object(), "f:spec") is None


def test_sets_tell_which_lists_have_keys_and_which_are_sets() -> None:
    assert set(list_hints(managers_of(an_object(entry("a", CONTAINERS))))) == {
        (("f:spec", "f:containers"), ("name",)),
        (("f:metadata", "f:finalizers"), ()),
    }


def test_an_event_s_fields_have_the_names_of_the_version_that_is_stored() -> None:
    event = an_object(entry("a", {"f:note": {}, "f:regarding": {"f:name": {}}}, "events.k8s.io/v1"), kind="Event")
    assert owners(event, "f:message") == (["a"], ("f:message",))
    assert owners(event, "f:involvedObject", "f:name") is not None


@pytest.mark.parametrize("entries", [None, "x", [1, None], [{"fieldsV1": [1]}], [{"manager": 5, "time": {}}]])
def test_what_is_no_managed_fields_is_passed_by(entries: JSON) -> None:
    managers = managers_of({"metadata": {"managedFields": entries}})
    assert all(manager.name == "" and manager.fields == {} for manager in managers)


def test_a_set_without_end_is_cut() -> None:
    fields: JSONObject = {}
    for _ in range(5000):
        fields = {"f:a": fields}
    manager = managers_of(an_object(entry("a", fields)))[0]
    assert manager.node(("f:a",) * MAX_DEPTH) == {}
    assert manager.node(("f:a",) * (MAX_DEPTH + 1)) is None
