"""In which order objects are made."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSON
from kproxy.replay.restore_order import Item, in_order, item_of


def uid(number: int) -> str:
    """As the api-server makes them."""
    return f"00000000-0000-4000-8000-{number:012d}"


def item(number: int, resource: str, namespace: str = "", group: str = "", owners: tuple[str, ...] = ()) -> Item:
    """One of uid `uid(NUMBER)`."""
    ref = ObjectRef(group=group, resource=resource, namespace=namespace, name=f"n-{number}")
    references: list[JSON] = [{"uid": owner} for owner in owners]
    return item_of(number, ref, {"metadata": {"uid": uid(number), "ownerReferences": references}})


def test_what_others_stand_on_comes_first_and_what_hinders_them_last() -> None:
    items = [
        item(1, "validatingwebhookconfigurations", group="admissionregistration.k8s.io"),
        item(2, "resourcequotas", "team"),
        item(3, "pods", "team"),
        item(4, "secrets", "team"),
        item(5, "clusterroles", group="rbac.authorization.k8s.io"),
        item(6, "namespaces"),
        item(7, "customresourcedefinitions", group="apiextensions.k8s.io"),
    ]
    assert [each.number for each in in_order(items)] == [7, 6, 5, 4, 3, 2, 1]


def test_owners_come_before_what_they_own_whatever_their_kind() -> None:
    items = [
        item(1, "configmaps", "team", owners=(uid(2),)),
        item(2, "pods", "team", owners=(uid(3), "gone")),
        item(3, "resourcequotas", "team"),
    ]
    assert [each.number for each in in_order(items)] == [3, 2, 1]


def test_those_that_own_each_other_are_each_made_once() -> None:
    items = [item(1, "pods", "a", owners=(uid(2),)), item(2, "pods", "a", owners=(uid(1),))]
    assert sorted(each.number for each in in_order(items)) == [1, 2]


@given(st.lists(st.lists(st.integers(0, 19), max_size=3), min_size=20, max_size=20))
def test_every_object_is_made_once_and_behind_its_owners_where_there_is_no_circle(owners: list[list[int]]) -> None:
    items = [
        item(number, "pods", "team", owners=tuple(uid(owner) for owner in own if owner < number))
        for number, own in enumerate(owners)
    ]
    places = {each.number: place for place, each in enumerate(in_order(items))}
    assert sorted(places) == list(range(20))
    for number, own in enumerate(owners):
        assert all(places[owner] < places[number] for owner in own if owner < number)


def test_a_chain_of_owners_may_be_long() -> None:
    items = [item(number, "pods", "team", owners=(uid(number + 1),)) for number in range(5000)]
    assert [each.number for each in in_order(items)] == list(reversed(range(5000)))


def test_what_is_named_elsewhere_comes_first_too() -> None:
    event = ObjectRef(group="", resource="events", namespace="team", name="e")
    about: JSON = {"metadata": {"uid": uid(9)}, "involvedObject": {"uid": uid(2)}}
    assert [each.number for each in in_order([item_of(1, event, about), item(2, "widgets", "team", "z.io")])] == [2, 1]


def test_of_one_rank_the_elder_comes_first_and_of_one_age_the_first_by_name() -> None:
    def pod(number: int, name: str, created: str) -> Item:
        ref = ObjectRef(group="", resource="pods", namespace="team", name=name)
        return item_of(number, ref, {"metadata": {"creationTimestamp": created, "uid": uid(number)}})

    items = [
        pod(1, "a", "2026-11-02T00:00:00Z"),
        pod(2, "c", "2026-11-01T00:00:00Z"),
        pod(3, "b", "2026-11-01T00:00:00Z"),
    ]
    assert [each.number for each in in_order(items)] == [3, 2, 1]
