"""The start state as keys for a fresh etcd."""

import json
from dataclasses import dataclass, field

from kproxy.model.etcd import ClusterId, EtcdKey, EtcdStore, Revision
from kproxy.model.exchange import Body, BodyState
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.start import StartKey, StoredKey
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.startstate import Standing, standing_of
from kproxy.replay.restore_etcd import corrections, differing, renamed, seed_of
from kproxy.replay.webhooks import Handling, Webhooks
from tests.support.made import a_session
from tests.support.memory import MemoryRecording

MAIN, EVENTS = ClusterId("00000000000000aa"), ClusterId("00000000000000bb")
UID, OTHER = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"


@dataclass
class Held:
    """A recording with a start state."""

    recording: MemoryRecording = field(
        default_factory=lambda: MemoryRecording(
            session=a_session(start_state="etcd", etcd_prefix="/k8s"),
            etcd_list=[EtcdStore(cluster=MAIN), EtcdStore(cluster=EVENTS)],
        )
    )

    def key(
        self, path: str, revision: int, value: bytes | Body = b"x", cluster: ClusterId = MAIN, lease: int = 0
    ) -> None:
        """One more."""
        body = value if isinstance(value, Body) else self.recording.keep(value)
        self.recording.start_list.append(
            StartKey(
                cluster=cluster,
                key=EtcdKey(path.encode()),
                value=body,
                create_revision=Revision(1),
                mod_revision=Revision(revision),
                version=1,
                lease=lease,
                ttl=60 if lease else 0,
            )
        )


def stored(document: JSONObject) -> bytes:
    """As etcd has custom resources and API services."""
    return json.dumps(document).encode()


def test_keys_come_in_the_order_of_their_revisions_the_main_etcds_first_under_the_fresh_servers_prefix() -> None:
    held = Held()
    held.key("/k8s/configmaps/team/b", 5)
    held.key("/k8s/configmaps/team/a", 9, lease=7)
    held.key("/k8s/events/team/e", 2, cluster=EVENTS)
    held.key("/k8s/configmaps/team/empty", 3, Body(state=BodyState.EMPTY, size=0))
    assert seed_of(held.recording, Handling(Webhooks.DROP)).keys == (
        StoredKey(key=EtcdKey(b"/registry/configmaps/team/empty"), value=b""),
        StoredKey(key=EtcdKey(b"/registry/configmaps/team/b"), value=b"x"),
        StoredKey(key=EtcdKey(b"/registry/configmaps/team/a"), value=b"x", lease=7, ttl=60),
        StoredKey(key=EtcdKey(b"/registry/events/team/e"), value=b"x"),
    )


def test_what_a_fresh_server_makes_is_left_to_it_and_what_is_not_known_is_named() -> None:
    held = Held()
    automanaged: JSON = {"labels": {"kube-aggregator.kubernetes.io/automanaged": "true"}}
    held.key("/k8s/namespaces/kube-system", 1)
    held.key("/k8s/masterleases/192.0.2.1", 2)
    held.key("/k8s/apiregistration.k8s.io/apiservices/v1.example.com", 3, stored({"metadata": automanaged}))
    held.key("/k8s/secrets/team/s", 4, Body(state=BodyState.OPAQUE, size=9, reason="encrypted at rest"))
    seed = seed_of(held.recording, Handling(Webhooks.DROP))
    assert seed.keys == ()
    assert [(each.name, each.reason) for each in seed.missing] == [("secrets/team/s", "encrypted at rest")]


def test_what_may_refuse_what_a_server_is_made_ready_with_comes_later() -> None:
    held = Held()
    held.key("/k8s/resourcequotas/team/q", 4)
    held.key("/k8s/validatingadmissionpolicies/p", 5)
    seed = seed_of(held.recording, Handling(Webhooks.DROP))
    assert (seed.keys, len(seed.later)) == ((), 2)


def test_an_aggregated_api_that_is_not_there_is_left_out() -> None:
    held, handling = Held(), Handling(Webhooks.DROP)
    spec: JSONObject = {"group": "m.io", "version": "v1", "service": {"namespace": "a", "name": "b"}}
    held.key(
        "/k8s/apiregistration.k8s.io/apiservices/v1.m.io", 3, stored({"metadata": {"name": "v1.m.io"}, "spec": spec})
    )
    assert seed_of(held.recording, handling).keys == ()
    assert list(handling.aggregated) == [("m.io", "v1")]


def test_what_names_an_object_of_the_fresh_servers_own_names_that_of_the_fresh_server() -> None:
    renaming = Renaming()
    renaming.learn_name(Kind.UID, UID, OTHER)
    event: JSONObject = {"kind": "Event", "involvedObject": {"uid": UID, "name": "kubernetes"}}
    keys = (
        StoredKey(key=EtcdKey(b"/registry/events/default/e"), value=stored(event)),
        StoredKey(key=EtcdKey(b"/registry/configmaps/default/c"), value=stored({"kind": "ConfigMap"})),
        StoredKey(key=EtcdKey(b"/registry/x"), value=UID.encode()),  # no object: it stays
    )
    (changed,) = renamed(keys, renaming)
    assert changed.key == keys[0].key
    assert json.loads(changed.value)["involvedObject"]["uid"] == OTHER


def test_what_somebody_had_changed_of_a_servers_own_is_named_but_not_what_the_server_chooses() -> None:
    def role(name: str, uid: str, verb: str) -> bytes:
        return stored({"kind": "ClusterRole", "metadata": {"name": name, "uid": uid}, "rules": [{"verbs": [verb]}]})

    baseline = [
        standing_of(EtcdKey(b"/registry/clusterroles/view"), 1, role("view", UID, "get"), "/registry"),
        standing_of(EtcdKey(b"/registry/clusterroles/edit"), 2, role("edit", UID, "get"), "/registry"),
    ]
    live = [
        standing_of(EtcdKey(b"/registry/clusterroles/view"), 3, role("view", OTHER, "get"), "/registry"),
        standing_of(EtcdKey(b"/registry/clusterroles/edit"), 4, role("edit", OTHER, "list"), "/registry"),
    ]
    (found,) = differing(baseline, {each.name: each for each in live})
    assert found.name == "clusterroles.rbac.authorization.k8s.io/edit"
    assert found.there


def test_what_somebody_had_changed_is_changed_in_a_server_of_the_same_version_which_keeps_its_own_uid() -> None:
    def role(uid: str, verb: str) -> bytes:
        return stored({"kind": "ClusterRole", "metadata": {"name": "view", "uid": uid}, "rules": [{"verbs": [verb]}]})

    key = EtcdKey(b"/registry/clusterroles/view")
    held = Held()
    held.key("/k8s/clusterroles/view", 4, role(UID, "get"))
    same = standing_of(key, 3, role(OTHER, "get"), "/registry")
    assert list(corrections(held.recording, {same.name: same})) == []
    other = standing_of(key, 3, role(OTHER, "list"), "/registry")
    (made,) = corrections(held.recording, {other.name: other})
    assert made.key == key
    assert json.loads(made.value) == json.loads(role(OTHER, "get"))


def hook(client: JSONObject) -> bytes:
    """A stored webhook configuration that calls somebody."""
    return stored(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "guard"},
            "webhooks": [{"name": "g.example.com", "clientConfig": client, "failurePolicy": "Fail"}],
        }
    )


def test_a_webhook_that_is_not_there_is_stored_as_it_is_to_be_and_what_cannot_be_read_as_it_was() -> None:
    held, handling = Held(), Handling(Webhooks.DROP)
    held.key("/k8s/validatingwebhookconfigurations/guard", 3, hook({"service": {"namespace": "a", "name": "b"}}))
    held.key("/k8s/validatingwebhookconfigurations/broken", 4, b"{")
    first, second = seed_of(held.recording, handling).later
    assert json.loads(first.value)["webhooks"][0]["failurePolicy"] == "Ignore"
    assert json.loads(first.value)["webhooks"][0]["name"] == "g.example.com"
    assert second.value == b"{"
    assert len(handling.notes) == 1


def test_keys_of_somebody_else_in_the_same_etcd_are_left_alone() -> None:
    held = Held()
    held.key("/calico/x", 3)
    held.key("/k8s/configmaps/team/a", 4)
    assert [each.key for each in seed_of(held.recording, Handling(Webhooks.DROP)).keys] == [
        b"/registry/configmaps/team/a"
    ]


def test_only_what_people_may_change_or_name_is_said_to_differ_and_corrected() -> None:
    def kept(name: str, verb: str) -> Standing:
        document: JSONObject = {"kind": "X", "metadata": {"name": "n", "uid": verb}, "rules": [verb]}
        return standing_of(EtcdKey(f"/registry/{name}".encode()), 1, stored(document), "/registry")

    names = ("clusterroles/view", "clusterroles/gone", "leases/kube-system/l", "services/specs/default/kubernetes")
    live = {each.name: each for each in (kept(name, "list") for name in names if not name.endswith("gone"))}
    assert [each.name for each in differing([kept(name, "get") for name in names], live)] == [
        "clusterroles.rbac.authorization.k8s.io/view"
    ]
    held = Held()
    for revision, name in enumerate(names, 3):
        held.key(f"/k8s/{name}", revision, kept(name, "get").data or b"")
    held.key("/k8s/clusterroles/edit", 9, Body(state=BodyState.OPAQUE, size=9, reason="encrypted at rest"))
    edit = kept("clusterroles/edit", "list")
    assert [each.key for each in corrections(held.recording, {**live, edit.name: edit})] == [
        b"/registry/clusterroles/view"
    ]


def test_an_event_that_names_nothing_of_the_fresh_servers_own_stays_as_it_is() -> None:
    renaming = Renaming()
    renaming.learn_name(Kind.UID, UID, OTHER)
    event: JSONObject = {"kind": "Event", "involvedObject": {"uid": OTHER[::-1], "name": "x"}}
    assert list(renamed([StoredKey(key=EtcdKey(b"/registry/events/default/e"), value=stored(event))], renaming)) == []
