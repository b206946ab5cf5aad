"""kproxy.replay.states."""

import json

import pytest

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.replay.states import event_state, state_of
from kproxy.wire.watchevents import WatchEvent

JSON_TYPE = "application/json"


def state(value: JSON, status: int = 200) -> str:
    """The state of an answer with this document."""
    return state_of(status, JSON_TYPE, json.dumps(value).encode())


def pod(name: str = "web-x7f2p", phase: str = "Running", **metadata: JSON) -> JSONObject:
    """A pod of a generated name."""
    shown: JSONObject = {"name": name, "generateName": "web-", **metadata}
    return {"kind": "Pod", "metadata": shown, "status": {"phase": phase, "podIP": metadata.get("ip", "10.0.0.1")}}


def test_what_a_server_chooses_makes_no_other_state() -> None:
    first = pod(
        uid="00000000-0000-4000-8000-000000000001", resourceVersion="5", creationTimestamp="2026-11-25T12:00:00Z"
    )
    second = pod(
        "web-9k2lm",
        uid="00000000-0000-4000-8000-000000000002",
        resourceVersion="99",
        creationTimestamp="2026-11-26T00:00:00Z",
    )
    assert state(first) == state(second)


@pytest.mark.parametrize("other", [pod(phase="Pending"), pod(labels={"a": "b"}), {**pod(), "args": ["b"]}, {}, []])
def test_what_is_said_otherwise_is_another_state(other: JSON) -> None:
    assert state(pod()) != state(other)
    assert state({**pod(), "args": ["a"]}) != state(other)
    assert state(pod()) != state(pod(), 201)


def test_of_a_refusal_status_and_reason_count() -> None:
    assert state({"reason": "NotFound", "message": "a"}, 404) == state({"reason": "NotFound", "message": "b"}, 404)
    assert state({"reason": "NotFound"}, 404) != state({"reason": "Forbidden"}, 403)
    assert state({"reason": "Conflict"}, 409) != state({"reason": "AlreadyExists"}, 409)


def test_items_of_a_list_are_compared_in_any_order() -> None:
    one, two = pod("web-a"), pod("web-b", "Pending")
    assert state({"kind": "PodList", "items": [one, two]}) == state({"kind": "PodList", "items": [two, one]})
    assert state({"kind": "PodList", "items": [one, two]}) != state({"kind": "PodList", "items": [one]})


def test_a_tables_ages_and_names_are_no_state_and_its_other_cells_are() -> None:
    def table(name: str, ready: str, age: str) -> JSON:
        columns: list[JSON] = [{"name": each} for each in ("Name", "Ready", "Age")]
        rows: list[JSON] = [{"cells": [name, ready, age], "object": pod(name)}]
        return {"kind": "Table", "columnDefinitions": columns, "rows": rows}

    assert state(table("web-a", "1/1", "5s")) == state(table("web-b", "1/1", "9m"))
    assert state(table("web-a", "1/1", "5s")) != state(table("web-a", "0/1", "5s"))


def test_what_cannot_be_decoded_is_compared_by_its_bytes() -> None:
    assert state_of(200, "text/plain", b"ok") == state_of(200, "text/plain", b"ok")
    assert state_of(200, "text/plain", b"ok") != state_of(200, "text/plain", b"not ok")
    assert state_of(200, JSON_TYPE, b"{") != state_of(200, JSON_TYPE, b"{ ")


def test_on_which_node_a_pod_runs_is_no_state_and_that_it_runs_on_one_is() -> None:
    def on(**spec: JSON) -> JSON:
        return {"kind": "Pod", "spec": {**spec}}

    assert state(on(nodeName="one")) == state(on(nodeName="two"))
    assert state(on(nodeName="one")) != state(on())


def test_rows_that_are_none_are_a_state_like_any_other() -> None:
    rows: list[JSON] = [{"kind": "Table", "rows": [row]} for row in ("a", "b")]
    assert state(rows[0]) == state(rows[0])
    assert state(rows[0]) != state(rows[1])


def shown(kind: str, value: JSONObject) -> str:
    """The state that an event shows."""
    return event_state(WatchEvent(type=kind, object=value))


def test_an_events_state_is_its_objects_and_of_one_that_is_gone_its_name_alone() -> None:
    assert shown("ADDED", pod()) == shown("MODIFIED", pod(resourceVersion="9"))
    assert shown("ADDED", pod()) != shown("ADDED", pod(phase="Pending"))
    assert shown("ADDED", pod()) != shown("BOOKMARK", pod())
    assert shown("ADDED", pod()) != shown("DELETED", pod())
    assert shown("DELETED", pod()) == shown("DELETED", pod("web-9k2lm", phase="Succeeded"))
    assert shown("DELETED", pod()) != shown("DELETED", {"metadata": {"name": "db"}})


@pytest.mark.parametrize("value", [{"metadata": "none"}, {"metadata": {}}, {"kind": "Pod"}])
def test_of_a_gone_object_without_a_name_only_that_it_is_gone_is_shown(value: JSONObject) -> None:
    assert shown("DELETED", value) == shown("DELETED", {})
    assert shown("DELETED", value) != shown("ADDED", value)


def test_a_name_that_somebody_chose_is_part_of_the_state() -> None:
    def called(name: str) -> str:
        return state({"metadata": {"name": name}})

    assert called("web") != called("db")
    assert called("kube-api-access-x7k2p") == called("kube-api-access-9k2lm") != called("kube-root-ca.crt")
    assert called("web.17a3b5c7d9e1f203") == called("web.17a3b5c7d9e1f999") != called("db.17a3b5c7d9e1f203")
    assert called("web.1.2") != called("web.1.3")


def test_a_table_shows_the_same_whatever_the_order_of_its_rows_and_of_a_row_without_cells_its_object() -> None:
    def table(*rows: JSON) -> str:
        return state({"kind": "Table", "columnDefinitions": ["none", {"name": "Ready"}], "rows": list(rows)})

    one: JSON = {"cells": ["a", "1/1"], "object": pod()}
    two: JSON = {"cells": ["b", "0/1"], "object": pod(phase="Pending")}
    assert table(one, two) == table(two, one) != table(one, one)
    assert table({"object": pod()}) != table({"object": pod(phase="Pending")})
    assert table({"cells": ["a", "1/1", "more"]}) != table({"cells": ["a", "1/1", "other"]})


def test_items_are_the_same_in_whatever_order_they_and_their_fields_stand() -> None:
    listed: list[JSON] = [{"a": 1, "k": 1}, {"b": 0, "k": 0}]
    turned: list[JSON] = [{"k": 0, "b": 0}, {"k": 1, "a": 1}]
    assert state({"items": listed}) == state({"items": turned})
    rows: list[JSON] = [{"cells": [], "object": each} for each in listed]
    others: list[JSON] = [{"object": each, "cells": []} for each in turned]
    assert state({"rows": rows}) == state({"rows": others})
