"""kproxy.diff.ages."""

import pytest

from kproxy.diff.ages import STREAM_SLACK, age_is_right
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Place
from kproxy.renaming.times import seconds

CREATED = "2026-11-23T07:00:00Z"
ROW: JSONObject = {"object": {"metadata": {"creationTimestamp": CREATED}}}


@pytest.mark.parametrize(
    ("age", "passed", "right"),
    [("10s", 10, True), ("10s", 12, True), ("10s", 60, False), ("5m", 301, True), ("5m", 10, False), ("2d", 10, False)],
)
def test_an_age_is_the_time_since_the_objects_creation(age: str, passed: int, right: bool) -> None:
    now = (seconds(CREATED) or 0) + passed
    assert age_is_right(Place("cells", ROW, ROW, column="Age"), "1s", age, now) is right


def test_words_and_what_is_no_age_must_be_equal() -> None:
    place = Place("cells", ROW, ROW, column="Age")
    assert age_is_right(place, "<unknown>", "<unknown>", None)
    assert not age_is_right(place, "<unknown>", "5s", None)
    assert not age_is_right(place, "5s", "soon", None)


def test_without_a_creation_any_age_stands_for_another() -> None:
    assert age_is_right(Place("cells", {}, {}, column="Age"), "5s", "3h", None)


def test_only_the_column_of_ages_is_held_against_the_objects_creation() -> None:
    now = seconds(CREATED) or 0
    assert age_is_right(Place("cells", ROW, ROW, column="Last Seen"), "5s", "3h", now)
    assert age_is_right(Place("cells", {}, {}, column="Age"), "5s", "3h", now)
    assert age_is_right(Place("cells", ROW, ROW, column="Age"), "5s", "3h", None)
    odd: JSONObject = {"object": {"metadata": {"creationTimestamp": 7}}}
    assert age_is_right(Place("cells", odd, odd, column="Age"), "5s", "3h", now)
    assert not age_is_right(Place("cells", odd, ROW, column="Age"), "5s", "3h", now)


def test_an_event_of_a_stream_may_have_been_on_its_way_for_longer() -> None:
    place, now = Place("cells", ROW, ROW, column="Age"), (seconds(CREATED) or 0) + 25
    assert not age_is_right(place, "1s", "10s", now)
    assert age_is_right(place, "1s", "10s", now, STREAM_SLACK)
