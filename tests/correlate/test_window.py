"""kproxy.correlate.window: guesses by time."""

from kproxy.correlate.window import LAG
from kproxy.model.attribution import Basis
from kproxy.model.exchange import Nanos
from tests.correlate.story import POD, PODS, Story, pod

MS = 1_000_000


def test_the_only_request_for_the_resource_at_that_time_is_guessed_and_says_so() -> None:
    story = Story()
    seq = story.ask("PATCH", f"{PODS}/web", 200, None, started=Nanos(5 * MS), ended=Nanos(9 * MS))
    story.put(101, POD, pod(), at=Nanos(7 * MS))
    assert story.grounds() == [(101, seq, Basis.WINDOW)]
    found = story.entry(101).attribution
    assert found is not None
    assert found.evidence.startswith("a guess")


def test_of_two_that_may_have_been_it_none_is_named_and_the_reason_names_both() -> None:
    story = Story()
    for _ in range(2):
        story.ask("PATCH", f"{PODS}/web", 200, None, started=Nanos(5 * MS), ended=Nanos(9 * MS))
    story.put(101, POD, pod(), at=Nanos(7 * MS))
    assert story.grounds() == [(101, None, None)]
    assert "#1, #2" in story.entry(101).reason


def test_a_request_for_another_object_one_that_failed_and_one_of_another_time_are_not_it() -> None:
    story = Story()
    story.ask("PATCH", f"{PODS}/other", 200, None, started=Nanos(5 * MS), ended=Nanos(9 * MS))
    story.ask("PATCH", f"{PODS}/web", 409, None, started=Nanos(5 * MS), ended=Nanos(9 * MS))
    story.ask("PATCH", f"{PODS}/web", 200, None, started=Nanos(8 * MS), ended=Nanos(9 * MS))
    story.put(101, POD, pod(), at=Nanos(7 * MS))
    assert story.grounds() == [(101, None, None)]


def test_a_request_whose_answer_tells_what_it_wrote_is_not_guessed_to_have_written_more() -> None:
    story = Story()
    story.ask("POST", PODS, 201, pod(revision=101), started=Nanos(5 * MS), ended=Nanos(9 * MS))
    story.put(102, "/registry/pods/default/stranger", pod("u2"), at=Nanos(7 * MS))
    assert story.grounds() == [(102, None, None)]


def test_a_request_that_names_a_resource_and_no_object_may_have_changed_each_of_them() -> None:
    story = Story()
    seq = story.ask("DELETE", PODS, 200, None, started=Nanos(5 * MS), ended=Nanos(9 * MS))
    story.delete(101, POD, before=pod(), at=Nanos(7 * MS))
    story.delete(102, "/registry/pods/elsewhere/web", before=pod(), at=Nanos(7 * MS))
    assert story.grounds() == [(101, seq, Basis.WINDOW), (102, None, None)]


def test_a_change_is_seen_a_moment_after_the_request_ended_and_not_before_it_began() -> None:
    for at, found in ((5 * MS - 1, None), (5 * MS, 1), (9 * MS + LAG, 1), (9 * MS + LAG + 1, None)):
        story = Story()
        story.ask("PATCH", f"{PODS}/web", 200, None, started=Nanos(5 * MS), ended=Nanos(9 * MS))
        story.put(101, POD, pod(), at=Nanos(at))
        assert [seq for _, seq, _ in story.grounds()] == [found]


def test_a_namespace_is_named_by_the_request_that_writes_it() -> None:
    story = Story()
    seq = story.ask("PATCH", "/api/v1/namespaces/made", 200, None, started=Nanos(5 * MS), ended=Nanos(9 * MS))
    story.put(101, "/registry/namespaces/made", {}, at=Nanos(7 * MS))
    story.put(102, "/registry/namespaces/other", {}, at=Nanos(7 * MS))
    assert story.grounds() == [(101, seq, Basis.WINDOW), (102, None, None)]
