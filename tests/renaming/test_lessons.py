"""kproxy.renaming.lessons: what two values tell, learned as if their documents were at hand."""

from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind, Owner, Place
from kproxy.renaming.lessons import lesson_of
from kproxy.renaming.renaming import Renaming

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
