"""kproxy.renaming.unchanged."""

import pytest

from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.bijection import Bijection
from kproxy.renaming.kinds import Owner, Place
from kproxy.renaming.unchanged import Field, Unchanged, grace_of

T1, T2, T3 = "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:03Z"


def entry(manager: str) -> Place:
    """The time of a manager's entry."""
    parent: JSONObject = {"manager": manager, "time": T1}
    return Place("time", parent, {}, Owner("uid"), "", ("metadata", "managedFields", "time"))


def test_an_unchanged_field_must_not_change_in_the_replay() -> None:
    times = Unchanged()
    times.learn(entry("a"), T1, T2)
    times.learn(entry("a"), T1, T2)
    times.learn(entry("a"), T1, T3)
    times.settle()
    assert times.agrees(entry("a"), T1, T2)
    assert not times.agrees(entry("a"), T1, T3)


def test_another_managers_entry_of_the_same_second_may_have_another_time() -> None:
    times = Unchanged()
    times.learn(entry("a"), T1, T2)
    times.learn(entry("b"), T1, T3)
    times.settle()
    assert times.agrees(entry("a"), T1, T2)
    assert times.agrees(entry("b"), T1, T3)


def test_two_times_may_become_one() -> None:
    times = Unchanged()
    times.learn(entry("a"), T1, T3)
    times.learn(entry("a"), T2, T3)
    times.settle()
    assert times.agrees(entry("a"), T1, T3)
    assert times.agrees(entry("a"), T2, T3)


def test_the_newest_time_of_an_object_is_this_versions_only() -> None:
    parent: JSONObject = {"manager": "a", "time": T1}
    fields = ("metadata", "managedFields", "time")
    first = Place("time", parent, {}, Owner("uid", revision="7", newest=T1), "", fields)
    second = Place("time", parent, {}, Owner("uid", revision="8", newest=T1), "", fields)
    times = Unchanged()
    times.learn(first, T1, T2)
    times.learn(second, T1, T3)
    times.settle()
    assert times.agrees(first, T1, T2)
    assert times.agrees(second, T1, T3)
    assert not times.agrees(first, T1, T3)


def test_what_has_no_uid_does_not_last() -> None:
    assert Unchanged().agrees(Place("time", {}, {}, Owner()), T1, T2)


def test_a_deletions_time_is_set_anew_when_its_time_of_grace_is_made_shorter() -> None:
    """A kubelet's last deletion, without grace, came within the second that the first one had promised."""

    def deletion(grace: int) -> Place:
        parent: JSONObject = {"deletionTimestamp": T2, "deletionGracePeriodSeconds": grace}
        return Place("deletionTimestamp", parent, {}, Owner("uid"), "", ("metadata", "deletionTimestamp"))

    times = Unchanged()
    times.learn(deletion(1), T2, T2)
    times.learn(deletion(0), T2, T3)
    times.settle()
    assert times.agrees(deletion(1), T2, T2)
    assert times.agrees(deletion(0), T2, T3)
    assert not times.agrees(deletion(1), T2, T3)


def test_an_objects_creation_is_one_time_whatever_else_changes() -> None:
    times = Unchanged()
    times.learn(Place("creationTimestamp", {"labels": {}}, {}, Owner("uid")), T1, T2)
    assert times.agrees(Place("creationTimestamp", {"labels": {"a": "b"}}, {}, Owner("uid")), T1, T2)
    assert not times.agrees(Place("creationTimestamp", {}, {}, Owner("uid")), T1, T3)
    assert times.image(Place("creationTimestamp", {}, {}, Owner("uid")), T1) == T2
    assert times.image(Place("creationTimestamp", {}, {}, Owner("another")), T1) is None


def test_a_deletions_time_is_one_for_each_time_of_grace() -> None:
    def deleting(grace: int) -> Place:
        metadata: JSONObject = {"deletionGracePeriodSeconds": grace}
        return Place("deletionTimestamp", metadata, {"deletionGracePeriodSeconds": grace + 1}, Owner("uid"))

    times = Unchanged()
    times.learn(deleting(30), T1, T2)
    times.learn(deleting(0), T1, T3)
    assert times.agrees(deleting(30), T1, T2)
    assert times.agrees(deleting(0), T1, T3)
    assert not times.agrees(deleting(0), T1, T2)
    assert grace_of(deleting(30)) == (30, 31)
    assert grace_of(Place("creationTimestamp", {"deletionGracePeriodSeconds": 3}, {})) == (0, 0)
    assert grace_of(Place("deletionTimestamp", {"deletionGracePeriodSeconds": "3"}, {})) == (0, 0)


def test_what_stands_beside_a_time_is_the_same_in_any_order_and_however_large_or_deep() -> None:
    deep: JSONObject = {}
    for _ in range(30_000):
        deep = {"a": deep} if deep else {"a": ["x", {}, []]}
    small: JSONObject = {"a": "x", "b": [1]}
    large: JSONObject = {"large": "x" * 20_000, "b": 1}
    for beside in (small, large, {"deep": deep}):
        there = dict(reversed(beside.items()))
        times = Unchanged()
        times.learn(Place("time", {"time": T1, **beside}, {}, Owner("uid")), T1, T2)
        assert times.agrees(Place("time", {**there, "time": T1}, {}, Owner("uid")), T1, T2)
        assert not times.agrees(Place("time", {**there, "c": 1}, {}, Owner("uid")), T1, T2)


def test_of_fields_that_become_one_the_first_has_the_word() -> None:
    field = Field("uid", ("metadata", "creationTimestamp"), "", "")
    first, second = Bijection(injective=False), Bijection(injective=False)
    first.learn(T1, T2)
    second.learn(T1, T3)
    made = Unchanged.of([(field, "", first), (field, "", second)])
    assert [dict(times.items()) for _, _, times in made.items()] == [{T1: T2}]


@pytest.mark.parametrize(("uid", "lost"), [("uid", True), ("", False)])
def test_only_a_time_that_is_held_against_others_can_lose_its_image(uid: str, lost: bool) -> None:
    times, place = Unchanged(), Place("creationTimestamp", {}, {}, Owner(uid))
    times.learn(place, T1, T2)
    for _ in range(2):
        times.learn(place, T1, T3)
    assert times.settle() is lost
