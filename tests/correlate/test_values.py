"""kproxy.correlate.values: what bodies say."""

from dataclasses import replace

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.values import Values
from kproxy.model.exchange import EMPTY_BODY
from kproxy.wire.objectfacts import NO_FACTS
from tests.correlate.story import POD, Story, pod


def values_of(story: Story) -> Values:
    return Values(story.recording, Changes(story.recording.key_changes()))


def test_what_cannot_be_decoded_says_nothing() -> None:
    story = Story()
    story.put(101, POD, pod())
    odd = story.recording.keep(b"{not JSON")
    story.recording.change_list[0] = replace(story.recording.change_list[0], value=odd, previous=odd)
    values, place = values_of(story), Place(0)
    assert values.value(place) == values.previous(place) == {}
    assert values.value_facts(place) == values.previous_facts(place) == NO_FACTS
    assert values.text(place, "metadata", "name") == values.text_before(place, "metadata", "name") == ""
    assert values.managers(place) == frozenset()
    told = (("Content-Type", "application/json"),)
    assert values.message(told, odd) is values.message_facts(told, odd) is None
    assert values.message(told, EMPTY_BODY) is values.message_facts(told, EMPTY_BODY) is None


def test_what_there_was_before_is_told_apart_from_what_is_there_now() -> None:
    story = Story()
    story.put(101, POD, pod("u1", name="new"), before=pod("u0", name="old"))
    story.delete(102, POD, before=pod("u1", name="new"))
    values = values_of(story)
    assert (values.text(Place(0), "metadata", "name"), values.text_before(Place(0), "metadata", "name")) == (
        "new",
        "old",
    )
    assert (values.uid(Place(0)), values.uid(Place(1))) == ("u1", "u1")
    assert values.value(Place(1)) == {}
    assert values.previous(Place(1)) == pod("u1", name="new")


def test_bodies_that_were_read_ahead_are_read_once() -> None:
    story = Story()
    story.put(101, POD, pod("u1"))
    values = values_of(story)
    values.read_ahead([None, *story.recording.body_bytes])
    story.recording.body_bytes.clear()
    assert values.value(Place(0)) == pod("u1")


def test_more_documents_than_are_remembered_are_all_right() -> None:
    story = Story()
    for revision in range(101, 351):
        story.put(revision, POD, pod(f"u{revision}"))
    values = values_of(story)
    for _ in range(2):
        assert [values.value(Place(place)) for place in range(250)] == [pod(f"u{n}") for n in range(101, 351)]
