"""The ground `object` where several requests may have made a change."""

import pytest

from kproxy.model.attribution import Basis
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.jsontypes import JSONObject
from tests.correlate.story import POD, PODS, SERVICE, SERVICES, Story, deletes, pod, service

SETS = "/apis/apps/v1/namespaces/default/replicasets"
SET = "/registry/replicasets/default/web"
GONE: JSONObject = {"kind": "Status", "status": "Success", "details": {"name": "web", "uid": "u1"}}
LATER = Nanos(900_000)
"""When a request ends that goes on while the next ones begin."""


def two_deletions(*, ended: Nanos = LATER, answer: JSONObject = GONE) -> tuple[Story, Seq, Seq]:
    """Two requests that delete one set, which goes at revision 101."""
    story = Story()
    first = story.ask("DELETE", f"{SETS}/web", 200, answer, ended=ended)
    second = story.ask("DELETE", f"{SETS}/web", 200, answer)
    story.delete(101, SET, before=pod())
    return story, first, second


def test_of_two_deletions_that_went_on_at_once_neither_is_named() -> None:
    story, first, second = two_deletions()
    assert story.grounds() == [(101, None, None)]
    reason = f"#{first}, #{second} went on at the same time, and each may have done this to the object"
    assert story.entry(101).reason == reason


def test_an_earlier_deletion_that_had_ended_made_it() -> None:
    story, first, _ = two_deletions(ended=Nanos(1500))
    assert story.grounds() == [(101, first, Basis.OBJECT)]


@pytest.mark.parametrize("winner", [0, 1])
def test_a_trace_tells_which_of_two_it_was_and_nothing_contradicts_it(winner: int) -> None:
    story = Story()
    trace, parents = "a" * 32, [f"{number:016}" for number in (1, 2)]
    both = [
        story.ask("DELETE", f"{SETS}/web", 200, GONE, ended=LATER, trace_id=trace, parent_id=parent)
        for parent in parents
    ]
    story.call(101, deletes(SET), trace_id=trace, parent_id=parents[winner])
    story.delete(101, SET, before=pod())
    entry = story.entry(101)
    assert entry.attribution
    assert (entry.attribution.seq, entry.contradictions) == (both[winner], ())


def test_a_third_request_without_an_answer_is_not_guessed_where_two_others_may_have_done_it() -> None:
    story, *_ = two_deletions()
    story.ask("DELETE", f"{SETS}/web", 200, None, ended=Nanos(2_000_000))
    assert story.grounds() == [(101, None, None)]


def test_of_three_all_are_named_in_the_reason() -> None:
    story, first, second = two_deletions()
    third = story.ask("DELETE", f"{SETS}/web", 200, GONE)
    assert story.entry(101).reason.startswith(f"#{first}, #{second}, #{third} went on")


def test_what_may_have_made_a_change_is_no_write_that_changed_nothing() -> None:
    story, first, second = two_deletions(answer=pod(revision=100))
    story.put(100, SET, pod())
    story.recording.change_list.sort(key=lambda change: change.revision)
    ledger = story.told()
    assert [each.seq for each in ledger.no_op_writes if each.seq in {first, second}] == []


def test_two_that_answer_the_revision_of_one_mark_have_neither_set_it_for_sure() -> None:
    story = Story()
    held = pod(deleting=True, finalizers=["x/y"])
    answer = pod(revision=101, deleting=True, finalizers=["x/y"])
    story.ask("DELETE", f"{SETS}/web", 200, answer, ended=LATER)
    story.ask("DELETE", f"{SETS}/web", 200, answer, ended=LATER)
    story.put(101, SET, held, before=pod(finalizers=["x/y"]))
    story.delete(102, SET, before=held)
    assert story.grounds() == [(101, None, None), (102, None, None)]


def test_a_deletion_without_a_revision_had_set_the_mark_that_it_answers() -> None:
    story = Story()
    marked = pod(deleting=True, deletionGracePeriodSeconds=0)
    won = story.ask("DELETE", f"{PODS}/web", 200, marked | pod(revision=102, deleting=True), ended=LATER)
    lost = story.ask("DELETE", f"{PODS}/web", 200, marked, ended=LATER)
    story.put(101, POD, marked, before=pod())
    story.delete(102, POD, before=marked)
    assert story.grounds() == [(101, lost, Basis.OBJECT), (102, won, Basis.REVISION)]


def test_two_that_both_say_so_have_neither_set_it_for_sure() -> None:
    story = Story()
    marked = pod(deleting=True, deletionGracePeriodSeconds=0)
    for _ in range(2):
        story.ask("DELETE", f"{PODS}/web", 200, marked, ended=LATER)
    story.put(101, POD, marked, before=pod())
    assert story.grounds() == [(101, None, None)]


def test_a_collections_deletion_and_one_of_its_objects_may_each_have_taken_it() -> None:
    story = Story()
    listed: JSONObject = {"kind": "PodList", "metadata": {}, "items": [pod(revision=100)]}
    story.ask("DELETE", PODS, 200, listed, ended=LATER)
    story.ask("DELETE", f"{PODS}/web", 200, GONE)
    story.delete(101, POD, before=pod())
    assert story.grounds() == [(101, None, None)]


def test_of_two_evictions_at_once_neither_is_named() -> None:
    story = Story()
    for _ in range(2):
        story.ask("POST", f"{PODS}/web/eviction", 201, {"kind": "Status", "status": "Success"}, ended=LATER)
    target: JSONObject = {"status": {"conditions": [{"type": "DisruptionTarget"}]}}
    story.put(101, POD, pod() | target, before=pod())
    story.put(102, POD, pod(deleting=True) | target, before=pod() | target)
    story.delete(103, POD, before=pod(deleting=True) | target)
    assert story.grounds() == [(revision, None, None) for revision in (101, 102, 103)]


def test_an_address_that_a_service_gave_back_is_nobody_s_either() -> None:
    story = Story()
    for _ in range(2):
        story.ask("DELETE", f"{SERVICES}/web", 200, GONE, ended=LATER)
    story.delete(101, SERVICE, before=service("10.0.0.7"))
    story.delete(102, "/registry/ipaddresses/10.0.0.7", before={"kind": "IPAddress"})
    assert story.grounds() == [(101, None, None), (102, None, None)]


def test_an_address_of_a_service_whose_write_two_answer_is_nobody_s_either() -> None:
    story = Story()
    for method in ("PATCH", "PUT"):
        story.ask(method, f"{SERVICES}/web", 200, service("10.0.0.7", revision=102), ended=LATER)
    parent: JSONObject = {"group": "", "resource": "services", "namespace": "default", "name": "web"}
    story.put(101, "/registry/ipaddresses/10.0.0.7", {"kind": "IPAddress", "spec": {"parentRef": parent}})
    story.put(102, SERVICE, service("10.0.0.7"), before=service())
    assert story.grounds() == [(101, None, None), (102, None, None)]


@pytest.mark.parametrize(("pause", "named"), [(5_000_000_000, [1, 2]), (1_000_000_000, [1, None])])
def test_what_a_failed_service_took_is_its_own_if_none_failed_a_little_before(pause: int, named: list[int]) -> None:
    story = Story()
    parent: JSONObject = {"group": "", "resource": "services", "namespace": "default", "name": "web"}
    address: JSONObject = {"kind": "IPAddress", "metadata": {"name": "10.0.0.7"}, "spec": {"parentRef": parent}}
    refused: JSONObject = {"kind": "Status", "status": "Failure"}
    for number in (1, 2):
        start = Nanos(number * pause)
        story.ask("POST", SERVICES, 422, refused, body=service(), started=start, ended=Nanos(start + 1500))
        story.put(100 + number, "/registry/ipaddresses/10.0.0.7", address, at=Nanos(start + 1600))
    assert [seq for _, seq, _ in story.grounds()] == named
