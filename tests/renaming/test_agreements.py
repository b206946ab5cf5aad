"""kproxy.renaming.renaming: which two values that servers chose stand for each other, and what is known of one."""

import base64
from collections.abc import Callable

import pytest

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import Kind, Owner, Place
from kproxy.renaming.learn import learn_text
from kproxy.renaming.renaming import Renaming

FIRST, SECOND = "385ac3c3-d112-4b7c-aae9-3af50d03912e", "585ac3c3-d112-4b7c-aae9-3af50d03912e"
T1, T2, T3 = "2026-01-01T00:00:01Z", "2026-02-02T00:00:02Z", "2026-02-02T00:00:03Z"
OF_ONE = Place("resourceVersion", {"uid": FIRST}, {"uid": SECOND}, Owner(FIRST, resource="pods"))
OF_A_LIST = Place("resourceVersion", owner=Owner(listing=True, resource="pods"))
WHEN = Place("creationTimestamp", {}, {}, Owner(FIRST))


def settled(*learned: tuple[Kind, Place, JSON, JSON]) -> Renaming:
    renaming = Renaming()
    for kind, place, baseline, replayed in learned:
        renaming.learn(kind, place, baseline, replayed)
    renaming.settle()
    return renaming


def test_an_objects_revision_stands_for_its_image_and_a_lists_may_be_any() -> None:
    renaming = settled((Kind.REVISION, OF_ONE, "7", "90"))
    assert renaming.agrees(Kind.REVISION, OF_ONE, "7", "90")
    assert not renaming.agrees(Kind.REVISION, OF_ONE, "7", "91")
    assert renaming.agrees(Kind.REVISION, OF_A_LIST, "7", "91")
    assert renaming.knows(Kind.REVISION, OF_ONE, "7")
    assert not Renaming().knows(Kind.REVISION, OF_ONE, "7")


def test_a_time_stands_for_what_its_field_became() -> None:
    renaming = settled((Kind.TIME, WHEN, T1, T2))
    assert renaming.agrees(Kind.TIME, WHEN, T1, T2)
    assert not renaming.agrees(Kind.TIME, WHEN, T1, T3)
    assert renaming.knows(Kind.TIME, WHEN, T1)
    assert not renaming.knows(Kind.TIME, WHEN, T3)


def token(start: str) -> str:
    return base64.urlsafe_b64encode(f'{{"v": "meta.k8s.io/v1", "rv": 1, "start": "{start}"}}'.encode()).decode()


def test_a_continue_token_stands_for_the_one_that_goes_on_at_the_renamed_object() -> None:
    renaming = Renaming()
    renaming.learn_name(Kind.NAME, "web-aaaaa", "web-bbbbb")
    place = Place("continue")
    assert renaming.agrees(Kind.CONTINUE, place, token("default/web-aaaaa"), token("default/web-bbbbb"))
    assert not renaming.agrees(Kind.CONTINUE, place, token("default/web-aaaaa"), token("default/web-aaaaa"))


def test_a_hash_stands_for_its_image_behind_the_same_name() -> None:
    place = Place("pod-template-hash")
    renaming = settled((Kind.HASH, place, "web-5d4f8c7b9", "web-6c7d9f4bb"))
    assert renaming.image(Kind.HASH, "5d4f8c7b9") == "6c7d9f4bb"
    assert renaming.agrees(Kind.HASH, place, "web-5d4f8c7b9", "web-6c7d9f4bb")
    assert renaming.agrees(Kind.HASH, place, "5d4f8c7b9", "6c7d9f4bb")
    assert not renaming.agrees(Kind.HASH, place, "web-5d4f8c7b9", "app-6c7d9f4bb")
    assert not renaming.agrees(Kind.HASH, place, "web-5d4f8c7b9", "web-5d4f8c7b9")
    assert renaming.knows(Kind.HASH, place, "app-5d4f8c7b9")
    assert not renaming.knows(Kind.HASH, place, "app-75c9d7bfd8")


def test_what_has_no_hash_stands_for_itself_and_teaches_none() -> None:
    place = Place("pod-template-hash")
    renaming = settled((Kind.HASH, place, "no hash", "5d4f8c7b9"), (Kind.HASH, place, "5d4f8c7b9", "no hash"))
    assert renaming.counts() == ()
    assert renaming.agrees(Kind.HASH, place, "no hash", "no hash")
    assert not renaming.agrees(Kind.HASH, place, "no hash", "another")
    assert not renaming.agrees(Kind.HASH, place, "no hash", "5d4f8c7b9")
    assert renaming.knows(Kind.HASH, place, "no hash")


def test_a_uid_stands_for_its_image_wherever_it_is_named() -> None:
    renaming = settled((Kind.UID, Place("uid"), FIRST, SECOND))
    assert renaming.agrees(Kind.UID, Place("uid"), FIRST, SECOND)
    assert not renaming.agrees(Kind.UID, Place("uid"), FIRST, FIRST)
    assert renaming.knows(Kind.UID, Place("uid"), FIRST)
    assert not renaming.knows(Kind.UID, Place("uid"), SECOND)
    assert renaming.origin(Kind.UID, SECOND) == FIRST


def test_an_age_is_counted_where_it_differs_and_an_allocation_teaches_nothing() -> None:
    renaming = settled(
        (Kind.AGE, Place("cells"), "5s", "7s"),
        (Kind.AGE, Place("cells"), "5s", "5s"),
        (Kind.ALLOCATION, Place("data"), "AAA=", "AAB="),
    )
    assert renaming.counts() == (("age", 1),)
    assert renaming.knows(Kind.AGE, Place("cells"), "5s")


def bitmap(*taken: int) -> str:
    return base64.b64encode(sum(1 << (port - 30000) for port in taken).to_bytes(4)).decode()


def test_a_map_of_node_ports_stands_for_the_one_of_their_images() -> None:
    renaming = Renaming()
    renaming.learn_name(Kind.NODE_PORT, "30001", "30007")
    span: JSONObject = {"range": "30000-32767"}
    assert renaming.agrees(Kind.ALLOCATION, Place("data", span, span), bitmap(30001, 30003), bitmap(30007, 30003))
    assert not renaming.agrees(Kind.ALLOCATION, Place("data", span, span), bitmap(30001), bitmap(30001))
    assert renaming.agrees(Kind.ALLOCATION, Place("data"), bitmap(30001), bitmap(30002))
    assert not renaming.agrees(Kind.ALLOCATION, Place("data"), bitmap(30001), bitmap(30001, 30002))


def test_a_bitmap_that_is_larger_than_any_server_has_is_compared_as_it_is() -> None:
    large = base64.b64encode(bytes(1 << 20)).decode()
    renaming, place = Renaming(), Place("data")
    assert renaming.agrees(Kind.ALLOCATION, place, large, large)
    assert not renaming.agrees(Kind.ALLOCATION, place, large, base64.b64encode(bytes(4)).decode())


def test_a_long_text_is_renamed_as_a_short_one_each_time() -> None:
    renaming = Renaming()
    renaming.learn_name(Kind.UID, FIRST, SECOND)
    long = "x" * 1000
    for _ in range(2):
        assert renaming.text(f"{long} {FIRST} {long}") == f"{long} {SECOND} {long}"
    renaming.learn_name(Kind.NAME, "web-aaaaa", "web-bbbbb")
    assert renaming.text(f"{long} {FIRST} web-aaaaa") == f"{long} {SECOND} web-bbbbb"


def test_more_texts_than_are_remembered_are_renamed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.renaming.renaming._MOST_KEPT", 3)
    renaming = Renaming()
    renaming.learn_name(Kind.NAME, "web-aaaaa", "web-bbbbb")
    for _ in range(2):
        assert [renaming.text(f"{at} web-aaaaa") for at in range(9)] == [f"{at} web-bbbbb" for at in range(9)]


@pytest.mark.parametrize("make", [lambda uid: uid, lambda uid: f"kproxy-redacted-{uid.replace('-', '')}{'0' * 8}"])
def test_texts_teach_what_they_name_if_both_name_as_many(make: Callable[[str], str]) -> None:
    kind = Kind.UID if make(FIRST) == FIRST else Kind.PSEUDONYM
    renaming = Renaming()
    learn_text(renaming, f"{make(FIRST)} was", f"{make(SECOND)} is")
    assert renaming.image(kind, make(FIRST)) == make(SECOND)
    other = Renaming()
    learn_text(other, f"{make(FIRST)} was", f"{make(SECOND)} is {make(FIRST)}")
    assert other.image(kind, make(FIRST)) is None


def test_an_inverse_and_a_composition_leave_out_what_one_of_two_does_not_know() -> None:
    first, second = Renaming(), Renaming()
    first.modified["/openapi/v3", "Mon"] = "Tue"
    first.modified["/version", "Mon"] = "Tue"
    second.modified["/openapi/v3", "Tue"] = "Wed"
    assert first.compose(second).modified == {("/openapi/v3", "Mon"): "Wed"}


def test_a_composition_counts_the_ages_of_both() -> None:
    first, second = Renaming(), Renaming()
    first.learn(Kind.AGE, Place("cells"), "5s", "7s", 2)
    second.learn(Kind.AGE, Place("cells"), "7s", "9s", 3)
    assert first.compose(second).counts() == (("age", 5),)
