"""kproxy.correlate.indirect: writes whose answers name no object, told by what they asked for."""

import pytest

from kproxy.correlate.changes import Changes
from kproxy.correlate.indirect import asked_service
from kproxy.correlate.values import Values
from kproxy.model.api import ObjectRef
from kproxy.model.attribution import Basis
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, JSONObject
from tests.correlate.story import POD, PODS, SERVICES, Story, pod, service

STATUS: JSONObject = {"kind": "Status", "status": "Success"}
FAILED: JSONObject = {"kind": "Status", "status": "Failure"}
TARGET: JSONObject = {"status": {"conditions": [{"type": "Ready"}, "odd", {"type": "DisruptionTarget"}]}}


def named(story: Story) -> list[tuple[int, Seq | None]]:
    """By whose object each revision was explained, guesses by time left out."""
    return [(revision, seq if basis is Basis.OBJECT else None) for revision, seq, basis in story.grounds()]


def on(node: str) -> JSONObject:
    return pod() | {"spec": {"nodeName": node}}


def test_a_pod_that_was_on_the_node_before_was_not_bound_now() -> None:
    story = Story()
    story.put(101, POD, on("n1") | {"status": {}}, before=on("n1"))
    binding: JSONObject = {"kind": "Binding", "target": {"kind": "Node", "name": "n1"}}
    story.ask("POST", f"{PODS}/web/binding", 201, STATUS, body=binding)
    assert named(story) == [(101, None)]


@pytest.mark.parametrize("target", [{"name": "n2"}, {}, "n1", None])
def test_a_binding_to_another_node_or_to_none_has_nothing(target: JSON) -> None:
    story = Story()
    story.put(101, POD, on("n1"), before=pod())
    story.ask("POST", f"{PODS}/web/binding", 201, STATUS, body={"kind": "Binding", "target": target})
    assert named(story) == [(101, None)]


def evicted(*revisions: int) -> list[tuple[int, Seq | None]]:
    return [(revision, Seq(1)) for revision in revisions]


def test_an_eviction_has_no_change_that_sets_its_condition_again() -> None:
    story = Story()
    story.ask("POST", f"{PODS}/web/eviction", 201, STATUS)
    story.put(101, POD, pod() | TARGET | {"spec": {}}, before=pod() | TARGET)
    story.put(102, POD, pod(labels={}), before=pod())
    story.put(103, POD, pod() | TARGET, before=pod())
    assert named(story) == [(101, None), (102, None), *evicted(103)]


def test_the_delete_of_a_pod_that_no_eviction_had_touched_is_not_said_to_be_one() -> None:
    story = Story()
    story.ask("POST", f"{PODS}/web/eviction", 201, STATUS)
    story.delete(101, POD, before=pod())
    assert named(story) == [(101, None)]


def test_the_next_pod_of_that_name_is_not_evicted_with_the_first() -> None:
    story = Story()
    story.ask("POST", f"{PODS}/web/eviction", 201, STATUS)
    story.put(101, POD, pod("u1") | TARGET, before=pod("u1"))
    story.put(102, POD, pod("u2", deleting=True), before=pod("u2"))
    assert named(story) == [*evicted(101), (102, None)]


def test_a_pod_that_finalizers_hold_is_taken_away_by_somebody_else() -> None:
    story = Story()
    story.ask("POST", f"{PODS}/web/eviction", 201, STATUS)
    story.put(101, POD, pod(deleting=True, finalizers=["x/y"]), before=pod(finalizers=["x/y"]))
    story.put(102, POD, pod(deleting=True), before=pod(deleting=True, finalizers=["x/y"]))
    assert named(story) == [*evicted(101), (102, None)]


def asked(story: Story) -> tuple[JSONObject, ObjectRef] | None:
    values = Values(story.recording, Changes(story.recording.key_changes()))
    return asked_service(values, story.recording.exchange_list[-1])


def test_a_service_that_was_asked_for_in_vain_is_named_by_its_body_or_its_path() -> None:
    story = Story()
    story.ask("POST", SERVICES, 400, FAILED, body=service())
    found = asked(story)
    assert found is not None
    assert found[1] == ObjectRef(group="", resource="services", namespace="default", name="web")
    story.ask("PUT", f"{SERVICES}/other", 409, FAILED, body={"kind": "Service", "metadata": {}})
    found = asked(story)
    assert found is not None
    assert found[1].name == "other"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("POST", SERVICES, 201),
        ("GET", f"{SERVICES}/web", 404),
        ("POST", PODS, 400),
        ("PUT", f"{SERVICES}/web/status", 400),
    ],
)
def test_what_came_about_what_is_read_and_what_is_no_service_asked_for_none_in_vain(
    method: str, target: str, status: int
) -> None:
    story = Story()
    story.ask(method, target, status, FAILED, body=service())
    assert asked(story) is None
