"""Where a real kube-apiserver keeps what it serves: every resource, under a prefix of its own, in two etcds.

One object of each resource is created through kproxy (layout/objects.yaml); its key is where `wire/storage` says it is,
in the etcd of the api-server's --etcd-servers-overrides, at the revision that the answer said.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import kproxy.lab.start
from kproxy.lab.servers import Command, kube_apiserver_command
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.etcd import EtcdStore
from kproxy.model.exchange import Exchange
from kproxy.store.reader import FileRecording, open_recording
from kproxy.wire.content import decode
from kproxy.wire.storage import key_object, object_keys
from tests.support.etcd_server import EtcdServer
from tests.support.etcd_truth import check_complete

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

LAYOUT = Path(__file__).parent / "layout"
PREFIX = "/elsewhere/keys"
ELSEWHERE = {("", "events"), ("events.k8s.io", "events"), ("coordination.k8s.io", "leases")}
NOT_STORED = {"authentication.k8s.io", "authorization.k8s.io"}
"""Groups of reviews: they are answered, and kept nowhere."""


@dataclass(frozen=True)
class Made:
    """`changes`: how many (etcd, revision, key) etcdctl and the recording agree on."""

    path: Path
    served: list[list[str]]
    failed: str
    changes: int


@pytest.fixture(scope="module")
def made(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The session, with all its etcds."""
    folder = tmp_path_factory.mktemp("layout")
    (folder / "etcd").mkdir()
    other = EtcdServer(folder / "etcd", binary=assets / "etcd")
    other.start()
    overrides = f"/events#{other.url},coordination.k8s.io/leases#{other.url}"

    def with_flags(*arguments: object) -> Command:
        command = kube_apiserver_command(*arguments)  # type: ignore[arg-type] # handed on as they come
        flags = [f"--etcd-prefix={PREFIX}", f"--etcd-servers-overrides={overrides}"]
        return replace(command, argv=[*command.argv, *flags])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kproxy.lab.start, "kube_apiserver_command", with_flags)
        settings = LabSettings(server="kube-apiserver", assets=assets)
        try:
            with start_lab(settings) as lab:
                yield _session(folder, assets, lab.info.etcd_endpoints[0], overrides, str(lab.kubeconfig))
        finally:
            other.kill()


def _session(folder: Path, assets: Path, etcd: str, overrides: str, kubeconfig: str) -> Made:
    path, told = folder / "s.kproxy", folder / "told.json"
    options = ["--etcd", etcd, "--etcd-override", overrides, "--etcd-prefix", PREFIX, "--etcd-history"]
    record = [sys.executable, "-m", "kproxy", "record", "-o", str(path), "--when-stuck", "block", *options]
    command = [*record, "--", sys.executable, str(LAYOUT / "create.py"), str(told)]
    env = {"PATH": f"{assets}:/usr/bin:/bin", "HOME": str(folder), "KUBECONFIG": kubeconfig}
    subprocess.run(command, check=True, env=env)
    said = json.loads(told.read_text())
    with open_recording(str(path)) as recording:
        changes = check_complete(recording, etcdctl=assets / "etcdctl")
    return Made(path, said["served"], said["failed"], changes)


@pytest.fixture
def recording(made: Made) -> Iterator[FileRecording]:
    with open_recording(str(made.path)) as opened:
        assert isinstance(opened, FileRecording)
        yield opened


def created(recording: FileRecording) -> Iterator[tuple[Exchange, ObjectRef, int]]:
    """What was created: the request, the object, the revision that the answer says."""
    for exchange in recording.exchanges(("create",)):
        answer = exchange.answer
        if answer is None or answer.status != 201 or answer.body.digest is None:
            continue
        media_type = next(value for name, value in answer.headers if name.lower() == "content-type")
        metadata = metadata_of(decode(media_type, recording.body(answer.body.digest)))
        info = exchange.info
        ref = ObjectRef(
            group=info.group, resource=info.resource, namespace=info.namespace, name=str(metadata.get("name"))
        )
        yield exchange, ref, int(str(metadata.get("resourceVersion")))


def test_one_object_of_every_resource_was_created(made: Made, recording: FileRecording) -> None:
    assert made.failed == ""
    found = {(ref.group, ref.resource) for _, ref, _ in created(recording)}
    stored = {(group, name) for group, name, _ in made.served if "/" not in name and group not in NOT_STORED}
    assert stored - found == {("", "bindings")}  # a pod's node, and no object
    assert ("layout.example", "widgets") in found


def test_each_lies_where_it_is_looked_for(recording: FileRecording) -> None:
    main, other = recording.etcds()
    changes = {(change.cluster, change.revision, change.key) for change in recording.key_changes()}
    wrong = []
    for _, ref, revision in created(recording):
        (key,) = object_keys(ref, PREFIX)
        store = other if (ref.group, ref.resource) in ELSEWHERE else main
        if (store.cluster, revision, key) not in changes:
            wrong.append((ref, key, revision))
        found = key_object(key, PREFIX)
        assert found is not None
        assert object_keys(found, PREFIX) == (key,)
        assert (found.resource, found.namespace, found.name) == (ref.resource, ref.namespace, ref.name)
    assert wrong == []


def test_both_etcds_are_whole(made: Made, recording: FileRecording) -> None:
    assert made.changes > 60
    main, other = recording.etcds()
    assert main.cluster != other.cluster
    assert other.resources == ("/events", "coordination.k8s.io/leases")
    assert all(_whole(store) for store in (main, other))
    assert recording.session.etcd_prefix == PREFIX


def test_what_was_before_the_session_is_there_and_caused_by_none_of_it(made: Made, recording: FileRecording) -> None:
    main, other = recording.etcds()
    for store in (main, other):  # etcd is younger than its first compaction
        assert store.history == 1
        before = {each.revision for each in recording.key_changes() if each.cluster == store.cluster and not each.at}
        assert before == set(range(2, (store.start or 0) + 1))
    command = [sys.executable, "-m", "kproxy", "correlate", str(made.path), "--json"]
    ledger = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    standing = {entry["standing"] for entry in ledger["entries"] if "/clusterroles/view" in entry["key"]}
    assert standing <= {"before"}


def _whole(store: EtcdStore) -> bool:
    return store.start is not None and store.end is not None and store.whole == store.end


def test_the_ledger_ties_them_to_their_requests(made: Made, recording: FileRecording) -> None:
    """In both etcds, whose revisions have nothing to do with each other."""
    command = [sys.executable, "-m", "kproxy", "correlate", str(made.path), "--json"]
    ledger = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    found = {(entry["key"], entry["revision"]): entry["seq"] for entry in ledger["entries"]}
    for exchange, ref, revision in created(recording):
        (key,) = object_keys(ref, PREFIX)
        assert found[key.decode(), revision] == exchange.seq
