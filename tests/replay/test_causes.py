"""kproxy.replay.causes: what may have caused what an exchange was answered."""

from itertools import count

from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.replay.causes import Causes, causes_of, closure
from tests.replay.test_graph import MAPS, PODS, UID, Session, named

NAMESPACES = "/api/v1/namespaces"


def causes(session: Session) -> Causes:
    return causes_of(session.recording)


def rings(session: Session, seq: int) -> list[set[int]]:
    return [set(ring) for ring in causes(session).rings(Seq(seq))]


def test_what_a_client_did_before_is_no_cause_and_no_read_is() -> None:
    session = Session()
    for name in ("a", "b", "c"):
        session.add("POST", MAPS, 201, sent=named(name), said=named(name), connection=1, agent="one/1")
        session.add("GET", f"{MAPS}/{name}", connection=1, agent="one/1")
    assert rings(session, 6) == [{5, 6}] * 3


def test_other_writes_of_its_object_are_close_and_its_making_is_needed() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    session.add("PATCH", f"{MAPS}/x", sent={"data": {}})
    session.add("GET", f"{MAPS}/x")
    session.add("PUT", f"{MAPS}/x", sent=named("x"))
    read = session.add("GET", f"{MAPS}/x")
    assert rings(session, read) == [{1, 5}, {1, 2, 4, 5}, {1, 2, 4, 5}]


def test_an_object_that_is_made_again_begins_another_life_and_what_was_before_it_is_close() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    session.add("DELETE", f"{MAPS}/x")
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    read = session.add("GET", f"{MAPS}/x")
    assert rings(session, read) == [{3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}]
    assert causes(session).lives == {1: 1, 2: 1, 3: 3, 4: 3}


def test_a_list_shows_what_was_written_there_and_each_write_stands_for_itself() -> None:
    session = Session()
    for name in ("a", "b"):
        session.add("POST", MAPS, 201, sent=named(name), said=named(name))
    session.add("POST", PODS, 201, sent=named("p"), said=named("p"))
    session.add("PATCH", f"{MAPS}/a", sent={"data": {}})
    listed = session.add("GET", MAPS)
    found = rings(session, listed)
    assert found[:2] == [{5}, {1, 2, 4, 5}]
    assert set(closure(causes(session).close, [2])) == {2}


def test_a_watch_shows_what_is_written_as_long_as_it_is_open() -> None:
    session = Session()
    session.watch(MAPS, 3.8, 2.2, 3.2, agent="w/1")
    session.add("POST", MAPS, 201, sent=named("a"), said=named("a"))
    session.add("POST", MAPS, 201, sent=named("b"), said=named("b"))
    session.add("POST", MAPS, 201, sent=named("c"), said=named("c"))
    assert rings(session, 1)[1] == {1, 2, 3}
    endless = Session()
    endless.watch(MAPS, 99, agent="w/1")
    endless.add("POST", MAPS, 201, sent=named("a"), said=named("a"))
    assert rings(endless, 1)[1] == {1, 2}


def test_values_namespaces_and_definitions_are_needed() -> None:
    session = Session()
    session.add("POST", NAMESPACES, 201, sent=named("n"), said=named("n"))
    owner = session.add("POST", f"{NAMESPACES}/n/configmaps", 201, sent=named("o"), said=named("o", UID))
    kept = named("x", ownerReferences=[{"uid": UID}])
    owned = session.add("POST", f"{NAMESPACES}/n/configmaps", 201, sent=kept, said=kept)
    crds, name = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "widgets.example.com"
    defined = session.add("POST", crds, 201, sent=named(name), said=named(name))
    widget = session.add("GET", f"/apis/example.com/v1/namespaces/{NAMESPACES}/n/widgets/w")
    assert rings(session, owned)[0] == {1, owner, owned}
    assert rings(session, widget)[0] == {defined, widget}


def test_what_the_server_looks_at_is_the_widest_ring() -> None:
    session = Session()
    rbac = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    session.add("POST", rbac, 201, sent=named("r"), said=named("r"))
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    read = session.add("GET", f"{MAPS}/x")
    assert rings(session, read) == [{2, 3}, {2, 3}, {1, 2, 3}]


def test_a_write_that_was_refused_is_no_cause() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    session.add("PUT", f"{MAPS}/x", 409, sent=named("x"))
    read = session.add("GET", f"{MAPS}/x")
    assert rings(session, read)[2] == {1, 3}


def test_a_long_session_is_linked_in_a_few_links_an_exchange() -> None:
    session, numbers = Session(), count()
    for _ in range(300):
        name = f"x{next(numbers)}"
        session.add("POST", MAPS, 201, sent=named(name), said=named(name))
        session.add("GET", MAPS)
    found = causes(session)
    assert sum(map(len, found.all.values())) < 20 * 600
    assert len(closure(found.close, [600])) == 301


def test_who_changes_a_part_stands_on_who_changed_all_and_on_no_other_part() -> None:
    services = f"{NAMESPACES}/default/services"
    session = Session()
    fixed: JSONObject = {**named("s"), "spec": {"clusterIP": "10.96.0.9"}}
    session.add("POST", services, 201, sent=fixed, said=fixed)
    session.add("POST", services, 201, sent=named("t"), said=named("t"))
    last = session.add("POST", services, 201, sent=named("u"), said=named("u"))
    assert rings(session, last) == [{3}, {3}, {1, 3}]


def test_what_is_written_while_a_read_goes_on_is_no_cause_of_it() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"), times=(1, 1.5))
    read = session.add("GET", f"{MAPS}/x", times=(2, 9))
    session.add("PUT", f"{MAPS}/x", sent=named("x"), times=(3, 4))
    session.add("GET", f"{MAPS}/y", 404, times=(10, 11))
    assert rings(session, read) == [{1, 2}] * 3
