"""kproxy.replay.needs."""

from kproxy.model.exchange import Seq
from kproxy.replay.needs import needs
from kproxy.replay.slices import Slice
from tests.replay.test_graph import CRDS, MAPS, NAMESPACE, PODS, UID, Session, named


def missing(session: Session, *inside: int) -> list[str]:
    """What the slice of these exchanges leaves out."""
    return [str(need) for need in needs(session.recording, lambda exchange: exchange.seq in inside)]


def test_an_object_that_was_made_outside_is_named_with_its_first_use() -> None:
    session = Session()
    made = session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    used, again = session.add("GET", f"{MAPS}/x"), session.add("GET", f"{MAPS}/x")
    assert missing(session, used, again) == [
        "configmaps/default/x, made or changed by exchange 1, is used by exchange 2"
    ]
    assert missing(session, made, used, again) == []


def test_what_was_not_found_is_not_needed() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    session.add("DELETE", f"{MAPS}/x")
    assert missing(session, session.add("GET", f"{MAPS}/x", 404)) == []
    assert missing(session, session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))) == []


def test_namespaces_definitions_lists_and_owners_are_named_too() -> None:
    session = Session()
    session.add("POST", NAMESPACE, 201, sent=named("team"), said=named("team", UID))
    session.add("POST", CRDS, 201, sent=named("things.example.org"), said=named("things.example.org"))
    inside = [
        session.add("GET", "/api/v1/namespaces/team/configmaps/x", 404),
        session.add("GET", "/apis/example.org/v1/things"),
        session.add("GET", "/api/v1/namespaces"),
        session.add("POST", PODS, 201, sent=named("p", ownerReferences=[{"uid": UID}]), said=named("p")),
    ]
    assert [line.partition(",")[0] for line in missing(session, *inside)] == [
        "namespaces/team",
        "the API group example.org",
        "the list of namespaces",
    ]
    assert missing(session, inside[-1]) == ["namespaces/team, made or changed by exchange 1, is used by exchange 6"]


def test_a_slice_of_everything_needs_nothing() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    session.add("GET", f"{MAPS}/x")
    assert list(needs(session.recording, Slice().keeps)) == []


def test_what_the_target_begins_with_is_not_needed_and_neither_is_what_no_answer_tells_of() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    used, health = session.add("GET", f"{MAPS}/x"), session.add("GET", "/readyz")
    later = session.add("PUT", f"{MAPS}/y", sent=named("y"), said=named("y"))
    again = session.add("GET", f"{MAPS}/y")
    found = needs(session.recording, lambda exchange: exchange.seq in {used, health, again}, since=Seq(2))
    assert [need.changed_by for need in found] == [later]


def test_a_uid_that_nobody_outside_made_is_not_needed() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x", UID))
    other = UID.replace("a", "b")
    owned = named("p", ownerReferences=[{"uid": other}])
    assert missing(session, session.add("POST", PODS, 201, sent=owned, said=named("p"))) == []


def test_who_is_told_that_an_object_is_not_there_does_not_need_the_one_that_was_made() -> None:
    """Its end is in no recording: a finalizer went, or its owner."""
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    assert missing(session, session.add("GET", f"{MAPS}/x", 404)) == []
    assert len(missing(session, session.add("GET", f"{MAPS}/x", 403))) == 1


def test_a_list_is_named_with_its_namespace_where_it_has_one() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x"))
    inside = session.add("GET", MAPS), session.add("GET", "/api/v1/configmaps"), session.add("GET", PODS)
    assert [line.partition(",")[0] for line in missing(session, *inside)] == [
        "the list of configmaps in default",
        "the list of configmaps",
    ]
