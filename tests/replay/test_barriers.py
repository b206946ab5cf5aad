"""kproxy.replay.barriers; what it orders is tried with whole plans in test_graph.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON
from kproxy.replay.barriers import Barriers, definition_of
from kproxy.replay.effects import Effect
from kproxy.replay.read_ahead import looked_at
from tests.replay.test_graph import MAPS, NAMESPACE, PODS, Session, named


@pytest.mark.parametrize(
    ("group", "resource", "name", "defined"),
    [
        ("apiextensions.k8s.io", "customresourcedefinitions", "widgets.example.com", "example.com"),
        ("apiregistration.k8s.io", "apiservices", "v1.apps", "apps"),
        ("apiregistration.k8s.io", "apiservices", "v1.", ""),
        ("", "configmaps", "widgets.example.com", None),
    ],
)
def test_a_definitions_name_says_which_group_it_defines(
    group: str, resource: str, name: str, defined: str | None
) -> None:
    assert definition_of(group, resource, name) == defined


def test_what_a_node_or_an_account_asks_stays_on_its_side_of_what_it_depends_on() -> None:
    for caller, target, kind in (
        ("system:node:one", PODS, "nodes' pods"),
        ("system:serviceaccount:default:robot", f"{NAMESPACE}/default/serviceaccounts", "service accounts"),
    ):
        session = Session()
        before = session.add("GET", f"{MAPS}/x", caller=caller)
        made = session.add("POST", target, 201, sent=named("p"), said=named("p"))
        after = session.add("GET", f"{MAPS}/x", caller=caller)
        anybody = session.add("GET", f"{MAPS}/x", caller="ada")
        found = session.waits()
        assert (found[made], found[after][made], found[anybody]) == ({before: kind}, kind, {})


def test_a_range_of_addresses_stands_between_the_writes_of_services() -> None:
    session = Session()
    services = f"{NAMESPACE}/default/services"
    before = session.add("POST", services, 201, sent=named("s"), said=named("s"))
    made = session.add("POST", "/apis/networking.k8s.io/v1/servicecidrs", 201, sent=named("r"), said=named("r"))
    after = session.add("POST", services, 201, sent=named("t"), said=named("t"))
    found = session.waits()
    assert (found[made], found[after][made]) == ({before: "addresses"}, "addresses")


def read(target: str) -> Effect:
    """What a read does."""
    session = Session()
    session.add("GET", target)
    [exchange] = session.recording.exchange_list
    return Effect(exchange=exchange, ref=None, writes=False, changes=False, sent={}, told={})


def test_the_discovery_of_one_group_depends_on_that_groups_definitions() -> None:
    groups = {
        target: {touch.scope for touch in Barriers().of(read(target)) if touch.scope[0] == "group"}
        for target in ("/apis", "/apis/example.org/v1", "/api/v1")
    }
    assert groups == {"/apis": set(), "/apis/example.org/v1": {("group", "example.org")}, "/api/v1": set()}


def test_of_a_thousand_kinds_of_reads_the_scopes_are_remembered_and_no_more() -> None:
    barriers = Barriers()
    first = barriers.of(read(MAPS))
    assert barriers.of(read(MAPS)) is first
    for number in range(1000):
        barriers.of(read(f"/readyz/{number}"))
    again = barriers.of(read(MAPS))
    assert again is not first
    assert again == first


def test_an_accounts_requests_and_the_pods_of_its_namespace_do_not_wait_for_each_other() -> None:
    session = Session()
    session.add("POST", PODS, 201, sent=named("p"), said=named("p"))
    session.add("GET", f"{MAPS}/x", caller="system:serviceaccount:default:robot")
    session.add("POST", PODS, 201, sent=named("q"), said=named("q"))
    assert session.waits() == {1: {}, 2: {}, 3: {}}


def test_lists_over_all_namespaces_stand_beside_each_other_and_on_one_side_of_a_namespaces_end() -> None:
    session = Session()
    names, before = session.add("GET", NAMESPACE), session.add("GET", "/api/v1/pods")
    node = session.add("GET", "/api/v1/nodes/n")
    ended = session.add("DELETE", f"{NAMESPACE}/team")
    after, volume = session.add("GET", "/api/v1/pods"), session.add("GET", "/api/v1/persistentvolumes/v")
    found = session.waits()
    assert (found[before], found[node], found[volume]) == ({}, {}, {})
    assert found[ended] == {names: "list", before: "list"}
    assert found[after][ended] == "list"


@pytest.mark.parametrize(
    ("spec", "fixed"),
    [
        ({"ports": [{"port": 1, "nodePort": 30001}]}, True),
        ({"ports": ["none", {"port": 1}]}, False),
        ({"ports": "none"}, False),
        ({"clusterIP": "10.96.0.9"}, True),
        ({"clusterIP": "None"}, False),
        ({"clusterIP": ["10.96.0.9"]}, False),
        ({"healthCheckNodePort": 30002}, True),
        ({"healthCheckNodePort": 0, "clusterIP": ""}, False),
        ([], False),
    ],
)
def test_services_wait_for_each_other_where_one_fixes_its_address_or_port(spec: JSON, *, fixed: bool) -> None:
    session = Session()
    services = f"{NAMESPACE}/default/services"
    session.add("POST", services, 201, sent={**named("s"), "spec": spec}, said=named("s"))
    session.add("POST", services, 201, sent=named("t"), said=named("t"))
    session.add("PUT", f"{services}/u/status", sent=named("u"), said=named("u"))
    assert session.waits() == {1: {}, 2: {1: "addresses"} if fixed else {}, 3: {}}


@pytest.mark.parametrize(
    ("method", "target", "moves"),
    [
        ("POST", f"{PODS}/p/binding", True),
        ("DELETE", f"{PODS}/p", True),
        ("PATCH", f"{PODS}/p", False),
        ("PUT", f"{PODS}/p", False),
        ("PUT", f"{PODS}/p/status", False),
        ("DELETE", f"{MAPS}/p", False),
    ],
)
def test_a_node_waits_for_the_pods_that_come_to_it_and_go_and_for_no_other_change(
    method: str, target: str, *, moves: bool
) -> None:
    session = Session()
    written = session.add(method, target)
    asked = session.add("GET", f"{NAMESPACE}/default/secrets/s", caller="system:node:one")
    assert session.waits()[asked] == ({written: "nodes' pods"} if moves else {})


COLLECTIONS = (
    MAPS,
    PODS,
    f"{NAMESPACE}/default/resourcequotas",
    f"{NAMESPACE}/other/configmaps",
    f"{NAMESPACE}/default/limitranges",
    f"{NAMESPACE}/default/services",
    f"{NAMESPACE}/default/serviceaccounts",
    NAMESPACE,
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
)
ASKED = st.tuples(
    st.sampled_from(["POST", "DELETE", "PATCH", "GET"]),
    st.sampled_from(COLLECTIONS),
    st.sampled_from(["", "/status", "/eviction", "/binding"]),
    st.sampled_from([200, 201, 404, 409]),
    st.sampled_from(["ada", "system:node:one", "system:serviceaccount:default:robot"]),
    st.sampled_from(["x", "widgets.example.com"]),
)


@given(st.lists(ASKED, max_size=12))
def test_what_is_remembered_of_requests_alike_is_what_each_would_have_been_told(
    asked: list[tuple[str, str, str, int, str, str]],
) -> None:
    session = Session()
    for method, collection, subresource, status, caller, name in asked:
        makes = method == "POST" and not subresource
        body = named(name) if method in {"POST", "PATCH"} else None
        session.add(
            method,
            collection if makes else f"{collection}/{name}{subresource}",
            status,
            sent=body,
            said=named(name),
            caller=caller,
        )
    remembering, asking = Barriers(), Barriers()
    for looked in looked_at(session.recording, session.recording.exchange_list):
        asking.forget()
        assert list(remembering.of(looked.effect)) == list(asking.of(looked.effect))
