"""kproxy.renaming.derived: names that are made of other values and of something drawn."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.apply import rename_body, rename_target
from kproxy.renaming.derived import FORMS, drawn_for, hash_in, stem_of, stems
from kproxy.renaming.kinds import Kind, Place, classify
from kproxy.renaming.learn import Learner
from kproxy.renaming.renaming import Renaming

U1, U2 = "385ac3c3-d112-4b7c-aae9-3af50d03912e", "585ac3c3-d112-4b7c-aae9-3af50d03912e"
H1, H2 = "5d4f8c7b9", "6c7d9f4bb"
CRON: JSONObject = {"ownerReferences": [{"kind": "CronJob", "name": "nightly"}]}
TOKEN: JSONObject = {"annotations": {"kubernetes.io/service-account.name": "default"}}

PAIRS: dict[str, tuple[JSONObject, str, str, str]] = {
    "generateName": ({"generateName": "web-"}, "web-x7k2p", "web-bbbbb", "web-bbbba"),
    "generateName, by a server with letters of its own": (
        {"generateName": "web-"},
        "web-0001",
        "web-0002",
        "app-0002",
    ),
    "a ReplicaSet's or ControllerRevision's name, with the hash in its label": ({}, "", "", ""),
    "an Event's name": ({}, "web.17a3b5c7d9e1f203", "web.18a3b5c7d9e1f203", "web.mine"),
    "a projected token's volume": ({}, "kube-api-access-x7k2p", "kube-api-access-bbbbb", "kube-api-access-mine"),
    "a ServiceAccount's token Secret": (TOKEN, "default-token-x7k2p", "default-token-bbbbb", "default-token-x"),
    "a CronJob's Job": (CRON, "nightly-29400180", "nightly-29400240", "nightly-1"),
    "an api-server's identity Lease": ({}, f"apiserver-{'a2' * 13}", f"apiserver-{'b3' * 13}", "apiserver-mine"),
    "a VolumeAttachment": ({}, f"csi-{'0a' * 32}", f"csi-{'1b' * 32}", "csi-mine"),
    "a kubelet's certificate request": ({}, f"node-csr-{'A' * 43}", f"node-csr-{'_' * 43}", "node-csr-mine"),
}


def test_every_form_has_a_pair_and_a_source() -> None:
    assert list(PAIRS) == [form.name for form in FORMS]
    assert all(form.source and form.example for form in FORMS)


@pytest.mark.parametrize("form", [form for form, (_, name, _, _) in PAIRS.items() if name])
def test_a_name_of_a_form_is_the_servers_beside_one_of_the_same_form_only(form: str) -> None:
    parent, first, second, other = PAIRS[form]
    place = Place("name", parent, parent)
    assert classify(place, first, second) is Kind.NAME
    assert classify(place, first, other) is None
    assert classify(place, other, second) is None
    assert classify(Place("image", parent, parent), first, second) is None


@pytest.mark.parametrize("form", ["an Event's name", "a ServiceAccount's token Secret", "a CronJob's Job"])
def test_a_name_that_was_made_of_something_else_is_a_difference(form: str) -> None:
    parent, first, second, _ = PAIRS[form]
    stem = str(stems(parent, parent, first, second)[0])  # type: ignore[index] # it is a pair
    other = json.loads(json.dumps(parent).replace(stem, "app"))
    wrong = second.replace(stem, "app")
    renaming = Renaming()
    place = Place("name", parent, other)
    renaming.learn(Kind.NAME, place, first, wrong)
    assert not renaming.agrees(Kind.NAME, place, first, wrong)
    right = Renaming()
    right.learn(Kind.NAME, Place("name", parent, parent), first, second)
    assert right.agrees(Kind.NAME, Place("name", parent, parent), first, second)


def test_a_long_prefix_is_cut_before_it_is_used() -> None:
    prefix = "a" * 60
    parent: JSONObject = {"generateName": prefix}
    assert classify(Place("name", parent, parent), "a" * 58 + "x7k2p", "a" * 58 + "bbbbb") is Kind.NAME


def test_a_suffix_of_another_form_is_a_difference() -> None:
    parent: JSONObject = {"generateName": "web-"}
    for wrong in ("web-X7K2P", "web-x7k2pp", "web-x7k2", "web-", "web-aeiou"):
        assert classify(Place("name", parent, parent), "web-x7k2p", wrong) is None


def test_an_event_is_named_for_the_pod_that_it_is_of() -> None:
    renaming = Renaming()
    pod: JSONObject = {"metadata": {"generateName": "web-", "name": "web-x7k2p"}}
    Learner(renaming).learn(pod, {"metadata": {"generateName": "web-", "name": "web-bbbbb"}})
    first, second = "web-x7k2p.17a3b5c7d9e1f203", "web-bbbbb.18a3b5c7d9e1f203"
    Learner(renaming).learn({"metadata": {"name": first}}, {"metadata": {"name": second}})
    place = Place("name", {"name": first}, {"name": second})
    assert renaming.agrees(Kind.NAME, place, first, second)
    assert rename_target(renaming, f"/api/v1/namespaces/default/events/{first}").endswith(second)


def deployment(letter: str, template: str, uid: str) -> tuple[JSONObject, JSONObject]:
    """A ReplicaSet of the Deployment `web`, and a pod of it, as one server made them."""
    labels: JSONObject = {"app": "web", "pod-template-hash": template}
    replica_set: JSONObject = {
        "kind": "ReplicaSet",
        "metadata": {"name": f"web-{template}", "uid": uid, "labels": labels, "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}},
    }
    owner: JSON = {"kind": "ReplicaSet", "name": f"web-{template}", "uid": uid}
    name = f"web-{template}-{letter * 5}"
    metadata: JSONObject = {
        "generateName": f"web-{template}-",
        "name": name,
        "labels": labels,
        "ownerReferences": [owner],
        "managedFields": [{"manager": "c", "fieldsV1": {"f:metadata": {f'k:{{"uid":"{uid}"}}': {}}}}],
    }
    return replica_set, {"kind": "Pod", "metadata": metadata, "message": f'pod "{name}" of web-{template} started'}


def test_what_a_deployment_makes_follows_the_hash_of_its_template() -> None:
    renaming = Renaming()
    recorded, live = deployment("x", H1, U1), deployment("b", H2, U2)
    Learner(renaming).learn(recorded[1], live[1])  # the pod alone: its ReplicaSet is renamed all the same
    for a, b in zip(recorded, live, strict=True):
        sent = json.loads(rename_body(renaming, "application/json", json.dumps(a).encode()))
        assert json.dumps(sent).replace("started", "") == json.dumps(b).replace("started", "")
    selector = f"/api/v1/pods?labelSelector=app%3Dweb%2Cpod-template-hash%3D{H1}"
    assert rename_target(renaming, selector) == selector.replace(H1, H2)
    plain = f"/api/v1/pods?labelSelector=pod-template-hash={H1}"
    assert rename_target(renaming, plain) == f"/api/v1/pods?labelSelector=pod-template-hash%3D{H2}"
    path = f"/apis/apps/v1/namespaces/default/replicasets/web-{H1}/scale"
    assert rename_target(renaming, path) == path.replace(H1, H2)
    assert renaming.text(f"my{H1} {H1}s web{H1} x{H1}-y") == f"my{H1} {H1}s web{H1} x{H1}-y"


def test_a_replica_set_is_named_for_its_deployment() -> None:
    recorded, live = deployment("x", H1, U1)[0]["metadata"], deployment("b", H2, U2)[0]["metadata"]
    assert isinstance(recorded, dict)
    assert isinstance(live, dict)
    place = Place("name", recorded, live)
    assert classify(place, f"web-{H1}", f"web-{H2}") is Kind.NAME
    assert classify(place, f"web-{H1}", f"web-{H1}") is None
    assert drawn_for(recorded) == drawn_for(live) != ""


def test_a_controller_revision_follows_its_hash_with_its_name() -> None:
    renaming = Renaming()
    Learner(renaming).learn({"status": {"currentRevision": f"db-{H1}"}}, {"status": {"currentRevision": f"db-{H2}"}})
    place = Place("controller-revision-hash")
    assert renaming.agrees(Kind.HASH, place, f"db-{H1}", f"db-{H2}")
    assert renaming.agrees(Kind.HASH, place, H1, H2)
    assert not renaming.agrees(Kind.HASH, place, f"db-{H1}", f"web-{H2}")
    assert not renaming.agrees(Kind.HASH, place, f"db-{H1}", f"db-{H1}")


def test_a_hash_that_would_need_two_images_is_a_difference() -> None:
    renaming = Renaming()
    place = Place("pod-template-hash")
    for _ in range(2):
        renaming.learn(Kind.HASH, place, H1, H2)
    renaming.learn(Kind.HASH, place, H1, "bbbbbbbbb")
    renaming.settle()
    assert renaming.agrees(Kind.HASH, place, H1, H2)
    assert not renaming.agrees(Kind.HASH, place, H1, "bbbbbbbbb")


@pytest.mark.parametrize("value", ["", "web", "web-", "5d4f8", "web-aeiou1", "web-5d4f8c7b9xx"])
def test_what_is_no_hash_is_none(value: str) -> None:
    assert hash_in(value) is None


@pytest.mark.parametrize("form", [form for form, (_, name, _, _) in PAIRS.items() if name])
def test_the_quick_look_lets_every_form_pass(form: str) -> None:
    parent, first, _, _ = PAIRS[form]
    assert stem_of(parent, first) is not None


def test_an_object_with_a_name_of_its_own_was_drawn_for_nothing() -> None:
    assert drawn_for({"name": "web", "namespace": "default"}) == ""
    assert stem_of({"generateName": "web-"}, "other") is None
    assert drawn_for({"name": "web-x7k2p", "generateName": "web-", "namespace": "a"}) == drawn_for(
        {"name": "web-bbbbb", "generateName": "web-", "namespace": "a"}
    )


JSONS = st.recursive(
    st.one_of(st.none(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["generateName", "ownerReferences", "annotations", "kind", "name"]), inner),
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["generateName", "ownerReferences", "annotations"]), JSONS), st.text(max_size=70)
)
def test_whatever_stands_beside_a_name_it_is_read(parent: JSONObject, name: str) -> None:
    found = stems(parent, parent, name, name)
    assert found is None or found[0] == found[1]


@pytest.mark.parametrize(
    ("minutes", "drawn"), [("1234567", False), ("12345678", True), ("1234567890", True), ("12345678901", False)]
)
def test_a_cron_jobs_job_is_named_for_a_minute_of_its_time(minutes: str, drawn: bool) -> None:
    parent: JSONObject = {"ownerReferences": [{"kind": "CronJob", "name": "c"}]}
    assert (stem_of(parent, f"c-{minutes}") is not None) is drawn
