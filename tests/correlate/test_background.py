"""Which keys are of the background: the closed list, each rule with a key that it is for and one beside it."""

import pytest

from kproxy.correlate.background import RULES, background_rule
from kproxy.model.etcd import EtcdKey

CASES = [
    ("masterleases", b"/registry/masterleases/10.0.0.1", b"/registry/masterlease/10.0.0.1"),
    ("peerserverleases", b"/registry/peerserverleases/apiserver-a", b"/registry/leases/default/peerserverleases"),
    ("api-server-identity", b"/registry/leases/kube-system/apiserver-a", b"/registry/leases/default/apiserver-a"),
    ("leader-election", b"/registry/leases/kube-system/kube-scheduler", b"/registry/leases/kube-system/my-scheduler"),
    ("node-leases", b"/registry/leases/kube-node-lease/node-1", b"/registry/leases/kube-node-leases/node-1"),
    ("events", b"/registry/events/default/a.1", b"/registry/pods/events/a.1"),
    ("compaction", b"compact_rev_key", b"/registry/compact_rev_key"),
]
"""A rule's name, a key that it is for, and one that only looks alike."""


def test_every_rule_has_a_case() -> None:
    assert [name for name, _, _ in CASES] == [rule.name for rule in RULES]


@pytest.mark.parametrize(("name", "key", "beside"), CASES)
def test_a_rule_is_for_its_keys_and_not_for_those_beside(name: str, key: bytes, beside: bytes) -> None:
    found = background_rule(EtcdKey(key))
    assert found is not None
    assert found.name == name
    assert found.reason
    assert background_rule(EtcdKey(beside)) is None


def test_keys_are_below_the_api_servers_own_prefix() -> None:
    assert background_rule(EtcdKey(b"/other/events/default/a.1"), prefix="/other") is not None
    assert background_rule(EtcdKey(b"/registry/events/default/a.1"), prefix="/other") is None
