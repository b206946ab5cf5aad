"""kproxy.correlate.consequence: whose follow-up a change is."""

from kproxy.model.api import metadata_of
from kproxy.model.attribution import Standing
from kproxy.model.jsontypes import JSONObject
from tests.correlate.story import POD, PODS, Story, owned, pod

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
REPLICASETS = "/apis/apps/v1/namespaces/default/replicasets"
DEPLOYMENT = "/registry/deployments/default/web"
REPLICASET = "/registry/replicasets/default/web"
NAMESPACE = "/registry/namespaces/made"
MANAGER = "kube-controller-manager"


def deployment(generation: int = 1, revision: int | None = None) -> JSONObject:
    return pod("d1", revision, generation=generation) | {"kind": "Deployment", "spec": {"replicas": generation}}


def replicaset(generation: int = 1, revision: int | None = None) -> JSONObject:
    made = pod("r1", revision, generation=generation) | {"kind": "ReplicaSet", "spec": {"replicas": generation}}
    return owned(made, "Deployment", "web", "d1")


def owned_pod(revision: int | None = None, *, deleting: bool = False) -> JSONObject:
    return owned(pod("p1", revision, deleting=deleting), "ReplicaSet", "web", "r1")


def rolled_out() -> Story:
    """A user makes a deployment (#1), the controllers its replica set (#2) and pod (#3)."""
    story = Story()
    story.ask("POST", DEPLOYMENTS, 201, deployment(revision=101))
    story.put(101, DEPLOYMENT, deployment())
    story.ask("POST", REPLICASETS, 201, replicaset(revision=102), agent=MANAGER)
    story.put(102, REPLICASET, replicaset())
    story.ask("POST", PODS, 201, owned_pod(revision=103), agent=MANAGER)
    story.put(103, POD, owned_pod())
    return story


def links(story: Story) -> dict[int, int]:
    """By revision, the exchange of which a change is a consequence."""
    return {e.change.revision: e.consequence.seq for e in story.told().entries if e.consequence is not None}


def test_what_controllers_make_is_chained_to_the_request_that_wrote_the_topmost_owner() -> None:
    story = rolled_out()
    assert links(story) == {102: 1, 103: 1}
    link = story.entry(103).consequence
    assert link is not None
    assert link.evidence == (
        "pods/default/web belongs to replicasets.apps/default/web, "
        "which belongs to deployments.apps/default/web, which #1 wrote"
    )


def test_it_is_a_link_and_the_request_that_made_the_change_stays_its_cause() -> None:
    entry = rolled_out().entry(103)
    assert entry.attribution is not None
    assert entry.attribution.seq == 3


def test_the_latest_write_of_the_spec_counts_not_that_of_the_status() -> None:
    story = rolled_out()
    story.ask("PUT", f"{DEPLOYMENTS}/web/status", 200, deployment(revision=104), agent=MANAGER)
    story.put(104, DEPLOYMENT, deployment() | {"status": {"replicas": 1}}, before=deployment())
    scaled = story.ask("PATCH", f"{DEPLOYMENTS}/web", 200, deployment(2, revision=105))
    story.put(105, DEPLOYMENT, deployment(2), before=deployment())
    story.ask("PUT", f"{REPLICASETS}/web", 200, replicaset(2, revision=106), agent=MANAGER)
    story.put(106, REPLICASET, replicaset(2), before=replicaset())
    assert links(story) == {102: 1, 103: 1, 104: 1, 106: scaled}


def test_a_user_who_deletes_an_owned_pod_follows_up_nothing() -> None:
    story = rolled_out()
    seq = story.ask("DELETE", f"{PODS}/web", 200, owned_pod(revision=104))
    story.delete(104, POD, before=owned_pod())
    assert 104 not in links(story)
    entry = story.entry(104)
    assert entry.attribution is not None
    assert entry.attribution.seq == seq


def test_who_ends_a_deletion_that_another_began_follows_up_that() -> None:
    story = Story()
    story.put(101, POD, pod(deleting=True, deletionGracePeriodSeconds=30), before=pod())
    shown = pod(revision=101, deleting=True, deletionGracePeriodSeconds=30)
    story.ask("DELETE", f"{PODS}/web", 200, shown)
    story.ask("DELETE", f"{PODS}/web", 200, pod(revision=102, deleting=True), agent="kubelet")
    story.delete(102, POD, before=pod(deleting=True))
    assert links(story) == {102: 1}


def test_a_status_follows_up_its_own_objects_spec() -> None:
    story = Story()
    story.ask("POST", PODS, 201, pod(revision=101, generation=1))
    story.put(101, POD, pod(generation=1))
    story.ask("PATCH", f"{PODS}/web/status", 200, pod(revision=102, generation=1), agent="kubelet")
    story.put(102, POD, pod(generation=1) | {"status": {"phase": "Running"}}, before=pod(generation=1))
    link = story.entry(102).consequence
    assert link is not None
    assert link.evidence == "it follows up what #1 wrote into pods/default/web"


def test_controllers_that_go_around_kproxy_have_the_link_without_a_cause() -> None:
    story = Story()
    story.ask("POST", DEPLOYMENTS, 201, deployment(revision=101))
    story.put(101, DEPLOYMENT, deployment())
    story.put(102, REPLICASET, replicaset())
    entry = story.entry(102)
    assert entry.standing is Standing.UNATTRIBUTED
    assert entry.consequence is not None
    assert entry.consequence.seq == 1


def test_a_client_does_not_follow_up_itself() -> None:
    story = Story()
    story.ask("POST", DEPLOYMENTS, 201, deployment(revision=101))
    story.put(101, DEPLOYMENT, deployment())
    story.ask("POST", REPLICASETS, 201, replicaset(revision=102))
    story.put(102, REPLICASET, replicaset())
    assert links(story) == {}


def test_what_controllers_put_into_a_new_namespace_and_take_away_with_it_follows_its_requests() -> None:
    story, account = Story(), "/registry/serviceaccounts/made/default"
    namespace: JSONObject = {"kind": "Namespace", "metadata": {"name": "made", "uid": "n1", "resourceVersion": "101"}}
    ending: JSONObject = {"kind": "Namespace", "metadata": {"name": "made", "uid": "n1", "deletionTimestamp": "2026"}}
    named: JSONObject = {"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "made", "uid": "s1"}}
    story.ask("POST", "/api/v1/namespaces", 201, namespace)
    story.put(101, NAMESPACE, namespace)
    story.put(102, account, named)
    ended: JSONObject = ending | {"metadata": {**metadata_of(ending), "resourceVersion": "103"}}
    seq = story.ask("DELETE", "/api/v1/namespaces/made", 200, ended)
    story.put(103, NAMESPACE, ending, before=namespace)
    story.delete(104, account, before=named)
    assert links(story) == {102: 1, 104: seq}


def test_what_the_garbage_collector_takes_after_its_owner_follows_the_deletion_of_that() -> None:
    story = Story()
    child = owned(pod("c1"), "Widget", "w", "w1")
    widget: JSONObject = {"kind": "Widget", "metadata": {"name": "w", "namespace": "default", "uid": "w1"}}
    target = "/apis/x.io/v1/namespaces/default/widgets"
    story.ask(
        "POST", target, 201, widget | {"metadata": {**metadata_of(pod("w1", 101)), "name": "w"}}, agent="operator"
    )
    story.put(101, "/registry/x.io/widgets/default/w", widget)
    story.ask("POST", PODS, 201, owned(pod("c1", 102), "Widget", "w", "w1"), agent="operator")
    story.put(102, POD, child)
    status: JSONObject = {"kind": "Status", "details": {"uid": "w1"}}
    deleted = story.ask("DELETE", f"{target}/w", 200, status)
    story.delete(103, "/registry/x.io/widgets/default/w", before=widget)
    story.ask("DELETE", f"{PODS}/web", 200, {"kind": "Status", "details": {"uid": "c1"}}, agent=MANAGER)
    story.delete(104, POD, before=child)
    assert links(story) == {104: deleted}


def edited(*more: tuple[int, JSONObject, JSONObject], key: str = "/registry/configmaps/default/web") -> Story:
    """What #1 made at 101 and nobody of the recording changed since: revision, value, value before."""
    story, made = Story(), pod() | {"data": {"a": "1"}}
    target = "/api/v1/namespaces/default/configmaps" if "configmaps" in key else PODS
    story.ask("POST", target, 201, pod(revision=101) | {"data": {"a": "1"}})
    story.put(101, key, made)
    for revision, value, before in more:
        story.put(revision, key, value, before=before)
    return story


def test_an_edit_around_kproxy_follows_up_nothing_and_a_status_does() -> None:
    made, other = pod() | {"data": {"a": "1"}}, pod() | {"data": {"a": "2"}}
    assert links(edited((102, other, made), (103, made, other))) == {}
    assert links(edited((102, made | {"status": {"phase": "Running"}}, made))) == {102: 1}


def test_a_binding_around_kproxy_follows_up_the_pod_though_it_writes_the_spec() -> None:
    made, bound = pod() | {"data": {"a": "1"}}, pod() | {"data": {"a": "1"}, "spec": {"nodeName": "n1"}}
    assert links(edited((102, bound, made), key=POD)) == {102: 1}
    assert links(edited((102, bound, made))) == {}


def test_a_long_chain_is_named_in_part_and_ends_at_its_request() -> None:
    story = Story()
    story.ask("POST", PODS, 201, pod("u0", 101, name="p0"))
    story.put(101, "/registry/pods/default/p0", pod("u0", name="p0"))
    for number in range(1, 100):
        made = owned(pod(f"u{number}", name=f"p{number}"), "Pod", f"p{number - 1}", f"u{number - 1}")
        story.put(101 + number, f"/registry/pods/default/p{number}", made)
    link = story.entry(200).consequence
    assert link is not None
    assert link.seq == 1
    assert "which belongs to …, which #1 wrote" in link.evidence
    assert len(link.evidence) < 1_000


def test_a_namespace_that_is_gone_has_no_follow_ups() -> None:
    story, account = Story(), "/registry/serviceaccounts/made/default"
    namespace: JSONObject = {"kind": "Namespace", "metadata": {"name": "made", "uid": "n1"}}
    shown: JSONObject = {"kind": "Namespace", "metadata": {"name": "made", "uid": "n1", "resourceVersion": "101"}}
    named: JSONObject = {"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "made", "uid": "s1"}}
    story.ask("POST", "/api/v1/namespaces", 201, shown)
    story.put(101, NAMESPACE, namespace)
    story.put(102, NAMESPACE, namespace | {"spec": {"finalizers": []}}, before=namespace)
    story.put(103, account, named)
    story.delete(104, NAMESPACE, before=namespace)
    story.put(105, "/registry/configmaps/made/kube-root-ca.crt", named | {"kind": "ConfigMap"})
    assert links(story).get(103) == 1
    assert 105 not in links(story)


def test_two_writes_of_one_object_on_the_way_are_named_once() -> None:
    story = rolled_out()
    story.put(104, REPLICASET, replicaset(2), before=replicaset())
    story.put(105, POD, owned_pod(deleting=True), before=owned_pod())
    link = story.entry(105).consequence
    assert link is not None
    assert link.evidence.count("replicasets.apps/default/web") == 1
