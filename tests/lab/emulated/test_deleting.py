"""delete and deletecollection."""

import pytest

from kproxy.lab.emulated.patch import MERGE_PATCH
from kproxy.lab.emulated.tree import as_object, entries, peek
from kproxy.model.jsontypes import JSON, JSONObject
from tests.lab.emulated.memory import MemoryStore
from tests.lab.emulated.serving import MAPS, PODS, Api, configmap, pod, with_api


def kinds(api: Api, key: str) -> list[str]:
    """PUT or DELETE of each of a key's changes."""
    assert isinstance(api.store, MemoryStore)
    return ["DELETE" if change.value is None else "PUT" for change in api.store._history if change.key == key]


def test_a_pod_is_marked_and_then_deleted_in_two_revisions() -> None:
    async def ask(api: Api) -> None:
        await api("POST", PODS, pod("one"))
        reply = await api("DELETE", f"{PODS}/one?gracePeriodSeconds=30")
        metadata = reply.object["metadata"]
        assert isinstance(metadata, dict)
        assert (metadata["deletionGracePeriodSeconds"], metadata["generation"]) == (0, 2)
        assert kinds(api, "/registry/pods/default/one") == ["PUT", "PUT", "DELETE"]

    with_api(ask)


def test_a_pod_that_a_node_runs_is_only_marked_until_it_is_forced() -> None:
    async def ask(api: Api) -> None:
        await api("POST", PODS, pod("one", nodeName="n"))
        assert peek((await api("DELETE", f"{PODS}/one")).object, "metadata", "deletionGracePeriodSeconds") == 30
        assert (await api("GET", f"{PODS}/one")).status == 200
        await api("DELETE", f"{PODS}/one", {"gracePeriodSeconds": 0})
        assert (await api("GET", f"{PODS}/one")).status == 404

    with_api(ask)


def test_a_configmap_is_deleted_at_once_and_the_answer_is_a_status() -> None:
    async def ask(api: Api) -> None:
        created = await api("POST", MAPS, configmap("one"))
        reply = await api("DELETE", f"{MAPS}/one")
        assert reply.object["status"] == "Success"
        assert reply.object["details"] == {
            "name": "one",
            "kind": "configmaps",
            "uid": peek(created.object, "metadata", "uid"),
        }
        assert kinds(api, "/registry/configmaps/default/one") == ["PUT", "DELETE"]

    with_api(ask)


@pytest.mark.parametrize("path", [PODS, MAPS])
def test_what_has_finalizers_waits_for_them(path: str) -> None:
    async def ask(api: Api) -> None:
        body = pod("one") if path == PODS else configmap("one")
        await api("POST", path, body | {"metadata": {"name": "one", "finalizers": ["x.io/y"]}})
        assert (await api("DELETE", f"{path}/one")).status == 200
        assert (await api("DELETE", f"{path}/one")).status == 200
        assert (await api("GET", f"{path}/one")).status == 200
        await api("PATCH", f"{path}/one", {"metadata": {"finalizers": None}}, content_type=MERGE_PATCH)
        assert (await api("GET", f"{path}/one")).status == 404
        assert kinds(api, path.replace("/api/v1/namespaces/default", "/registry") + "/default/one") == [
            "PUT",
            "PUT",
            "DELETE",
        ]

    with_api(ask)


@pytest.mark.parametrize("preconditions", [{"uid": "other"}, {"resourceVersion": "1"}])
def test_preconditions_must_hold(preconditions: JSONObject) -> None:
    async def ask(api: Api) -> None:
        await api("POST", MAPS, configmap("one"))
        reply = await api("DELETE", f"{MAPS}/one", {"preconditions": preconditions})
        assert (reply.status, reply.object["reason"]) == (409, "Conflict")
        assert (await api("GET", f"{MAPS}/one")).status == 200

    with_api(ask)


def test_a_dry_run_deletes_nothing() -> None:
    async def ask(api: Api) -> None:
        await api("POST", PODS, pod("one"))
        cases: list[tuple[str, JSON]] = [("?dryRun=All", None), ("", {"dryRun": ["All"]})]
        for query, body in cases:
            assert (await api("DELETE", f"{PODS}/one{query}", body)).status == 200
        assert (await api("DELETE", f"{PODS}?dryRun=All")).status == 200
        assert kinds(api, "/registry/pods/default/one") == ["PUT"]

    with_api(ask)


def test_a_collection_is_deleted_as_far_as_it_is_selected() -> None:
    async def ask(api: Api) -> None:
        for name, label in (("a", "1"), ("b", "2"), ("c", "1")):
            await api("POST", MAPS, {"metadata": {"name": name, "labels": {"x": label}}})
        assert (await api("DELETE", f"{MAPS}?labelSelector=x%3D1")).status == 200
        items = entries((await api("GET", MAPS)).object, "items")
        assert [peek(as_object(item), "metadata", "name") for item in items] == ["b"]

    with_api(ask)


def test_a_namespace_is_terminating_until_it_is_finalized_and_the_systems_cannot_go() -> None:
    async def ask(api: Api) -> None:
        await api("POST", "/api/v1/namespaces", {"metadata": {"name": "team"}})
        reply = await api("DELETE", "/api/v1/namespaces/team")
        assert reply.object["status"] == {"phase": "Terminating"}
        late = await api("POST", "/api/v1/namespaces/team/configmaps", configmap("late"))
        assert (late.status, late.object["reason"]) == (403, "Forbidden")
        await api("PUT", "/api/v1/namespaces/team/finalize", {"metadata": {"name": "team"}})
        assert (await api("GET", "/api/v1/namespaces/team")).status == 404
        assert (await api("DELETE", "/api/v1/namespaces/default")).status == 403

    with_api(ask)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"gracePeriodSeconds":"x"}', 400),
        (b'{"propagationPolicy":"x"}', 422),
        (b'{"dryRun":["x"]}', 422),
    ],
)
def test_options_that_cannot_be_meant_are_a_status(body: bytes, status: int) -> None:
    async def ask(api: Api) -> None:
        await api("POST", MAPS, configmap("one"))
        assert (await api("DELETE", f"{MAPS}/one", body)).status == status

    with_api(ask)
