"""kproxy.correlate.owners: whose an object is, and who wrote a spec last."""

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.owners import Owners, owning_manager
from kproxy.correlate.values import Values
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSONObject
from tests.correlate.story import POD, Story, pod


def owners_of(story: Story) -> tuple[Owners, Changes]:
    changes = Changes(story.recording.key_changes())
    return Owners(changes, Values(story.recording, changes)), changes


def test_a_spec_is_written_where_the_generation_changes_the_object_is_made_or_its_deletion_begins() -> None:
    story = Story()
    first, second = pod(generation=1), pod(generation=2)
    story.put(101, POD, first)
    story.put(102, POD, first | {"status": {}}, before=first)
    story.put(103, POD, second, before=first)
    story.put(104, POD, pod(generation=2, deletionTimestamp="2026"), before=second)
    story.put(105, POD, pod(generation=2, deletionTimestamp="2026", labels={}), before=pod(deleting=True))
    owners, changes = owners_of(story)
    found = [owners.spec_write(EtcdKey(POD.encode()), Place(place)) for place in range(len(changes) + 1)]
    assert found[:5] == [None, 0, 0, 2, 3]


def test_of_what_has_no_generation_the_content_is_compared() -> None:
    story = Story()
    one, two = pod() | {"data": {"a": "1"}}, pod() | {"data": {"a": "2"}}
    story.put(101, POD, one)
    story.put(102, POD, pod(labels={}) | {"data": {"a": "1"}}, before=one)
    story.put(103, POD, two, before=one)
    owners, _ = owners_of(story)
    assert [owners.spec_write(EtcdKey(POD.encode()), Place(place)) for place in (1, 2, 3)] == [0, 0, 2]


def test_an_objects_owners_are_the_controller_first_and_another_life_has_its_own() -> None:
    story = Story()
    controller: JSONObject = {"kind": "ReplicaSet", "name": "rs", "uid": "r1", "controller": True}
    both = pod("c1", ownerReferences=[{"kind": "Widget", "name": "w", "uid": "w1"}, controller])
    story.put(101, POD, both)
    story.delete(102, POD, before=both)
    story.put(103, POD, pod("c2"))
    owners, changes = owners_of(story)
    lives = [owners.see(place) for place in changes.places()]
    assert [life.owners if life else None for life in lives] == [("r1", "w1"), ("r1", "w1"), None]
    assert owners.of_uid("c2") == POD.encode()
    assert owners.of_uid("nobody") is None


def test_who_owns_the_owner_references_made_the_object() -> None:
    made: JSONObject = {"manager": "rs-controller", "fieldsV1": {"f:metadata": {"f:ownerReferences": {}}}}
    labelled: JSONObject = {"manager": "kubectl", "fieldsV1": {"f:metadata": {"f:labels": {}}}}
    assert owning_manager(pod(managedFields=[labelled, made])) == "rs-controller"
    assert owning_manager(pod(managedFields=[labelled, "x", {}])) == owning_manager(pod()) == ""
