"""kproxy.replay.barriers; what it orders is tried with whole plans in test_graph.py."""

import pytest

from kproxy.replay.barriers import Barriers, definition_of
from kproxy.replay.effects import Effect
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
