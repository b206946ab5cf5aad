"""watch."""

import asyncio
import json

import pytest

from kproxy.lab.emulated.patch import MERGE_PATCH
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.watchevents import WatchCutter
from tests.lab.emulated.memory import MemoryStore
from tests.lab.emulated.serving import MAPS, PODS, Api, Reply, configmap, pod, with_api


def events(reply: Reply) -> list[tuple[str, str]]:
    """Type and name (a bookmark's revision) of each event."""
    found = []
    for line in reply.data.splitlines():
        event = json.loads(line)
        metadata = event["object"].get("metadata", {})
        found.append((event["type"], metadata.get("name", "")))
    return found


async def change(api: Api) -> None:
    await api("POST", MAPS, {"metadata": {"name": "a", "labels": {"x": "1"}}})
    await api("POST", MAPS, configmap("b"))
    await api("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"x": "2"}}}, content_type=MERGE_PATCH)
    await api("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"x": "1"}}}, content_type=MERGE_PATCH)
    await api("DELETE", f"{MAPS}/a")


SHOWN: dict[str, list[tuple[str, str]]] = {
    "resourceVersion=1": [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("MODIFIED", "a"), ("DELETED", "a")],
    "resourceVersion=1&labelSelector=x%3D1": [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"), ("DELETED", "a")],
    "resourceVersion=1&fieldSelector=metadata.name%3Db": [("ADDED", "b")],
    "": [("ADDED", "b")],
    "resourceVersion=0": [("ADDED", "b")],
    "resourceVersion=99999": [],
    "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true": [
        ("ADDED", "b"),
        ("BOOKMARK", ""),
    ],
    "sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0": [],
}
"""What a watch with such a query shows until it ends."""


def test_a_watch_tells_history_and_what_is_there() -> None:
    async def ask(api: Api) -> None:
        await change(api)
        # All at once: each ends after a second.
        replies = await asyncio.gather(*(api("GET", f"{MAPS}?watch=true&timeoutSeconds=1&{query}") for query in SHOWN))
        assert dict(zip(SHOWN, map(events, replies), strict=True)) == SHOWN

    with_api(ask)


def test_a_deleted_object_has_the_revision_of_its_deletion() -> None:
    async def ask(api: Api) -> None:
        await change(api)
        reply = await api("GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion=1")
        versions = [json.loads(line)["object"]["metadata"]["resourceVersion"] for line in reply.data.splitlines()]
        assert versions == sorted(versions, key=int)
        assert len(set(versions)) == len(versions)

    with_api(ask)


def test_a_compacted_revision_is_an_error_event() -> None:
    async def ask(api: Api) -> None:
        await change(api)
        assert isinstance(api.store, MemoryStore)
        api.store.compact(8)
        reply = await api("GET", f"{MAPS}?watch=1&resourceVersion=1")
        event: JSONObject = json.loads(reply.data)
        assert event["type"] == "ERROR"
        status = event["object"]
        assert isinstance(status, dict)
        assert (status["code"], status["reason"]) == (410, "Expired")

    with_api(ask)


def test_a_bookmark_has_the_shape_of_its_kind() -> None:
    async def ask(api: Api) -> None:
        query = (
            "watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1"
        )
        event: JSON = json.loads((await api("GET", f"{PODS}?{query}")).data)
        assert event == {
            "type": "BOOKMARK",
            "object": {
                "kind": "Pod",
                "apiVersion": "v1",
                "metadata": {"resourceVersion": "5", "annotations": {"k8s.io/initial-events-end": "true"}},
                "spec": {"containers": None},
                "status": {},
            },
        }

    with_api(ask)


def test_a_watch_may_be_protobuf() -> None:
    async def ask(api: Api) -> None:
        await api("POST", PODS, pod("one"))
        accept = {"Accept": "application/vnd.kubernetes.protobuf;stream=watch"}
        reply = await api("GET", f"{PODS}?watch=1&timeoutSeconds=1", headers=accept)
        media_type = reply.headers["Content-Type"]
        assert media_type == "application/vnd.kubernetes.protobuf;stream=watch"
        assert len(WatchCutter(media_type).feed(reply.data)) == 1

    with_api(ask)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("resourceVersion=abc", 500),
        ("sendInitialEvents=true", 422),
        ("resourceVersionMatch=Exact", 422),
        ("timeoutSeconds=x", 400),
        ("labelSelector=a%20b", 400),
    ],
)
def test_options_that_cannot_be_meant_are_a_status_and_no_stream(query: str, status: int) -> None:
    async def ask(api: Api) -> None:
        assert (await api("GET", f"{MAPS}?watch=1&{query}")).status == status

    with_api(ask)
