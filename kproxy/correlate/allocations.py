"""What the api-server allocates for a Service within the request that writes it, and gives back.

Since 1.33 a cluster IP is an object of its own, /registry/ipaddresses/ADDRESS, whose spec.parentRef names the Service
(kubernetes/pkg/registry/core/service/ipallocator/ipallocator.go); a node port is a bit of the map that lies at
/registry/ranges/servicenodeports. Both are taken before the Service is written and given back after it is gone, also
by a request that fails in between.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.values import Values
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.renaming.allocations import allocated

_IP_ADDRESSES = "/ipaddresses/"
_NODE_PORTS = "/ranges/servicenodeports"


class Allocations:
    """The session's allocations, read when they are asked for: addresses by key, ports by the bit that changed."""

    def __init__(self, changes: Changes, values: Values, prefix: str) -> None:
        self._changes = changes
        self._values = values
        self._prefix = prefix

    def of(self, service: Place) -> Iterator[tuple[Place, str]]:
        """The allocations that a change of a Service's key goes with, each with the evidence for it."""
        value, previous = self._values.value(service), self._values.previous(service)
        new, old = addresses(value), addresses(previous)
        for address in sorted(new ^ old):
            taken = address in new
            found = [place for place in self._address(address) if self._fits(place, service, taken=taken)]
            if found:
                yield found[-1 if taken else 0], f"the Service's clusterIPs name {address}"
        ports, given_back = node_ports(value), node_ports(previous)
        for port in sorted(ports ^ given_back):
            if (flip := self._flip(port, service, taken=port in ports)) is not None:
                yield flip, f"it is the bit of the Service's node port {port}"

    def of_failed(self, asked: JSONObject, parent: ObjectRef) -> Iterator[tuple[Place, str]]:
        """What a request that failed took for the Service it asked for, and gave back."""
        for place, named in self._parents:
            if named == parent:
                yield place, f"the allocation's parentRef is {parent}, which the request asked for"
        wanted = node_ports(asked)
        for place in sorted({place for port in wanted for place, _ in self._by_port.get(port, ())}):
            if (flipped := self._flipped[place]) <= wanted:
                yield place, f"it took or gave back the node port {min(flipped)}, which the request asked for"

    @cached_property
    def _by_port(self) -> dict[int, list[tuple[Place, bool]]]:
        """The changes of the map of node ports that flipped a port's bit, each with whether it took the port."""
        found = defaultdict(list)
        for place, flipped in self._flipped.items():
            now = _ports(self._values.value(place)) if flipped else set()
            for port in flipped:
                found[port].append((place, port in now))
        return dict(found)

    @cached_property
    def _flipped(self) -> dict[Place, set[int]]:
        """The ports that each change of the map of node ports took or gave back: of the maps no more is kept."""
        puts = filter(self._changes.is_put, self._changes.of_key(EtcdKey(f"{self._prefix}{_NODE_PORTS}".encode())))
        return {place: _ports(self._values.value(place)) ^ _ports(self._values.previous(place)) for place in puts}

    @cached_property
    def _parents(self) -> list[tuple[Place, ObjectRef | None]]:
        """Each change of an address's key, and for whom the address is."""
        below = f"{self._prefix}{_IP_ADDRESSES}".encode()
        places = [place for place in self._changes.places() if self._changes.keys[place].startswith(below)]
        return [(place, parent_of(self._values.value(place) or self._values.previous(place))) for place in places]

    def _address(self, address: str) -> Iterator[Place]:
        return self._changes.of_key(EtcdKey(f"{self._prefix}{_IP_ADDRESSES}{address}".encode()))

    def _fits(self, place: Place, service: Place, *, taken: bool) -> bool:
        """Taken by a PUT before the Service is written, given back by a DELETE after it."""
        if taken:
            return self._changes.is_put(place) and place < service
        return self._changes.is_delete(place) and place > service

    def _flip(self, port: int, service: Place, *, taken: bool) -> Place | None:
        """A port is taken before the Service is written; one that an update gives back may be free before it, too."""
        flips = self._by_port.get(port, ())
        found = [place for place, took in flips if took == taken and (not taken or place < service)]
        return min(found, key=lambda place: abs(place - service), default=None)


def addresses(service: JSONObject) -> set[str]:
    """The cluster IPs of a Service."""
    spec = service.get("spec")
    found = spec.get("clusterIPs") if isinstance(spec, dict) else None
    return {text(each) for each in found} - {"", "None"} if isinstance(found, list) else set()


def node_ports(service: JSONObject) -> set[int]:
    """The node ports of a Service, that of its health check too."""
    spec = service.get("spec")
    if not isinstance(spec, dict):
        return set()
    ports = spec.get("ports")
    found: Iterable[JSON] = (
        [each.get("nodePort") for each in ports if isinstance(each, dict)] if isinstance(ports, list) else ()
    )
    return {port for port in (*found, spec.get("healthCheckNodePort")) if isinstance(port, int) and port > 0}


def _ports(value: JSONObject) -> set[int]:
    """The ports that a RangeAllocation's bitmap holds."""
    return allocated(text(value.get("range")), text(value.get("data")))


def parent_of(value: JSONObject) -> ObjectRef | None:
    """The object that an allocation's spec.parentRef names."""
    spec = value.get("spec")
    parent = spec.get("parentRef") if isinstance(spec, dict) else None
    if not isinstance(parent, dict):
        return None
    return ObjectRef(
        group=text(parent.get("group")),
        resource=text(parent.get("resource")),
        namespace=text(parent.get("namespace")),
        name=text(parent.get("name")),
    )
