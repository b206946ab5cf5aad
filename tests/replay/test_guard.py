"""kproxy.replay.guard: what it decides; what it asks is tested against real servers in tests/controlplane."""

import asyncio
import socket
from dataclasses import replace

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.errors import NotFreshError, ReplayError, SameServerError
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import ClusterId
from kproxy.model.jsontypes import JSONObject
from kproxy.model.session import Server
from kproxy.replay import guard
from kproxy.replay.guard import _COMMON, TargetFacts, _foreign, both_known, check_target, gather_facts
from kproxy.replay.transport import Transport

RECORDED = Server(system_uid="u1", etcd_cluster=ClusterId("c1"))
POD = ObjectRef(group="", resource="pods", namespace="default", name="mine")


def facts(**others: object) -> TargetFacts:
    """Facts of a fresh target, but for `others`."""
    return TargetFacts(**({"url": "https://t", "system_uid": "u2", "etcd_cluster": ClusterId("c2")} | others))  # type: ignore[arg-type] # a test's shorthand


def test_a_fresh_server_passes() -> None:
    check_target(RECORDED, facts())


def test_objects_beyond_the_systems_own_are_refused_by_name() -> None:
    with pytest.raises(NotFreshError, match="pods/default/mine"):
        check_target(RECORDED, facts(objects=(POD,)))


def test_existing_objects_can_be_allowed() -> None:
    check_target(RECORDED, facts(objects=(POD,)), allow_existing=True)


def test_what_may_not_be_listed_is_not_taken_for_fresh() -> None:
    with pytest.raises(NotFreshError, match="secrets"):
        check_target(RECORDED, facts(unread=("secrets (403)",)))


@pytest.mark.parametrize("same", [{"system_uid": "u1"}, {"etcd_cluster": ClusterId("c1")}])
def test_the_recorded_server_itself_is_always_refused(same: dict[str, object]) -> None:
    with pytest.raises(SameServerError):
        check_target(RECORDED, facts(**same), allow_existing=True)


def test_two_servers_that_say_nothing_are_not_the_same() -> None:
    check_target(Server(), facts(system_uid="", etcd_cluster=None))


@pytest.mark.parametrize("url", ["https://t", "https://T:443/"])
def test_where_the_recorded_server_was_is_refused_unless_it_says_that_it_is_another_one(url: str) -> None:
    nameless = {"system_uid": "", "etcd_cluster": None}
    there = replace(RECORDED, url=url)
    with pytest.raises(SameServerError, match="where the recorded server was"):
        check_target(there, facts(**nameless), allow_existing=True)
    with pytest.raises(SameServerError):
        check_target(Server(url=url), facts(), allow_existing=True)
    check_target(there, facts(), allow_existing=True)
    check_target(there, facts(**nameless | {"url": "https://t:6443"}), allow_existing=True)
    check_target(there, facts(**nameless), allow_existing=True, ours=True)


def test_which_cluster_it_is_must_be_known_of_both() -> None:
    assert both_known(RECORDED, facts(etcd_cluster=None))
    assert both_known(RECORDED, facts(system_uid=""))
    assert not both_known(RECORDED, facts(system_uid="", etcd_cluster=None))
    assert not both_known(Server(system_uid="u1"), facts(system_uid=""))


@pytest.mark.parametrize(
    ("group", "resource", "name", "labels"),
    [
        ("rbac.authorization.k8s.io", "clusterroles", "cluster-admin", {}),
        ("rbac.authorization.k8s.io", "clusterroles", "mine", {"kubernetes.io/bootstrapping": "rbac-defaults"}),
        ("rbac.authorization.k8s.io", "clusterrolebindings", "kubeadm:get-nodes", {}),
        ("scheduling.k8s.io", "priorityclasses", "system-node-critical", {}),
        ("flowcontrol.apiserver.k8s.io", "flowschemas", "service-accounts", {}),
        ("apiregistration.k8s.io", "apiservices", "v1.apps", {"kube-aggregator.kubernetes.io/automanaged": "onstart"}),
        ("networking.k8s.io", "servicecidrs", "kubernetes", {}),
        ("networking.k8s.io", "ipaddresses", "172.20.0.1", {"ipaddress.kubernetes.io/managed-by": "ipallocator"}),
        ("", "namespaces", "kube-system", {}),
    ],
)
def test_what_a_server_makes_by_itself_is_nobodys(group: str, resource: str, name: str, labels: JSONObject) -> None:
    assert _foreign((group, "v1", resource), {"metadata": {"name": name, "labels": labels}}) is None


@pytest.mark.parametrize(
    ("group", "resource", "name"),
    [
        ("apiextensions.k8s.io", "customresourcedefinitions", "kubevirts.kubevirt.io"),
        ("", "persistentvolumes", "systemdata"),
        ("", "nodes", "kubenode-1"),
        ("rbac.authorization.k8s.io", "clusterroles", "system-of-ours"),
        ("apiregistration.k8s.io", "apiservices", "v1beta1.metrics.k8s.io"),
        ("storage.k8s.io", "storageclasses", "10.0.0.1-nfs"),
    ],
)
def test_a_name_that_only_begins_like_the_systems_is_somebodys(group: str, resource: str, name: str) -> None:
    assert _foreign((group, "v1", resource), {"metadata": {"name": name}}) is not None


def test_what_makes_a_cluster_one_in_use_is_always_looked_at() -> None:
    looked_at = {plural for _, _, plural in _COMMON}
    assert looked_at >= {"nodes", "persistentvolumes", "customresourcedefinitions", "statefulsets", "daemonsets"}


def test_a_target_may_hold_exactly_what_was_restored() -> None:
    one, two = (ObjectRef(group="", resource="configmaps", namespace="team", name=name) for name in ("a", "b"))
    other = ObjectRef(group="", resource="configmaps", namespace="team", name="c")

    def check(*there: ObjectRef) -> None:
        check_target(Server(), TargetFacts(url="u", objects=there), restored=frozenset({one, two}))

    check()
    check(one, two)
    for there in ((one,), (one, two, other), (other,)):
        with pytest.raises(NotFreshError):
            check(*there)


def test_a_target_that_accepts_and_says_nothing_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_PATIENCE_SECONDS", 0.1)

    async def ask(port: int) -> None:
        transport = Transport(upstream_from_url(f"http://127.0.0.1:{port}"))
        try:
            async with asyncio.timeout(60):
                await gather_facts(transport, [])
        finally:
            transport.close()

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ReplayError, match=r"did not answer .*0\.1 s"):
        asyncio.run(ask(silent.getsockname()[1]))
