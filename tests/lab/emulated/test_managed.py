"""managedFields."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.lab.emulated.managed import Writer, fields_v1, manager_name, read_fields, record_write
from kproxy.lab.emulated.tree import as_object
from kproxy.model.jsontypes import JSON, JSONObject

EMPTY: JSONObject = {"metadata": {}}


def writer(name: str, now: str = "2026-11-23T07:00:01Z", subresource: str = "") -> Writer:
    return Writer(manager=name, api_version="v1", subresource=subresource, now=now)


def written(value: JSONObject, entries: list[JSON]) -> JSONObject:
    return value | {"metadata": {"managedFields": entries}}


def owned(entries: list[JSON]) -> dict[str, JSON]:
    return {str(as_object(entry)["manager"]): as_object(entry)["fieldsV1"] for entry in entries}


def test_who_makes_an_object_manages_all_of_it() -> None:
    value: JSONObject = {"metadata": {"name": "x", "labels": {"l": "m"}}, "data": {"a": "b"}}
    entries = record_write(None, value, writer("one"), (), EMPTY)
    assert owned(entries) == {"one": {"f:data": {".": {}, "f:a": {}}, "f:metadata": {"f:labels": {".": {}, "f:l": {}}}}}


def test_a_field_goes_to_who_changes_it_and_what_is_gone_is_nobodys() -> None:
    first: JSONObject = {"data": {"a": "1", "b": "1"}}
    entries = record_write(None, first, writer("one"), (), EMPTY)
    second: JSONObject = {"data": {"a": "2", "c": "1"}}
    entries = record_write(written(first, entries), second, writer("two"), (), EMPTY)
    assert owned(entries) == {"one": {"f:data": {}}, "two": {"f:data": {"f:a": {}, "f:c": {}}}}


def test_who_changes_nothing_gets_no_entry_and_no_new_time() -> None:
    value: JSONObject = {"data": {"a": "1"}}
    entries = record_write(None, value, writer("one"), (), EMPTY)
    for name in ("one", "two"):
        assert record_write(written(value, entries), value, writer(name, "later"), (), EMPTY) == entries


def test_what_had_no_manager_gets_none() -> None:
    assert record_write({"metadata": {}}, {"data": {"a": "1"}}, writer("one"), (), EMPTY) == []


def test_items_of_keyed_lists_are_fields_of_their_own() -> None:
    containers: list[JSON] = [{"name": "x", "args": ["1"]}]
    value: JSONObject = {"spec": {"containers": containers, "tolerations": [{"key": "k"}]}}
    empty: JSONObject = {"metadata": {}, "spec": {"containers": None}}
    entries = record_write(None, value, writer("one"), (), empty)
    assert owned(entries)["one"] == {
        "f:spec": {
            "f:containers": {'k:{"name":"x"}': {".": {}, "f:args": {}, "f:name": {}}},
            "f:tolerations": {},
        }
    }


def test_an_endpoint_manages_only_what_it_writes() -> None:
    value: JSONObject = {"spec": {"a": 1}, "status": {"phase": "x"}}
    entries = record_write(None, value, writer("one"), ("status",), EMPTY)
    entries = record_write(
        written({"spec": {"a": 1}, "status": {"phase": "w"}}, entries),
        value,
        writer("one", subresource="status"),
        ("spec",),
        EMPTY,
    )
    assert [as_object(entry).get("subresource") for entry in entries] == [None, "status"]


def test_the_manager_is_named_by_the_request_else_by_its_user_agent() -> None:
    assert manager_name("given", "kubectl/1") == "given"
    assert manager_name("", "kubectl/v1.37.2 (linux/amd64)") == "kubectl"
    assert manager_name("", "") == "unknown"


STEPS = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', "v:1"])


@given(st.sets(st.lists(STEPS, min_size=1, max_size=4).map(tuple)))
def test_a_set_of_paths_survives_its_writing(paths: set[tuple[str, ...]]) -> None:
    assert set(read_fields(fields_v1(paths))) == paths
