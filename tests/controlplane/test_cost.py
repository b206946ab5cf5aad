"""What requests cost in etcd and what they wrote, on a real kube-apiserver behind a relay: each figure is provoked."""

import threading
from pathlib import Path

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.insight.figures import Figures
from kproxy.insight.stats import Statistics, statistics
from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.store.reader import open_recording
from tests.support.asker import MERGE, Asker, fresh_server
from tests.support.record_process import record_process, wait_for

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

MAPS = "/api/v1/namespaces/default/configmaps"
EVENTS = "/api/v1/namespaces/default/events"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
THINGS = "/apis/example.com/v1/namespaces/default/things"
RUNNERS, ROUNDS = 8, 25


def config_map(name: str) -> JSONObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": "v"}}


def definition(stored: str) -> JSONObject:
    """A custom resource of two versions, kept as one of them."""
    schema: JSONObject = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions: list[JSON] = [
        {"name": name, "served": True, "storage": name == stored, "schema": schema} for name in ("v1alpha1", "v1")
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
            "versions": versions,
        },
    }


def lists_and_writes(client: Asker) -> None:
    """Reads that the watch cache answers and one that it does not; writes with and without effect."""
    for name in ("a", "b", "c"):
        assert client.ask("POST", MAPS, config_map(name)).status == 201
    event: JSONObject = {"metadata": {"name": "e"}, "involvedObject": {"namespace": "default"}, "reason": "test"}
    assert client.ask("POST", EVENTS, {"apiVersion": "v1", "kind": "Event", **event}).status == 201
    assert len(client.ask("GET", MAPS).items) >= 3
    assert client.ask("GET", EVENTS).items
    assert client.ask("GET", f"{MAPS}/a").status == 200
    assert client.ask("PATCH", f"{MAPS}/a", {"data": {"k": "v"}}, MERGE).status == 200
    assert client.ask("PUT", f"{MAPS}/b", config_map("b") | {"data": {"k": "w"}}).status == 200


def race(url: str) -> None:
    """Many who patch one object at the same time."""

    def run(number: int) -> None:
        mine = Asker(url)
        for turn in range(ROUNDS):
            assert mine.ask("PATCH", f"{MAPS}/c", {"data": {f"k{number}": str(turn)}}, MERGE).status in {200, 409}

    runners = [threading.Thread(target=run, args=(number,)) for number in range(RUNNERS)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()


def rewrite(client: Asker) -> None:
    """An object that is kept as an old version is written by somebody who changes nothing."""
    assert client.ask("POST", DEFINITIONS, definition("v1alpha1")).status == 201
    thing: JSONObject = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": {"a": 1}}
    wait_for(lambda: client.ask("POST", THINGS, thing).status == 201 or None)
    before = version_of(client.ask("GET", f"{THINGS}/t").body)
    assert (
        client.ask("PATCH", f"{DEFINITIONS}/things.example.com", {"spec": definition("v1")["spec"]}, MERGE).status
        == 200
    )

    def rewritten() -> bool | None:
        answer = client.ask("PATCH", f"{THINGS}/t", {"spec": {"a": 1}}, MERGE)
        return (answer.status == 200 and version_of(answer.body) != before) or None

    wait_for(rewritten)


def version_of(document: JSONObject) -> str:
    return text(metadata_of(document).get("resourceVersion"))


@pytest.fixture(scope="module")
def found(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    folder = tmp_path_factory.mktemp("cost")
    with pytest.MonkeyPatch.context() as patch, fresh_server(assets) as (lab, _):
        patch.setenv("KUBECONFIG", str(lab.kubeconfig))
        patch.setenv("KPROXY_LAB", str(lab.info_file))
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        with record_process(None, folder / "cost.kproxy") as running:
            client = Asker(running.url)
            lists_and_writes(client)
            race(running.url)
            rewrite(client)
    with open_recording(str(folder / "cost.kproxy")) as recording:
        return statistics(recording, correlate(recording), ("verb", "resource"))


def of(found: Statistics, verb: str, resource: str) -> Figures:
    """The figures of one kind of request."""
    (figures,) = [each for group, each in found.groups if (group.verb, group.resource) == (verb, resource)]
    return figures


def test_a_consistent_list_from_the_watch_cache_is_no_list_of_etcd_and_one_of_events_is(found: Statistics) -> None:
    cached, events = of(found, "list", "configmaps"), of(found, "list", "events")
    assert (cached.etcd_lists, cached.etcd_listed) == (0, 0)
    assert cached.etcd_reads <= 1, "the probe for the revision"
    assert events.etcd_lists == 1
    assert events.etcd_listed >= 1


def test_a_get_reads_one_key_and_a_write_sends_more_than_it_reads(found: Statistics) -> None:
    get, create = of(found, "get", "configmaps"), of(found, "create", "configmaps")
    assert (get.etcd_reads, get.etcd_lists) == (1, 0)
    assert get.etcd_read_bytes > 100
    assert create.etcd_sent_bytes > create.etcd_read_bytes > 0


def test_each_patch_either_changed_something_or_was_told_to_be_without_effect(found: Statistics) -> None:
    patches = of(found, "patch", "configmaps")
    assert patches.exchanges == 1 + RUNNERS * ROUNDS
    assert patches.no_ops >= 1
    assert patches.changed + patches.no_ops + patches.conflicts == patches.exchanges


def test_races_that_the_server_lost_by_itself_are_seen(found: Statistics) -> None:
    patches = of(found, "patch", "configmaps")
    assert patches.lost_races > 0
    assert patches.etcd_calls >= patches.exchanges + patches.lost_races - patches.no_ops
    assert of(found, "update", "configmaps").lost_races == 0


def test_the_object_that_was_stored_again_as_another_version_is_a_rewrite(found: Statistics) -> None:
    things = of(found, "patch", "things.example.com")
    assert (things.rewrites, things.changed) == (1, 1)
    assert things.no_ops == things.exchanges - 1
    assert found.total.rewrites == 1


def test_the_servers_own_calls_are_apart(found: Statistics) -> None:
    assert found.with_calls
    wrote = {own.keys for own in found.own_calls if own.method == "KV/Txn"}
    assert "customresourcedefinitions.apiextensions.k8s.io" in wrote, "its names are accepted, and it is established"
