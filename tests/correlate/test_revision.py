"""kproxy.correlate.revision: whose an answered revision is."""

from kproxy.model.attribution import Basis
from kproxy.model.exchange import Nanos
from kproxy.model.jsontypes import JSONObject
from tests.correlate.story import POD, PODS, Story, pod, puts


def test_what_was_seen_before_a_request_began_is_not_its() -> None:
    story = Story()
    seq = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101), started=Nanos(5_000), ended=Nanos(6_000))
    story.put(101, POD, pod(), at=Nanos(4_000))
    assert story.grounds() == [(101, None, None)]
    assert [each.seq for each in story.told().no_op_writes] == [seq]


def test_of_two_that_answer_one_revision_the_first_made_it_if_it_had_ended() -> None:
    story = Story()
    first = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101))
    second = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101))
    story.put(101, POD, pod())
    assert story.grounds() == [(101, first, Basis.REVISION)]
    assert [each.seq for each in story.told().no_op_writes] == [second]


def test_of_two_at_the_same_time_an_update_of_that_very_revision_wrote_nothing() -> None:
    story = Story()
    story.ask("PUT", f"{PODS}/web", 200, pod(revision=101), pod(revision=101), ended=Nanos(9_000))
    wrote = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101), ended=Nanos(9_000))
    story.put(101, POD, pod())
    assert story.grounds() == [(101, wrote, Basis.REVISION)]


def test_of_two_at_the_same_time_that_nothing_tells_apart_neither_is_named() -> None:
    story = Story()
    for _ in range(2):
        story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101), ended=Nanos(9_000))
    story.put(101, POD, pod())
    assert story.grounds() == [(101, None, None)]
    assert story.entry(101).reason == "#1 and #2 went on at the same time, and both answered this revision"


def test_a_create_has_what_it_answers_whoever_else_does() -> None:
    story = Story()
    made = story.ask("POST", PODS, 201, pod(revision=101), ended=Nanos(9_000))
    story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101), ended=Nanos(9_000))
    story.put(101, POD, pod())
    assert story.grounds() == [(101, made, Basis.REVISION)]


def test_of_two_that_nothing_tells_apart_neither_is_a_write_that_changed_nothing() -> None:
    story = Story()
    for _ in range(2):
        story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101), ended=Nanos(9_000))
    story.put(101, POD, pod())
    assert story.told().no_op_writes == ()


def test_of_two_that_only_a_call_tells_apart_the_other_changed_nothing() -> None:
    story = Story()
    trace, parent = "a" * 32, "1" * 16
    shown, late = pod(revision=101), Nanos(9_000)
    wrote = story.ask("PATCH", f"{PODS}/web", 200, shown, ended=late, trace_id=trace, parent_id=parent)
    idle = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101), ended=Nanos(9_000))
    story.put(101, POD, pod())
    story.call(101, puts(POD), trace_id=trace, parent_id=parent)
    assert story.grounds() == [(101, wrote, Basis.TRACED)]
    assert [each.seq for each in story.told().no_op_writes] == [idle]


def test_an_update_of_the_very_revision_that_it_answers_wrote_nothing_though_the_change_was_seen_after_it_began() -> (
    None
):
    story = Story()
    story.put(101, POD, pod())  # by another client than the recording's, and the watch came late
    asked = story.ask("PUT", f"{PODS}/web", 200, pod(revision=101), pod(revision=101))
    assert (101, asked, Basis.REVISION) not in story.grounds()
    assert [each.seq for each in story.told().no_op_writes] == [asked]


def test_a_delete_whose_options_say_that_it_is_for_show_deletes_nothing() -> None:
    """As `kubectl delete --dry-run=server` sends it: in the body, not in the query."""
    story = Story()
    shown: JSONObject = {"kind": "Status", "status": "Success", "details": {"name": "web", "uid": "u1"}}
    story.ask("DELETE", f"{PODS}/web", 200, shown, {"kind": "DeleteOptions", "dryRun": ["All"]})
    story.delete(101, POD, pod("u1"))
    assert story.grounds() == [(101, None, None)]
    story.ask("DELETE", f"{PODS}/web", 200, shown, {"kind": "DeleteOptions", "dryRun": []})
    assert story.grounds() == [(101, 2, Basis.OBJECT)]
