"""The closed list of keys that the control plane writes by itself, whoever is asking.

A change of a key on this list is out of the verdict's scope even when a request caused it; the ledger keeps its ground.
Sources: kubernetes/pkg/controlplane/reconcilers (masterleases), apiserver/pkg/reconcilers (peerserverleases),
client-go/tools/leaderelection and the node and api-server identity leases, client-go/tools/events.
"""

from dataclasses import dataclass
from functools import lru_cache

from kproxy.model.etcd import EtcdKey


@dataclass(frozen=True, slots=True)
class BackgroundRule:
    """Keys below `prefix` (relative to etcd's registry prefix unless it does not begin with a slash), and why."""

    name: str
    prefix: str
    reason: str


RULES: tuple[BackgroundRule, ...] = (
    BackgroundRule("masterleases", "/masterleases/", "each api-server renews its endpoint lease every 10 s"),
    BackgroundRule("peerserverleases", "/peerserverleases/", "each api-server tells its peers where it is"),
    BackgroundRule("api-server-identity", "/leases/kube-system/apiserver-", "each api-server renews its identity"),
    BackgroundRule("leader-election", "/leases/kube-system/kube-", "controller-manager and scheduler renew their lock"),
    BackgroundRule("node-leases", "/leases/kube-node-lease/", "each kubelet's heartbeat"),
    BackgroundRule("events", "/events/", "written with a TTL by whoever watches; they come and go with time"),
    BackgroundRule("compaction", "compact_rev_key", "the api-server's own bookkeeping of compaction, every 5 minutes"),
)


def background_rule(key: EtcdKey, prefix: str = "/registry") -> BackgroundRule | None:
    """The rule that the key is under, if any. `prefix`: the api-server's --etcd-prefix."""
    prefixes = _prefixes(prefix)
    if not key.startswith(prefixes):  # asked of each change, and most are under none
        return None
    return next(rule for full, rule in zip(prefixes, RULES, strict=True) if key.startswith(full))


@lru_cache(maxsize=8)
def _prefixes(prefix: str) -> tuple[bytes, ...]:
    """The rules' prefixes in etcd, in their order."""
    return tuple((prefix + rule.prefix if rule.prefix.startswith("/") else rule.prefix).encode() for rule in RULES)
