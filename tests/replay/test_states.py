"""kproxy.replay.states."""

import json

import pytest

from kproxy.model.jsontypes import JSON
from kproxy.replay.states import state_of

JSON_TYPE = "application/json"


def state(value: JSON, status: int = 200) -> str:
    """The state of an answer with this document."""
    return state_of(status, JSON_TYPE, json.dumps(value).encode())


def pod(name: str = "web-x7f2p", phase: str = "Running", **metadata: JSON) -> JSON:
    """A pod of a generated name."""
    shown: JSON = {"name": name, "generateName": "web-", **metadata}
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


@pytest.mark.parametrize("other", [pod(phase="Pending"), pod(labels={"a": "b"}), {}, []])
def test_what_is_said_otherwise_is_another_state(other: JSON) -> None:
    assert state(pod()) != state(other)
    assert state(pod()) != state(pod(), 201)


def test_of_a_refusal_status_and_reason_count() -> None:
    assert state({"reason": "NotFound", "message": "a"}, 404) == state({"reason": "NotFound", "message": "b"}, 404)
    assert state({"reason": "NotFound"}, 404) != state({"reason": "Forbidden"}, 403)


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
