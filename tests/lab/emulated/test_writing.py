"""create, update, patch."""

import asyncio

import pytest

from kproxy.lab.emulated.patch import JSON_PATCH, MERGE_PATCH
from kproxy.lab.emulated.tree import peek
from kproxy.model.jsontypes import JSONObject
from tests.lab.emulated.serving import MAPS, PODS, Api, Reply, configmap, pod, with_api


def metadata(reply: Reply) -> JSONObject:
    found = reply.object["metadata"]
    assert isinstance(found, dict)
    return found


def test_a_second_object_of_a_name_is_refused() -> None:
    async def ask(api: Api) -> None:
        assert (await api("POST", MAPS, configmap("one"))).status == 201
        reply = await api("POST", MAPS, configmap("one"))
        assert (reply.status, reply.object["reason"]) == (409, "AlreadyExists")
        assert (await api("POST", f"{MAPS}?dryRun=All", configmap("one"))).status == 409

    with_api(ask)


def test_a_stale_revision_is_a_conflict_and_none_is_not() -> None:
    async def ask(api: Api) -> None:
        first = metadata(await api("POST", MAPS, configmap("one")))["resourceVersion"]
        assert (await api("PUT", f"{MAPS}/one", configmap("one", a="1"))).status == 200
        stale: JSONObject = {"metadata": {"name": "one", "resourceVersion": first}, "data": {"a": "2"}}
        reply = await api("PUT", f"{MAPS}/one", stale)
        assert (reply.status, reply.object["reason"]) == (409, "Conflict")

    with_api(ask)


@pytest.mark.parametrize(
    ("method", "content_type", "body"),
    [
        ("PUT", "application/json", configmap("one", a="0")),
        ("PATCH", MERGE_PATCH, {"data": {"a": "0"}}),
        ("PATCH", JSON_PATCH, [{"op": "test", "path": "/data/a", "value": "0"}]),
    ],
)
def test_a_write_that_changes_nothing_writes_nothing(method: str, content_type: str, body: JSONObject) -> None:
    async def ask(api: Api) -> None:
        created = await api("POST", MAPS, configmap("one", a="0"))
        reply = await api(method, f"{MAPS}/one", body, content_type=content_type, headers={"User-Agent": "another"})
        assert reply.status == 200
        assert reply.body == created.body

    with_api(ask)


def test_a_dry_run_answers_and_writes_nothing() -> None:
    async def ask(api: Api) -> None:
        reply = await api("POST", f"{PODS}?dryRun=All", pod("one"))
        assert reply.status == 201
        assert "resourceVersion" not in metadata(reply)
        assert (await api("GET", f"{PODS}/one")).status == 404
        assert (await api("POST", f"{PODS}?dryRun=some", pod("one"))).status == 422

    with_api(ask)


def test_generated_names_follow_their_beginning() -> None:
    async def ask(api: Api) -> None:
        reply = await api("POST", MAPS, {"metadata": {"generateName": "gen-"}})
        assert metadata(reply)["name"] == "gen-00001"
        long = await api("POST", MAPS, {"metadata": {"generateName": "g" * 80}})
        assert len(str(metadata(long)["name"])) == 63

    with_api(ask)


def test_nothing_is_created_where_there_is_no_namespace() -> None:
    async def ask(api: Api) -> None:
        reply = await api("POST", "/api/v1/namespaces/none/configmaps", configmap("one"))
        assert (reply.status, reply.object["message"]) == (404, 'namespaces "none" not found')

    with_api(ask)


def test_what_the_server_chooses_cannot_be_chosen() -> None:
    async def ask(api: Api) -> None:
        given: JSONObject = {
            "name": "one",
            "uid": "mine",
            "creationTimestamp": "2000-01-01T00:00:00Z",
            "deletionTimestamp": "2000-01-01T00:00:00Z",
            "generation": 9,
        }
        reply = await api("POST", PODS, pod("one") | {"metadata": given})
        chosen = metadata(reply)
        assert chosen["uid"] != "mine"
        assert chosen["creationTimestamp"] == "2026-11-23T07:00:01Z"
        assert chosen["generation"] == 1
        assert "deletionTimestamp" not in chosen

    with_api(ask)


def test_the_generation_follows_the_spec_only() -> None:
    async def ask(api: Api) -> None:
        await api("POST", PODS, pod("one"))
        labelled = await api("PATCH", f"{PODS}/one", {"metadata": {"labels": {"a": "b"}}}, content_type=MERGE_PATCH)
        assert metadata(labelled)["generation"] == 1
        operation: JSONObject = {"op": "replace", "path": "/spec/containers/0/image", "value": "other"}
        changed = await api("PATCH", f"{PODS}/one", [operation], content_type=JSON_PATCH)
        assert metadata(changed)["generation"] == 2

    with_api(ask)


def test_the_status_is_written_by_its_subresource_only() -> None:
    async def ask(api: Api) -> None:
        await api("POST", PODS, pod("one"))
        patch: JSONObject = {"status": {"phase": "Running"}, "spec": {"nodeName": "n"}}
        for path, phase in ((f"{PODS}/one", "Pending"), (f"{PODS}/one/status", "Running")):
            reply = await api("PATCH", path, {"status": patch["status"]}, content_type=MERGE_PATCH)
            assert peek(reply.object, "status", "phase") == phase
        assert "nodeName" not in str((await api("PATCH", f"{PODS}/one/status", patch, content_type=MERGE_PATCH)).body)

    with_api(ask)


def test_parallel_patches_all_arrive() -> None:
    async def ask(api: Api) -> None:
        await api("POST", MAPS, configmap("one"))
        replies = await asyncio.gather(
            *(api("PATCH", f"{MAPS}/one", {"data": {f"k{i}": str(i)}}, content_type=MERGE_PATCH) for i in range(10))
        )
        assert {reply.status for reply in replies} == {200}
        data = (await api("GET", f"{MAPS}/one")).object["data"]
        assert data == {f"k{i}": str(i) for i in range(10)}

    with_api(ask)


@pytest.mark.parametrize("media_type", ["application/strategic-merge-patch+json", "application/apply-patch+yaml"])
def test_patches_that_are_not_spoken_here_are_415(media_type: str) -> None:
    async def ask(api: Api) -> None:
        reply = await api("PATCH", f"{MAPS}/one", {}, content_type=media_type)
        assert reply.status == 415
        assert "application/json-patch+json, application/merge-patch+json" in str(reply.object["message"])

    with_api(ask)


@pytest.mark.parametrize(
    ("patch", "content_type", "status"),
    [
        (b"{", MERGE_PATCH, 400),
        (b"[]", MERGE_PATCH, 400),
        (b"{}", JSON_PATCH, 400),
        (b"[5]", JSON_PATCH, 422),
        (b'[{"op":"remove","path":"/nope"}]', JSON_PATCH, 422),
        (b'[{"op":"replace","path":"","value":5}]', JSON_PATCH, 422),
        (b'[{"op":"add","path":"nope","value":5}]', JSON_PATCH, 422),
        (b'{"metadata":{"name":"other"}}', MERGE_PATCH, 400),
        (b'{"metadata":{"uid":"other"}}', MERGE_PATCH, 422),
        (b'{"metadata":null}', MERGE_PATCH, 400),
        (b'{"data":{"a":5}}', MERGE_PATCH, 422),
    ],
)
def test_a_patch_that_cannot_be_meant_is_a_status(patch: bytes, content_type: str, status: int) -> None:
    async def ask(api: Api) -> None:
        before = await api("POST", MAPS, configmap("one"))
        assert (await api("PATCH", f"{MAPS}/one", patch, content_type=content_type)).status == status
        assert (await api("GET", f"{MAPS}/one")).body == before.body

    with_api(ask)
