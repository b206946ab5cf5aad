"""kproxy.renaming.lessons: what two values tell, learned as if their documents were at hand."""

import pytest

from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind, Owner, Place
from kproxy.renaming.lessons import drawn_in, lesson_of, revision_of
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.unchanged import beside_of, field_of
from kproxy.renaming.value import renaming_json

UIDS = ("aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000001")
TIMES = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z")


def place(key: str, *, fields: tuple[str, ...] = (), **beside: str) -> Place:
    baseline: JSONObject = {**beside}
    return Place(key, baseline, dict(baseline), Owner(UIDS[0], resource="pods"), "", fields)


def test_a_lesson_teaches_what_its_place_would() -> None:
    where = {
        Kind.UID: (place("uid"), UIDS),
        Kind.REVISION: (place("resourceVersion", uid=UIDS[0]), ("5", "7")),
        Kind.TIME: (place("lastTransitionTime", fields=("status", "conditions"), type="Ready"), TIMES),
        Kind.NAME: (place("name", namespace="team", generateName="web-"), ("web-x2x4q", "web-b2b4b")),
        Kind.HASH: (place("pod-template-hash"), ("5d4f8c7b9", "6d4f8c7b9")),
        Kind.AGE: (place("cells"), ("5s", "7s")),
    }
    by_place, by_lesson = Renaming(), Renaming()
    for kind, (there, (baseline, replayed)) in where.items():
        lesson = lesson_of(kind, there, baseline, replayed)
        by_place.learn(kind, there, baseline, replayed, 2)
        by_lesson.take(lesson, 2)
        if kind is not Kind.AGE:
            assert by_place.agrees(kind, there, baseline, replayed)
            assert by_lesson.agrees(kind, there, baseline, replayed)
            assert by_lesson.stands(lesson)
            assert not Renaming().stands(lesson)
    assert by_lesson.counts() == by_place.counts()


def test_a_revision_that_is_only_referred_to_is_of_no_known_resource() -> None:
    assert lesson_of(Kind.REVISION, place("resourceVersion", uid=UIDS[1]), "5", "7")[3:5] == (UIDS[1], "?")
    assert lesson_of(Kind.REVISION, place("resourceVersion"), "5", "7")[3:5] == (UIDS[0], "pods")


def test_a_time_of_no_object_stands_for_any() -> None:
    lesson = lesson_of(Kind.TIME, Place("until", {}, {}, Owner(), "", ("spec",)), *TIMES)
    assert Renaming().stands(lesson)


def test_a_lists_revision_is_of_the_resource_that_was_listed() -> None:
    listed = Place("resourceVersion", {}, {}, Owner(UIDS[0], listing=True, resource="pods"))
    assert revision_of(listed) == ("", "pods")


def test_a_name_is_drawn_in_the_namespace_beside_it_a_tokens_volumes_in_its_pod() -> None:
    assert drawn_in(Kind.NAME, place("name", name="web-x2x4q", namespace="team")) == "team"
    assert drawn_in(Kind.NAME, place("name", name="kube-api-access-bbbbb")) == f"{UIDS[0]}/"
    assert drawn_in(Kind.NAME, place("name", name="web-x2x4q")) == ""


def test_a_time_is_its_fields_with_what_stands_beside_that_on_either_side() -> None:
    ready: JSONObject = {"type": "Ready", "status": "True", "lastTransitionTime": TIMES[0]}
    other: JSONObject = {"type": "Ready", "status": "False", "lastTransitionTime": TIMES[1]}
    there = Place("lastTransitionTime", ready, other, Owner(UIDS[0]), "", ("status", "conditions"))
    lesson = lesson_of(Kind.TIME, there, *TIMES)
    assert lesson.field == field_of(there, TIMES[0])
    assert lesson.beside == beside_of(there, lesson.field) != lesson.field.beside
    by_place, by_lesson = Renaming(), Renaming()
    by_place.learn(Kind.TIME, there, *TIMES)
    by_lesson.take(lesson)
    assert renaming_json(by_lesson) == renaming_json(by_place)


@pytest.mark.parametrize(
    ("kind", "there", "values"),
    [
        (Kind.HASH, place("pod-template-hash"), ("5d4f8c7b9", "6d4f8c7b9", "7d4f8c7b9")),
        (Kind.NAME, place("name", namespace="team", generateName="web-"), ("web-x2x4q", "web-b2b4b", "web-c2c4c")),
    ],
)
def test_what_was_seen_most_often_stays_however_it_was_told(kind: Kind, there: Place, values: tuple[str, ...]) -> None:
    renaming, (baseline, often, seldom) = Renaming(), values
    renaming.learn(kind, there, baseline, often, 3)
    renaming.learn(kind, there, baseline, seldom)
    renaming.learn(kind, there, baseline, seldom)
    renaming.settle()
    assert renaming.agrees(kind, there, baseline, often)
    assert not renaming.agrees(kind, there, baseline, seldom)
