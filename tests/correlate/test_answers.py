"""kproxy.correlate.answers: whose an answered revision is."""

from kproxy.model.attribution import Basis
from kproxy.model.exchange import Nanos
from tests.correlate.story import POD, PODS, Story, pod


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
