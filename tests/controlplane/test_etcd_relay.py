"""A real kube-apiserver on a relay before its etcd, plain and TLS."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.lab.ports import free_ports
from kproxy.model.etcd import EtcdCall, Operation
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.relayfeed import Unread
from tests.support.etcd_relay import FeedClient, RelayProcess, attached, relay_process
from tests.support.etcd_server import Certificates, EtcdServer, make_certificates
from tests.support.real_apiserver import ApiServer, real_apiserver

pytestmark = pytest.mark.controlplane

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


@dataclass
class Relayed:
    """All three, and how the relay is started again on the same address."""

    assets: Path
    folder: Path
    etcd: EtcdServer
    certificates: Certificates | None
    relay: RelayProcess
    api: ApiServer
    options: list[str]

    def start_relay(self) -> contextlib.AbstractContextManager[RelayProcess]:
        return relay_process(self.folder, self.etcd.url, more=self.options)

    def hash(self, endpoint: str) -> tuple[int, int]:
        """Etcd's own hash of the keyspace, and the revision it is of, as it is told through an endpoint."""
        (found,) = json.loads(self.etcdctl(endpoint, "endpoint", "hashkv", "-w", "json"))
        return found["HashKV"]["hash"], found["HashKV"]["header"]["revision"]

    def etcdctl(self, endpoint: str, *arguments: str) -> str:
        command = [str(self.assets / "etcdctl"), f"--endpoints={endpoint}"]
        if certs := self.certificates:
            command += [f"--cacert={certs.cacert}", f"--cert={certs.cert}", f"--key={certs.key}"]
        env = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, env=env).stdout


@pytest.fixture(scope="module", params=["plain", "tls"])
def relayed(
    request: pytest.FixtureRequest, assets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Relayed]:
    folder = tmp_path_factory.mktemp("relayed")
    certificates = make_certificates(folder) if request.param == "tls" else None
    etcd = EtcdServer(folder, certificates, binary=assets / "etcd")
    etcd.start()
    (port,) = free_ports(1)
    options = ["--listen", f"127.0.0.1:{port}"]
    if certs := certificates:
        options += ["--cert", str(certs.server_cert), "--key", str(certs.server_key)]
        options += ["--client-ca", str(certs.cacert), "--etcd-cacert", str(certs.cacert)]
        options += ["--etcd-cert", str(certs.cert), "--etcd-key", str(certs.key)]
    try:
        with (
            relay_process(folder, etcd.url, more=options) as relay,
            real_apiserver(assets, folder / "api", relay.urls[0], certificates) as api,
        ):
            yield Relayed(assets, folder, etcd, certificates, relay, api, options)
    finally:
        etcd.kill()


def configmap(name: str, value: str) -> JSONObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": value}}


def revision_of(answer: object) -> int:
    assert isinstance(answer, dict)
    return int(answer["metadata"]["resourceVersion"])


def calls_of(feed: FeedClient) -> list[EtcdCall]:
    records = feed.until_synced()
    assert not [each for each in records if isinstance(each, Unread)]
    calls = [each for each in records if isinstance(each, EtcdCall)]
    assert not [call for call in calls if call.partial]
    return calls


def test_each_write_is_told_with_its_condition_and_its_revision_and_none_is_missed(relayed: Relayed) -> None:
    api = relayed.api
    with attached(relayed.relay.feed) as feed:
        before = revision_of(api.until("POST", CONFIGMAPS, 201, configmap("before", "0")).body)
        made = revision_of(api.until("POST", CONFIGMAPS, 201, configmap("one", "secret one")).body)
        put = revision_of(api.until("PUT", f"{CONFIGMAPS}/one", 200, configmap("one", "x" * 700_000)).body)
        assert len(str(api.until("GET", f"{CONFIGMAPS}/one?resourceVersion=", 200).body)) > 700_000
        api.until("GET", f"{CONFIGMAPS}?limit=1", 200)
        api.until("DELETE", f"{CONFIGMAPS}/one", 200)
        after = revision_of(api.until("POST", CONFIGMAPS, 201, configmap("after", "0")).body)
        calls = calls_of(feed)
    key = b"/registry/configmaps/default/one"
    # a transaction of the api-server's own that failed may have carried out nothing
    own = [call for call in calls if call.method == "KV/Txn" and call.operations and call.operations[0].keys.key == key]
    assert [(call.revision, call.compares[0].expected, call.succeeded) for call in own] == [
        (made, 0, True),
        (put, made, True),
        (own[2].revision, put, True),
    ]
    assert [call.operations[0].operation for call in own] == [Operation.PUT, Operation.PUT, Operation.DELETE]
    assert own[1].operations[0].size > 700_000
    written = {call.revision for call in calls if call.method == "KV/Txn" and call.succeeded}
    assert written >= set(range(before, after + 1))
    ranges = [call for call in calls if call.method in {"KV/Range", "KV/RangeStream"}]
    assert any(call.operations[0].keys.key == key and call.answer_size > 700_000 for call in ranges)
    assert any(call.operations[0].limit == 1 for call in ranges)
    assert "secret" not in repr(calls)


def test_etcd_s_hash_of_the_keyspace_is_the_same_through_the_relay(relayed: Relayed) -> None:
    through, direct = relayed.hash(relayed.relay.urls[0]), relayed.hash(relayed.etcd.url)
    while through[1] != direct[1]:  # something was written in between
        through, direct = relayed.hash(relayed.relay.urls[0]), relayed.hash(relayed.etcd.url)
    assert through == direct
    listed = [
        relayed.etcdctl(endpoint, "get", "", "--prefix", "--rev", str(direct[1]), "-w", "json")
        for endpoint in (relayed.relay.urls[0], relayed.etcd.url)
    ]
    kvs = [json.loads(each)["kvs"] for each in listed]
    assert kvs[0] == kvs[1]
    assert len(kvs[0]) > 100


def test_the_api_server_recovers_from_a_killed_relay_as_from_a_restarted_etcd(relayed: Relayed) -> None:
    relayed.relay.kill()
    with relayed.start_relay() as again, attached(again.feed) as feed:
        made = revision_of(relayed.api.until("POST", CONFIGMAPS, 201, configmap("recovered", "1")).body)
        # the watch cache is there again as well: a list that is no older than the write comes out of it
        found = relayed.api.until(
            "GET", f"{CONFIGMAPS}?resourceVersion={made}&fieldSelector=metadata.name=recovered", 200
        )
        assert "recovered" in str(found.body)
        assert made in {call.revision for call in calls_of(feed) if call.succeeded}
        relayed.etcd.kill()
        relayed.etcd.start()
        relayed.api.until("POST", CONFIGMAPS, 201, configmap("recovered-again", "1"))
        relayed.api.until("GET", "/readyz", 200)
        assert any(call.method == "Watch/Watch" for call in feed.calls())
        assert relayed.api.process.poll() is None
