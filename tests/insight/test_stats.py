"""kproxy.insight.stats."""

import json

import pytest

from kproxy.insight import stats
from kproxy.insight.clients import OTHERS
from kproxy.insight.figures import Figures
from kproxy.insight.stats import Statistics, resource_of, statistics
from kproxy.model.exchange import Nanos
from kproxy.model.session import Gap
from kproxy.wire.requestinfo import request_info
from tests.support.told import Told, reading, writing

WEB = "/api/v1/namespaces/default/pods/web"
KEY = "/registry/pods/default/web"


def of(found: Statistics, verb: str, resource: str = "pods") -> Figures:
    """The figures of one group."""
    (figures,) = [each for group, each in found.groups if (group.verb, group.resource) == (verb, resource)]
    return figures


def test_requests_are_counted_by_client_verb_and_resource() -> None:
    told = Told()
    told.ask("GET", WEB)
    told.ask("GET", WEB, 404)
    told.ask("GET", WEB, agent="other/v1")
    told.ask("GET", "/apis/apps/v1/namespaces/default/deployments/web/status")
    told.ask("GET", "/healthz/ping")
    found = statistics(told.recording, told.ledger)
    counted = [(str(group.client), group.verb, group.resource, each.exchanges) for group, each in found.groups]
    assert counted == [
        ("ada, test/v1", "get", "pods", 2),
        ("ada, other/v1", "get", "pods", 1),
        ("ada, test/v1", "get", "deployments.apps/status", 1),
        ("ada, test/v1", "get", "/healthz", 1),
    ]
    assert (found.total.exchanges, found.total.errors) == (5, 1)


def test_what_is_not_asked_for_is_not_told_apart() -> None:
    told = Told()
    told.ask("GET", WEB)
    told.ask("DELETE", WEB, agent="other/v1")
    (only,) = statistics(told.recording, told.ledger, ["resource"]).groups
    assert (only[0].client, only[0].verb, only[0].resource, only[1].exchanges) == (None, "", "pods", 2)


def test_the_latency_of_a_watch_is_that_of_its_answer_and_its_events_are_counted() -> None:
    told = Told()
    told.ask("GET", WEB, took=0.5)
    watch = told.ask("GET", "/api/v1/pods?watch=1", took=3000.0, size=4711)
    told.events(watch, {"type": "ADDED"}, {"type": "DELETED"})
    found = statistics(told.recording, told.ledger)
    assert 490 < (of(found, "get").milliseconds(0.5) or 0) < 510
    assert (of(found, "watch").milliseconds(0.99) or 9) < 1.1
    assert (of(found, "watch").events, of(found, "watch").answer_bytes) == (2, 4711)


def test_writes_are_those_that_changed_those_that_did_not_and_those_that_stored_the_same_again() -> None:
    told = Told()
    told.put(KEY, told.ask("PUT", WEB), {"apiVersion": "v1", "kind": "Pod", "spec": {}})
    told.put(KEY, told.ask("PUT", WEB), {"apiVersion": "v1", "kind": "Pod", "spec": {"a": 1}})
    told.put(KEY, told.ask("PUT", WEB), {"apiVersion": "v2", "kind": "Pod", "spec": {"a": 1}})
    told.no_op(told.ask("PUT", WEB))
    told.ask("PUT", WEB, 409)
    figures = of(statistics(told.recording, told.ledger), "update")
    assert (figures.changed, figures.no_ops, figures.rewrites, figures.conflicts) == (3, 1, 1, 1)


def test_where_calls_are_known_a_successful_write_without_a_put_wrote_nothing() -> None:
    told = Told()
    told.call(told.ask("PATCH", WEB, at=0.0), reading(KEY))
    told.call(told.ask("PATCH", WEB, at=1.0), writing(KEY, at=1.0))
    told.call(told.ask("PATCH", f"{WEB}?dryRun=All", at=2.0), reading(KEY, at=2.0))
    told.call(told.ask("PATCH", WEB, 404, at=3.0), reading(KEY, at=3.0))
    assert of(statistics(told.recording, told.ledger), "patch").no_ops == 1


def test_what_requests_cost_in_etcd_is_theirs_and_the_rest_is_the_servers_own() -> None:
    told = Told()
    listed = told.ask("GET", "/api/v1/pods")
    told.call(listed, reading("/registry/pods/", end=b"/registry/pods0", count=40))
    cached = told.ask("GET", "/api/v1/pods", at=0.1)
    told.call(cached, reading("/registry/pods/", at=0.1))
    told.call(None, reading("/registry/services/specs/", end=b"x", at=0.2))
    told.call(None, writing("/registry/masterleases/10.0.0.1", at=0.3))
    told.call(None, writing("/registry/leases/kube-system/a", at=0.4))
    found = statistics(told.recording, told.ledger)
    figures = of(found, "list")
    assert (figures.etcd_calls, figures.etcd_reads, figures.etcd_read_bytes) == (2, 2, 4100)
    assert (figures.etcd_lists, figures.etcd_listed) == (1, 40)
    assert {(own.method, own.keys) for own in found.own_calls} == {
        ("KV/Range", "services"),
        ("KV/Txn", "masterleases"),
        ("KV/Txn", "leases.coordination.k8s.io"),
    }
    assert found.with_calls


def test_races_that_the_server_lost_and_ran_again_are_counted() -> None:
    told = Told()
    seq = told.ask("PATCH", WEB)
    told.call(seq, writing(KEY, succeeded=False))
    told.call(seq, writing(KEY))
    assert of(statistics(told.recording, told.ledger), "patch").lost_races == 1


def test_the_keys_that_changed_most_are_there_with_whose_requests_did_it() -> None:
    told = Told()
    for _ in range(3):
        told.put(KEY, told.ask("PUT", WEB))
    told.put(KEY, told.ask("PUT", WEB, agent="other/v1"))
    told.put(KEY)
    told.put("/registry/pods/default/b")
    hot = statistics(told.recording, told.ledger).hot_keys
    assert [(key.key, key.revisions) for key in hot] == [(KEY.encode(), 5), (b"/registry/pods/default/b", 1)]
    assert hot[0].writers == (("ada, test/v1", 3), ("ada, other/v1", 1))


def test_more_groups_than_are_told_apart_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MAX_GROUPS", 3)
    told = Told()
    for number in range(10):
        told.ask("GET", "/api", agent=f"agent/{number}")
    found = statistics(told.recording, told.ledger)
    assert len(found.groups) == 4
    assert found.total.exchanges == 10
    assert max(found.groups, key=lambda group: group[1].exchanges)[0].client == OTHERS


def test_the_document_is_json_and_says_what_is_missing() -> None:
    told = Told()
    told.put(KEY, told.ask("PUT", WEB))
    told.recording.gap_list.append(Gap(kind="exchanges", reason="", at=Nanos(0), count=1))
    document = json.loads(json.dumps(statistics(told.recording, told.ledger).as_json()))
    assert document["gaps"] == 1
    assert document["with_etcd"]
    assert not document["with_calls"]
    assert document["groups"][0]["user"] == "ada"
    assert document["hot_keys"][0]["by"] == [{"client": "ada, test/v1", "revisions": 1}]


def test_resources_are_named_as_kubectl_names_them() -> None:
    assert resource_of(request_info("GET", "/api/v1/pods")) == "pods"
    assert (
        resource_of(request_info("PUT", "/apis/apps/v1/namespaces/a/deployments/b/scale")) == "deployments.apps/scale"
    )
    assert resource_of(request_info("GET", "/openapi/v3/apis/apps/v1")) == "/openapi"
    assert resource_of(request_info("GET", "/")) == "/"
