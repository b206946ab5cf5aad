"""kproxy.correlate.allocations: what a Service names, and whose an allocation is."""

from kproxy.correlate.allocations import addresses, node_ports, parent_of
from kproxy.model.api import ObjectRef
from kproxy.model.attribution import Basis
from kproxy.model.exchange import Nanos
from kproxy.model.jsontypes import JSONObject
from tests.correlate.story import PORTS, SERVICE, SERVICES, Story, ports, service


def test_node_ports_are_those_of_its_ports_and_of_its_health_check() -> None:
    spec: JSONObject = {"ports": [{"nodePort": 30001}, {"port": 80}, "odd", {"nodePort": 0}], "healthCheckNodePort": 1}
    assert node_ports({"spec": spec}) == {30001, 1}
    assert node_ports({"spec": {"ports": "odd", "healthCheckNodePort": "30002"}}) == set()
    assert node_ports({"spec": "odd"}) == node_ports({}) == set()


def test_a_headless_service_has_no_address() -> None:
    assert addresses({"spec": {"clusterIPs": ["10.0.0.7", "fd00::7", "None", ""]}}) == {"10.0.0.7", "fd00::7"}
    assert addresses({"spec": {"clusterIPs": "None"}}) == addresses({"spec": 1}) == addresses({}) == set()


def test_an_allocations_parent_is_named_by_group_resource_namespace_and_name() -> None:
    parent: JSONObject = {"group": "g", "resource": "r", "namespace": "n", "name": "x"}
    assert parent_of({"spec": {"parentRef": parent}}) == ObjectRef(group="g", resource="r", namespace="n", name="x")
    assert parent_of({"spec": {"parentRef": "odd"}}) is parent_of({"spec": None}) is parent_of({}) is None


def test_a_failed_request_took_the_very_port_that_it_asked_for_and_not_one_beside_it() -> None:
    story = Story()
    story.put(101, PORTS, ports(30001), before=ports())
    story.put(102, PORTS, ports(30001, 30002), before=ports(30001))
    failed: JSONObject = {"kind": "Status", "status": "Failure"}
    seq = story.ask("POST", SERVICES, 422, failed, body=service(nodes=(30001,)))
    assert story.grounds() == [(101, seq, Basis.OBJECT), (102, None, None)]
    found = story.entry(101).attribution
    assert found is not None
    assert found.evidence == "it took or gave back the node port 30001, which the request asked for"


def test_of_two_times_that_a_port_was_taken_the_one_before_the_service_is_the_services() -> None:
    story = Story()
    story.put(101, PORTS, ports(30001), before=ports())
    story.put(102, SERVICE, service(nodes=(30001,)))
    made = story.ask("POST", SERVICES, 201, service(nodes=(30001,), revision=102))
    story.put(103, PORTS, ports(), before=ports(30001))
    story.put(104, PORTS, ports(30001), before=ports())
    assert story.grounds()[:2] == [(101, made, Basis.OBJECT), (102, made, Basis.REVISION)]
    assert story.grounds()[3] == (104, None, None)


def test_a_server_that_keeps_its_addresses_in_one_map_and_a_map_that_was_not_recorded_leave_the_service_its_own() -> (
    None
):
    story = Story()
    made = story.ask("POST", SERVICES, 201, service("10.0.0.7", nodes=(30001,), revision=101))
    story.put(101, SERVICE, service("10.0.0.7", nodes=(30001,)))
    assert story.grounds() == [(101, made, Basis.REVISION)]


def test_a_failed_request_took_no_address_of_another_service_and_no_port_beside_others() -> None:
    story = Story()
    other: JSONObject = {"spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "other"}}}
    own: JSONObject = {"spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "web"}}}
    story.put(101, "/registry/ipaddresses/10.0.0.7", other)
    story.put(102, "/registry/ipaddresses/10.0.0.8", own)
    story.put(103, PORTS, ports(30001, 30002), before=ports())
    failed: JSONObject = {"kind": "Status", "status": "Failure"}
    seq = story.ask("POST", SERVICES, 422, failed, body=service(nodes=(30001,)))
    assert story.grounds() == [(101, None, None), (102, seq, Basis.OBJECT), (103, None, None)]


def test_what_was_seen_before_a_request_began_was_not_taken_by_it() -> None:
    story = Story()
    story.put(101, PORTS, ports(30001), before=ports(), at=Nanos(10))
    failed: JSONObject = {"kind": "Status", "status": "Failure"}
    story.ask("POST", SERVICES, 422, failed, body=service(nodes=(30001,)))
    assert story.grounds() == [(101, None, None)]


def test_a_request_that_failed_without_a_service_in_it_took_nothing() -> None:
    story = Story()
    story.put(101, PORTS, ports(30001), before=ports())
    story.ask("POST", SERVICES, 400, {"kind": "Status", "status": "Failure"})
    assert story.grounds() == [(101, None, None)]
