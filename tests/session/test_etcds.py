"""Which etcds a session follows."""

from pathlib import Path

import pytest

from kproxy.errors import EtcdError
from kproxy.etcd.client import connect
from kproxy.etcd.records import EtcdStatus
from kproxy.etcd.settings import EtcdOverride, EtcdSettings
from kproxy.model.etcd import ClusterId, EtcdKey, Revision
from kproxy.model.jsontypes import JSON
from kproxy.model.session import Server
from kproxy.session.etcds import ONE_STORE, Stores, _by_place, _Known, _same, begin_etcds
from kproxy.wire.content import encode
from tests.support.etcd_server import free_port, running_etcd
from tests.support.loop import in_loop

A, B = ClusterId("00000000000000aa"), ClusterId("00000000000000bb")


def known(url: str, cluster: ClusterId, member: int) -> _Known:
    """An etcd that answered there."""
    status = EtcdStatus(cluster=cluster, version="3.6.16", revision=Revision(5), db_size=1, member=member)
    return _Known(EtcdSettings(endpoints=(url,)), status)


def test_members_of_one_cluster_are_one_etcd_and_two_that_were_set_up_alike_are_two() -> None:
    first = known("http://a:2379", A, 1)
    assert not _same(known("http://b:2379", B, 1), first)
    assert _same(known("http://b:2379", A, 2), first)  # another member
    assert _same(known("a:2379", A, 1), first)  # the same address
    assert not _same(known("http://b:2379", A, 1), first)


def test_overrides_that_lead_to_one_etcd_are_one() -> None:
    here, there = EtcdSettings(endpoints=("http://a:1",)), EtcdSettings(endpoints=("http://b:1",))
    wishes = (("/events", here), ("apps/deployments", there), ("coordination.k8s.io/leases", here))
    overrides = _by_place(EtcdOverride(resources=(name,), settings=settings) for name, settings in wishes)
    assert [each.resources for each in overrides] == [("/events", "coordination.k8s.io/leases"), ("apps/deployments",)]


@in_loop
async def test_without_etcd_there_is_none() -> None:
    assert await begin_etcds(None, ONE_STORE, Server(url="u")) == (Server(url="u"), ())


@pytest.mark.process
@in_loop
async def test_the_etcd_says_who_the_cluster_is_under_its_prefix_and_is_followed_once(tmp_path: Path) -> None:
    namespace: JSON = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": "the uid"}}
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            value = encode("application/vnd.kubernetes.protobuf", namespace)
            last = await etcd.put(EtcdKey(b"/elsewhere/namespaces/kube-system"), value)
            status = await etcd.status()
        again = EtcdOverride(resources=("/events",), settings=server.settings)
        stores = Stores(overrides=(again,), prefix="/elsewhere", history=True)
        found, (followed,) = await begin_etcds(server.settings, stores, Server())
    assert (found.system_uid, found.etcd_cluster, found.etcd_version) == ("the uid", status.cluster, status.version)
    assert (followed.store.cluster, followed.store.start, followed.history) == (status.cluster, last, True)
    assert followed.store.endpoints == (server.url,)


@pytest.mark.process
@in_loop
async def test_an_override_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    gone = EtcdOverride(resources=("/events",), settings=EtcdSettings(endpoints=(url,), timeout=0.3))
    with running_etcd(tmp_path) as server, pytest.raises(EtcdError, match=f"etcd at {url} cannot be reached"):
        await begin_etcds(server.settings, Stores(overrides=(gone,)), Server())
