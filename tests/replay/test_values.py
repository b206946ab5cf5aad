"""kproxy.replay.values."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSONObject
from kproxy.replay.values import uids_in
from tests.replay.test_graph import MAPS, PODS, UID, Session, named
from tests.replay.test_sights import exchanged

_UUID = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])")
_PIECES = st.uuids().map(str) | st.sampled_from(["-", "x", "0", "\n", "00000000-", "-000000000000", "abcd"])


@given(st.lists(_PIECES).map("".join))
@example("-00000000-0000-0000-0000-000000000000-0000-0000-0000-000000000000")
def test_uids_are_those_that_stand_alone(text: str) -> None:
    body = text.encode()
    assert uids_in(exchanged("GET", "/api/v1/pods")[1], body) == set(_UUID.findall(body))


SERVICES = "/api/v1/namespaces/default/services"


def services(sent: JSONObject, told: JSONObject) -> Session:
    """A service is made, and another object then names 10.96.0.7 and 10.96.0.8."""
    session = Session()
    session.add("POST", SERVICES, 201, sent={**named("s"), "spec": sent}, said={**named("s"), "spec": told})
    for number in (7, 8):
        session.add("POST", MAPS, 201, sent={**named(f"m{number}"), "data": {"at": f"10.96.0.{number}"}})
    return session


def test_who_names_a_services_address_waits_for_the_service_unless_it_was_asked_for() -> None:
    both: JSONObject = {"clusterIPs": ["10.96.0.7", "10.96.0.8"]}
    assert services({}, both).waits() == {1: {}, 2: {1: "value"}, 3: {1: "value"}}
    assert services({"clusterIP": "10.96.0.7"}, both).waits() == {1: {}, 2: {}, 3: {1: "value"}}
    assert services({}, {"clusterIPs": "10.96.0.7"}).waits() == {1: {}, 2: {}, 3: {}}
    assert services({}, {"clusterIPs": ["None", 7, None]}).waits() == {1: {}, 2: {}, 3: {}}
    headless = services({}, {"clusterIPs": ["None"]})
    used = headless.add("POST", MAPS, 201, sent={**named("m"), "data": {"at": "None"}})
    assert headless.waits()[used] == {}


def test_an_address_that_is_told_of_anything_else_is_nothing_to_wait_for() -> None:
    session = Session()
    session.add("POST", PODS, 201, sent=named("p"), said={**named("p"), "spec": {"clusterIPs": ["10.96.0.7"]}})
    session.add("GET", f"{SERVICES}/s", said={**named("s"), "spec": {"clusterIPs": ["10.96.0.7"]}})
    session.add("POST", MAPS, 201, sent={**named("m"), "data": {"at": "10.96.0.7"}})
    assert session.waits()[3] == {}


def test_the_first_who_told_a_value_is_waited_for_and_who_had_it_from_the_request_told_nothing() -> None:
    session = Session()
    events = "/api/v1/namespaces/default/events"
    first = session.add("POST", MAPS, 201, sent=named("x"), said=named("x", UID))
    session.add("POST", PODS, 201, sent=named("y"), said=named("y", ownerReferences=[{"uid": UID}]))
    used = session.add("GET", f"{events}?fieldSelector=involvedObject.uid%3D{UID}")
    assert session.waits()[used] == {first: "value"}
    session = Session()
    kept = named("y", ownerReferences=[{"uid": UID}])
    assumed = session.add("POST", PODS, 201, sent=kept, said=kept)
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x", UID))
    used = session.add("GET", f"{events}?fieldSelector=involvedObject.uid%3D{UID}")
    assert session.waits()[used] == {assumed: "value"}, "who used it when nobody had told it"


def test_a_page_waits_for_its_programs_last_lists_of_the_same_path_alone() -> None:
    session = Session()
    lists = [session.add("GET", f"{MAPS}?limit={number}", agent="pager/1") for number in range(1, 7)]
    session.add("GET", MAPS, agent="pager/1")  # not in pages
    session.add("GET", f"{PODS}?limit=5", agent="pager/1")
    session.add("GET", f"{MAPS}?limit=5", agent="other/1")
    page = session.add("GET", f"{MAPS}?limit=5&continue=abc", agent="pager/1")
    assert session.waits()[page] == dict.fromkeys(lists[-4:], "value")


def test_a_generated_name_is_named_by_the_first_part_of_another_too() -> None:
    session = Session()
    told = named("web-x7f2p", generateName="web-")
    made = session.add("POST", PODS, 201, sent={"metadata": {"generateName": "web-"}}, said=told)
    for number, said in enumerate(("web-x7f2p.team.svc", "at xweb-x7f2p", "web-x7f2pq", "xxweb-x7f2p")):
        session.add("POST", MAPS, 201, sent={**named(f"m{number}"), "data": {"at": said}})
    found = session.waits()
    assert [made in found[seq] for seq in (2, 3, 4, 5)] == [True, True, False, False]
