"""kproxy.replay.touches; what it orders is tried with whole plans in test_graph.py."""

from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Nanos
from kproxy.model.jsontypes import JSONObject
from kproxy.replay.ownchanges import Settle
from kproxy.replay.scopes import Scopes
from kproxy.replay.touches import settled
from tests.replay.test_graph import MAPS, NAMESPACE, PODS, UID, Session, named

OTHER = UID.replace("a", "b")


def definition(name: str) -> Settle:
    """A definition comes."""
    key = EtcdKey(f"/registry/apiextensions.k8s.io/customresourcedefinitions/{name}".encode())
    return Settle(key=key, version=1, at=Nanos(0))


def test_definitions_of_one_group_are_published_one_after_the_other_and_those_of_two_beside_each_other() -> None:
    scopes = Scopes(None)
    names = ("one.example.org", "two.example.org", "three.example.com")
    waits = [scopes.take(number, settled(definition(name))) for number, name in enumerate(names)]
    assert waits == [{}, {0: ("group", "example.org")}, {}]


def test_the_deletion_of_an_owner_of_nothing_and_of_a_dependent_orders_no_other_lists() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x", UID))
    owned: JSONObject = named("p", OTHER, ownerReferences=[{"uid": UID}, "none", {"uid": 7}])
    session.add("POST", PODS, 201, sent=owned, said=owned)
    session.add("DELETE", f"{PODS}/p", said=owned)
    maps = session.add("GET", MAPS)
    assert session.waits()[maps] == {1: "list"}


def test_an_owners_deletion_changes_the_lists_of_all_that_it_owns() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x", UID))
    for target in (PODS, f"{NAMESPACE}/default/secrets"):
        owned = named("o", ownerReferences=[{"uid": UID}])
        session.add("POST", target, 201, sent=owned, said=owned)
    read = session.add("GET", f"{MAPS}/x")
    deleted = session.add("DELETE", f"{MAPS}/x")
    lists = [session.add("GET", target) for target in (PODS, f"{NAMESPACE}/default/secrets", "/api/v1/secrets")]
    other = session.add("GET", f"{NAMESPACE}/default/services")
    found = session.waits()
    assert [found[each][deleted] for each in lists] == ["list", "list", "list"]
    assert found[other] == {}
    assert found[deleted][read] == "object"


def test_a_creation_whose_object_nobody_knows_changes_its_lists() -> None:
    session = Session()
    made, listed = session.add("POST", PODS, 500), session.add("GET", PODS)
    assert session.waits()[listed] == {made: "list"}


def test_a_list_by_name_waits_for_that_object_alone() -> None:
    session = Session()
    written, other = session.add("PUT", f"{MAPS}/x"), session.add("PUT", f"{MAPS}/y")
    listed = session.add("GET", f"{MAPS}?fieldSelector=metadata.name%3Dx")
    found = session.waits()[listed]
    assert written in found
    assert other not in found
