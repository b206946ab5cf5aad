"""The ledger's grounds, on small sessions made by hand."""

from dataclasses import replace

import pytest

from kproxy.correlate.coverage import coverage
from kproxy.correlate.ledger import correlate
from kproxy.model.attribution import Basis, Standing
from kproxy.model.etcd import ClusterId, Revision
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, JSONObject
from tests.correlate.story import POD, PODS, PORTS, SERVICE, SERVICES, Story, owned, pod, ports, service


def test_a_create_has_its_key_by_the_revision_that_it_answered() -> None:
    story = Story()
    seq = story.ask("POST", PODS, 201, pod(revision=101))
    story.put(101, POD, pod())
    assert story.grounds() == [(101, seq, Basis.REVISION)]


def test_a_revision_on_another_objects_key_is_not_the_writes() -> None:
    story = Story()
    story.ask("POST", PODS, 201, pod(revision=101))
    story.put(101, "/registry/pods/default/other", pod())
    assert story.grounds() == [(101, None, None)]


def test_of_several_etcds_the_uid_tells_whose_revision_it_is() -> None:
    story = Story()
    story.ask("POST", PODS, 201, pod("u1", revision=101))
    story.put(101, POD, pod("another"))
    story.put(7, "/registry/events/default/e", {}, cluster=ClusterId("d"))
    assert story.grounds() == [(101, None, None), (7, None, None)]


def test_a_graceful_delete_has_the_put_that_began_it_and_the_delete() -> None:
    story = Story()
    story.put(101, POD, pod(deleting=True), before=pod())
    story.delete(102, POD, before=pod(deleting=True))
    seq = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=102, deleting=True))
    assert story.grounds() == [(101, seq, Basis.OBJECT), (102, seq, Basis.REVISION)]


def test_a_delete_that_answers_the_put_has_the_delete_by_its_uid() -> None:
    story = Story()
    story.put(101, POD, pod(deleting=True), before=pod())
    story.delete(102, POD, before=pod(deleting=True))
    seq = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=101, deleting=True))
    assert story.grounds() == [(101, seq, Basis.REVISION), (102, seq, Basis.OBJECT)]


def test_a_delete_that_answers_a_status_is_found_by_the_uid_in_its_details() -> None:
    story = Story()
    story.delete(101, "/registry/configmaps/default/web", before=pod("u7"))
    status: JSONObject = {
        "kind": "Status",
        "status": "Success",
        "metadata": {},
        "details": {"name": "web", "uid": "u7"},
    }
    seq = story.ask("DELETE", "/api/v1/namespaces/default/configmaps/web", 200, status)
    assert story.grounds() == [(101, seq, Basis.OBJECT)]


def test_the_object_of_the_same_name_that_came_after_is_another_one() -> None:
    story = Story()
    story.ask("DELETE", f"{PODS}/web", 200, {"kind": "Status", "details": {"name": "web", "uid": "gone before"}})
    story.delete(105, POD, before=pod("the next one"))
    assert story.grounds() == [(105, None, None)]


def test_each_object_of_a_deleted_collection_is_the_collections() -> None:
    story = Story()
    story.delete(101, POD, before=pod("u1"))
    items: list[JSON] = [pod("u1", revision=100)]
    seq = story.ask("DELETE", PODS, 200, {"kind": "PodList", "metadata": {}, "items": items})
    assert story.grounds() == [(101, seq, Basis.OBJECT)]


def test_a_write_that_answers_an_earlier_revision_wrote_nothing() -> None:
    story = Story()
    first = story.ask("PUT", f"{PODS}/web", 200, pod(revision=101))
    story.put(101, POD, pod())
    second = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101))
    ledger = story.told()
    assert [(each.seq, each.revision) for each in ledger.no_op_writes] == [(second, 101)]
    assert [entry.attribution.seq for entry in ledger.entries if entry.attribution] == [first]


def test_a_write_that_answers_a_revision_from_before_the_session_wrote_nothing() -> None:
    story = Story()
    story.put(101, "/registry/configmaps/default/else", pod())
    seq = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=42))
    assert [(each.seq, each.key) for each in story.told().no_op_writes] == [(seq, POD.encode())]


def test_a_dry_run_a_failure_and_a_read_write_nothing() -> None:
    story = Story()
    story.put(101, POD, pod())
    story.ask("POST", f"{PODS}?dryRun=All", 201, pod(revision=101))
    story.ask("POST", PODS, 409, pod(revision=101))
    story.ask("GET", f"{PODS}/web", 200, pod(revision=101))
    assert story.grounds() == [(101, None, None)]
    assert story.told().no_op_writes == ()


def test_a_services_address_belongs_to_the_request_that_made_the_service() -> None:
    story = Story()
    parent: JSONObject = {"group": "", "resource": "services", "namespace": "default", "name": "web"}
    address: JSONObject = {"kind": "IPAddress", "metadata": {"name": "10.0.0.7"}, "spec": {"parentRef": parent}}
    story.put(101, "/registry/ipaddresses/10.0.0.7", address)
    story.put(102, SERVICE, service("10.0.0.7"))
    seq = story.ask("POST", SERVICES, 201, service("10.0.0.7", revision=102))
    assert story.grounds() == [(101, seq, Basis.OBJECT), (102, seq, Basis.REVISION)]


def test_a_services_address_is_given_back_by_the_request_that_deletes_it() -> None:
    story = Story()
    story.delete(101, SERVICE, before=service("10.0.0.7"))
    story.delete(102, "/registry/ipaddresses/10.0.0.7", before={"kind": "IPAddress"})
    seq = story.ask("DELETE", f"{SERVICES}/web", 200, service("10.0.0.7", revision=101))
    assert story.grounds() == [(101, seq, Basis.REVISION), (102, seq, Basis.OBJECT)]


def test_a_node_ports_bit_belongs_to_the_service_whose_port_it_is() -> None:
    story = Story()
    story.put(101, PORTS, ports(30001), before=ports())
    story.put(102, SERVICE, service(nodes=(30001,)))
    made = story.ask("POST", SERVICES, 201, service(nodes=(30001,), revision=102))
    story.put(103, PORTS, ports(), before=ports(30001))
    story.put(104, SERVICE, service(), before=service(nodes=(30001,)))
    changed = story.ask("PATCH", f"{SERVICES}/web", 200, service(revision=104))
    assert story.grounds() == [
        (101, made, Basis.OBJECT),
        (102, made, Basis.REVISION),
        (103, changed, Basis.OBJECT),
        (104, changed, Basis.REVISION),
    ]


def test_what_a_failed_service_took_and_gave_back_is_its_requests() -> None:
    story = Story()
    parent: JSONObject = {"group": "", "resource": "services", "namespace": "default", "name": "web"}
    address: JSONObject = {"kind": "IPAddress", "metadata": {"name": "10.0.0.7"}, "spec": {"parentRef": parent}}
    story.put(101, "/registry/ipaddresses/10.0.0.7", address)
    story.delete(102, "/registry/ipaddresses/10.0.0.7", before=address)
    seq = story.ask("POST", SERVICES, 422, {"kind": "Status", "status": "Failure"}, body=service(nodes=(30001,)))
    assert story.grounds() == [(101, seq, Basis.OBJECT), (102, seq, Basis.OBJECT)]


def test_a_delete_that_finalizers_hold_has_not_taken_the_object_away() -> None:
    story = Story()
    story.put(101, POD, pod(deleting=True, finalizers=["x/y"]), before=pod(finalizers=["x/y"]))
    began = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=101, deleting=True, finalizers=["x/y"]))
    story.delete(102, POD, before=pod(deleting=True))
    ended = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101, deleting=True))
    assert story.grounds() == [(101, began, Basis.REVISION), (102, ended, Basis.OBJECT)]
    assert story.told().no_op_writes == ()


def test_a_deletion_that_nobody_in_the_session_completed_goes_to_the_request_that_began_it() -> None:
    story = Story()
    story.put(101, POD, pod(deleting=True, finalizers=["x/y"]), before=pod(finalizers=["x/y"]))
    began = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=101, deleting=True, finalizers=["x/y"]))
    story.delete(102, POD, before=pod(deleting=True))
    assert story.grounds() == [(101, began, Basis.REVISION), (102, began, Basis.OBJECT)]


def test_a_pod_in_its_time_of_grace_is_taken_away_by_the_delete_that_ends_it() -> None:
    story = Story()
    soon, now = pod(deleting=True, deletionGracePeriodSeconds=30), pod(deleting=True, deletionGracePeriodSeconds=0)
    story.put(101, POD, soon, before=pod())
    shown = pod(revision=101, deleting=True, deletionGracePeriodSeconds=30)
    first = story.ask("DELETE", f"{PODS}/web", 200, shown)
    story.put(102, POD, now, before=soon)
    story.delete(103, POD, before=now)
    shown = pod(revision=103, deleting=True, deletionGracePeriodSeconds=0)
    second = story.ask("DELETE", f"{PODS}/web", 200, shown)
    assert story.grounds() == [
        (101, first, Basis.REVISION),
        (102, second, Basis.OBJECT),
        (103, second, Basis.REVISION),
    ]


def test_a_collections_deletion_has_what_it_wrote_after_the_state_that_it_answers() -> None:
    story = Story()
    story.put(102, POD, pod(deleting=True, finalizers=["x/y"]), before=pod(finalizers=["x/y"]))
    listed: JSONObject = {"kind": "PodList", "metadata": {}, "items": [pod(revision=101, finalizers=["x/y"])]}
    seq = story.ask("DELETE", PODS, 200, listed)
    assert story.grounds() == [(102, seq, Basis.OBJECT)]


def test_a_binding_has_the_change_that_set_the_node() -> None:
    story = Story()
    story.put(101, POD, pod() | {"spec": {"nodeName": "n1"}}, before=pod())
    binding: JSONObject = {"kind": "Binding", "target": {"kind": "Node", "name": "n1"}}
    seq = story.ask("POST", f"{PODS}/web/binding", 201, {"kind": "Status", "status": "Success"}, body=binding)
    assert story.grounds() == [(101, seq, Basis.OBJECT)]


def test_an_eviction_has_its_condition_its_deletion_and_the_delete_of_a_pod_that_nothing_holds() -> None:
    story = Story()
    target: JSONObject = {"status": {"conditions": [{"type": "DisruptionTarget"}]}}
    story.put(101, POD, pod() | target, before=pod())
    story.put(102, POD, pod(deleting=True) | target, before=pod() | target)
    story.delete(103, POD, before=pod(deleting=True) | target)
    seq = story.ask("POST", f"{PODS}/web/eviction", 201, {"kind": "Status", "status": "Success"})
    assert story.grounds() == [(revision, seq, Basis.OBJECT) for revision in (101, 102, 103)]


def test_a_scale_writes_its_deployment() -> None:
    story = Story()
    story.put(101, "/registry/deployments/default/web", pod())
    seq = story.ask("PATCH", "/apis/apps/v1/namespaces/default/deployments/web/scale", 200, pod(revision=101))
    assert story.grounds() == [(101, seq, Basis.REVISION)]


def test_background_is_said_by_its_rule_and_the_rest_is_unattributed() -> None:
    story = Story()
    story.put(101, "/registry/masterleases/10.0.0.1", {})
    story.put(102, "compact_rev_key", {})
    story.put(103, "/registry/configmaps/default/who-knows", {})
    ledger = story.told()
    assert [(entry.standing, entry.background) for entry in ledger.entries] == [
        (Standing.BACKGROUND, "masterleases"),
        (Standing.BACKGROUND, "compaction"),
        (Standing.UNATTRIBUTED, ""),
    ]
    figures = coverage(ledger)
    assert (figures.revisions, figures.background, figures.unattributed) == (3, 2, 1)
    assert set(figures.attributed) == {basis.value for basis in Basis}


def test_an_entry_is_found_by_its_change_and_one_that_came_since_is_none() -> None:
    story = Story()
    seq = story.ask("POST", PODS, 201, pod(revision=101))
    story.put(101, "/registry/configmaps/default/x", pod())
    story.put(101, POD, pod())
    find = story.told().find
    assert find is not None
    change = story.recording.change_list[1]
    found = find(change)
    assert found is not None
    assert (found.change, found.attribution and found.attribution.seq) == (change, seq)
    assert find(replace(change, revision=Revision(102))) is None
    assert find(replace(change, cluster=ClusterId("d"))) is None


def test_an_exchange_has_its_changes_in_order_and_one_without_any_is_not_in_the_ledger() -> None:
    story = Story()
    story.put(101, POD, pod(deleting=True), before=pod())
    story.delete(102, POD, before=pod(deleting=True))
    story.put(103, "/registry/pods/default/other", pod())
    first = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=102, deleting=True))
    second = story.ask("POST", PODS, 201, pod(revision=103, name="other"))
    found = story.told().by_seq
    assert (len(found), list(found)) == (2, [first, second])
    assert [each.revision for each in found[first]] == [101, 102]
    with pytest.raises(KeyError):
        found[Seq(9)]


def test_of_several_etcds_an_answer_without_a_uid_goes_by_its_revision() -> None:
    story = Story()
    without: JSONObject = {"kind": "Pod", "metadata": {"name": "web", "namespace": "default", "resourceVersion": "101"}}
    seq = story.ask("POST", PODS, 201, without)
    story.put(101, POD, pod("u1"))
    story.put(7, "/registry/events/default/e", {}, cluster=ClusterId("d"))
    assert story.grounds()[0] == (101, seq, Basis.REVISION)


def test_the_coverage_counts_each_entry_with_a_consequence() -> None:
    story = Story()
    owner = pod("d1", generation=1)
    story.ask("POST", "/apis/apps/v1/namespaces/default/replicasets", 201, pod("d1", 101, generation=1))
    story.put(101, "/registry/replicasets/default/web", owner)
    for revision, name in ((102, "a"), (103, "b")):
        made = owned(pod(f"p{name}", revision), "ReplicaSet", "web", "d1")
        story.ask("POST", PODS, 201, made, agent="kube-controller-manager")
        story.put(revision, f"/registry/pods/default/{name}", made)
    figures = coverage(story.told())
    assert (figures.revisions, figures.consequence, figures.contradicted, figures.before) == (3, 2, 0, 0)


def test_a_deletion_that_nobody_known_began_is_nobodys() -> None:
    story = Story()
    story.ask("GET", PODS, 200, None)
    story.put(101, POD, pod(deleting=True, labels={}), before=pod(deleting=True))
    story.delete(102, POD, before=pod(deleting=True))
    assert story.grounds() == [(101, None, None), (102, None, None)]


def test_a_deletion_began_with_the_last_change_that_set_it_up_to_the_answers_revision() -> None:
    story = Story()
    held = pod(deleting=True, finalizers=["x/y"])
    story.put(101, POD, held, before=pod(finalizers=["x/y"]))
    story.put(103, POD, held | {"spec": {}}, before=held)
    seq = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=102, deleting=True, finalizers=["x/y"]))
    assert story.grounds()[0] == (101, seq, Basis.OBJECT)


def test_a_session_without_changes_has_an_empty_ledger() -> None:
    story = Story()
    story.ask("POST", PODS, 201, pod(revision=101))
    told = story.told()
    assert (len(told.entries), list(told.entries), dict(told.by_seq), told.no_op_writes) == (0, [], {}, ())


def test_without_a_ground_what_only_that_tells_is_told_by_nobody() -> None:
    story = Story()
    seq = story.ask("POST", PODS, 201, pod(revision=101))
    story.put(101, POD, pod())
    [entry] = correlate(story.recording, frozenset({Basis.REVISION, Basis.WINDOW})).entries
    assert entry.attribution is None
    [entry] = correlate(story.recording, frozenset({Basis.REVISION})).entries
    assert entry.attribution is not None
    assert (entry.attribution.seq, entry.attribution.basis) == (seq, Basis.WINDOW)


@pytest.mark.parametrize("revision", [99, 105])
def test_what_a_growing_recording_has_got_since_is_no_entry_of_a_ledger_that_was_made_before(revision: int) -> None:
    story = Story()
    seq = story.ask("POST", PODS, 201, pod(revision=101))
    story.put(101, POD, pod())
    told = story.told()
    story.put(revision, "/registry/pods/default/later", pod())
    [late] = [each for each in story.recording.change_list if each.revision == revision]
    assert [(each.change.revision, each.attribution.seq) for each in told.entries if each.attribution] == [(101, seq)]
    assert len(told.entries) == 1
    assert told.find is not None
    assert told.find(late) is None
    assert not any(each.change == late for each in told.entries)


def test_a_list_of_what_was_deleted_that_names_an_object_twice_has_its_change_once() -> None:
    story = Story()
    listed: JSONObject = {"kind": "PodList", "items": [pod(revision=101), pod(revision=101)]}
    story.put(101, POD, pod(deleting=True), before=pod())
    seq = story.ask("DELETE", PODS, 200, listed)
    assert [(revision, found) for revision, found, _ in story.grounds()] == [(101, seq)]
