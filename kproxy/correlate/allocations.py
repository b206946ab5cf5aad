"""What the api-server allocates for a Service within the request that writes it, and gives back.

Since 1.33 a cluster IP is an object of its own, /registry/ipaddresses/ADDRESS, whose spec.parentRef names the Service
(kubernetes/pkg/registry/core/service/ipallocator/ipallocator.go); a node port is a bit of the map that lies at
/registry/ranges/servicenodeports. Both are taken before the Service is written and given back after it is gone, also
by a request that fails in between.
"""

from collections.abc import Iterable, Iterator

from kproxy.correlate.index import ChangeIndex
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import ChangeType, EtcdKey, KeyChange
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.renaming.allocations import allocated

IP_ADDRESSES = "/ipaddresses/"
NODE_PORTS = "/ranges/servicenodeports"


class Allocations:
    """The session's allocations: addresses by key, ports by the bit that changed."""

    def __init__(self, index: ChangeIndex, prefix: str) -> None:
        self._index = index
        self._prefix = prefix
        ports = EtcdKey(f"{prefix}{NODE_PORTS}".encode())
        maps = [(change, _ports(index.value(change)), _ports(index.previous(change))) for change in index.puts([ports])]
        self._flips = [(change, now - before, before - now) for change, now, before in maps]

    def of(self, service: KeyChange) -> Iterator[tuple[KeyChange, str]]:
        """The allocations that a change of a Service's key goes with, each with the evidence for it."""
        value, previous = self._index.value(service), self._index.previous(service)
        new, old = addresses(value), addresses(previous)
        for address in sorted(new ^ old):
            taken = address in new
            changes = [each for each in self._address(address) if _fits(each, service, taken=taken)]
            if changes:
                yield changes[-1 if taken else 0], f"the Service's clusterIPs name {address}"
        ports, given_back = node_ports(value), node_ports(previous)
        for port in sorted(ports ^ given_back):
            if (flip := self._flip(port, service, taken=port in ports)) is not None:
                yield flip, f"it is the bit of the Service's node port {port}"

    def of_failed(self, asked: JSONObject, parent: ObjectRef) -> Iterator[tuple[KeyChange, str]]:
        """What a request that failed took for the Service it asked for, and gave back."""
        for change in self._index.changes:
            if not change.key.startswith(f"{self._prefix}{IP_ADDRESSES}".encode()):
                continue
            if parent_of(self._index.value(change) or self._index.previous(change)) == parent:
                yield change, f"the allocation's parentRef is {parent}, which the request asked for"
        for change, taken, given_back in self._flips:
            if (flipped := taken | given_back) and flipped <= node_ports(asked):
                yield change, f"it took or gave back the node port {min(flipped)}, which the request asked for"

    def _address(self, address: str) -> Iterator[KeyChange]:
        return self._index.of_key(EtcdKey(f"{self._prefix}{IP_ADDRESSES}{address}".encode()))

    def _flip(self, port: int, service: KeyChange, *, taken: bool) -> KeyChange | None:
        """A port is taken before the Service is written; one that an update gives back may be free before it, too."""
        found = [
            change
            for change, now, before in self._flips
            if port in (now if taken else before) and (not taken or change.revision < service.revision)
        ]
        return min(found, key=lambda change: abs(change.revision - service.revision), default=None)


def _fits(change: KeyChange, service: KeyChange, *, taken: bool) -> bool:
    """Taken by a PUT before the Service is written, given back by a DELETE after it."""
    if taken:
        return change.type is ChangeType.PUT and change.revision < service.revision
    return change.type is ChangeType.DELETE and change.revision > service.revision


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
