"""The emulated api-server beside the real one: the same requests, the same answers, keys and watch events."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.etcd import EtcdSettings, connect
from kproxy.lab import Lab, LabSettings, start_lab
from kproxy.model.etcd import EtcdKey, Revision
from tests.lab.parity import Step, Target, differences, masked
from tests.lab.walkthrough import MAP_STEPS, NAMESPACE_STEPS, POD_STEPS, SCENES, SECRET_STEPS, WALKTHROUGH

pytestmark = pytest.mark.controlplane

PREFIXES = tuple(f"/registry/{plural}/" for plural in ("pods", "configmaps", "secrets", "namespaces"))


@dataclass(frozen=True)
class Pair:
    """The real server and ours."""

    real: Lab
    ours: Lab

    @property
    def targets(self) -> tuple[Target, Target]:
        """Both, to send requests to."""
        return Target(Path(self.real.info.folder)), Target(Path(self.ours.info.folder))


@pytest.fixture(scope="module")
def pair(assets: Path) -> Iterator[Pair]:
    with (
        start_lab(LabSettings(server="kube-apiserver", assets=assets)) as real,
        start_lab(LabSettings(server="emulated", assets=assets)) as ours,
    ):
        yield Pair(real, ours)


def compare(step: Step, real: Target, ours: Target) -> Iterator[str]:
    """What differs in the answers to one request."""
    one, other = masked(real.send(step)), masked(ours.send(step))
    if (one.status, one.content_type, one.warnings) != (other.status, other.content_type, other.warnings):
        yield f"{one.status} {one.content_type} {one.warnings} but {other.status} {other.content_type} {other.warnings}"
    yield from differences(one.body, other.body)


@pytest.mark.parametrize("scene", SCENES)
def test_both_servers_answer_alike(pair: Pair, scene: str) -> None:
    real, ours = pair.targets
    found = {str(step): lines for step in SCENES[scene] if (lines := list(compare(step, real, ours)))}
    assert not found, json.dumps(found, indent=1)


def test_both_servers_write_the_same_keys_in_the_same_order(pair: Pair) -> None:
    targets = pair.targets
    starts = [asyncio.run(revision(lab)) for lab in (pair.real, pair.ours)]
    for step in [*WALKTHROUGH, *POD_STEPS, *MAP_STEPS, *SECRET_STEPS, *NAMESPACE_STEPS]:
        if "gen-" not in step.body:
            for target in targets:
                target.send(step)
    one, other = (asyncio.run(changes(lab, start)) for lab, start in zip((pair.real, pair.ours), starts, strict=True))
    assert one == other
    assert len(one) > 40


QUERIES = (
    "resourceVersion={start}",
    "resourceVersion={start}&labelSelector={label}",
    "resourceVersion={start}&fieldSelector=metadata.name%3Dfull",
    "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan",
    "labelSelector={label}",
    "",
)


@pytest.mark.parametrize(
    ("plural", "steps", "label"), [("pods", POD_STEPS[:12], "a%3Dz"), ("configmaps", MAP_STEPS[:12], "x%3D1")]
)
def test_both_servers_watch_alike(pair: Pair, plural: str, steps: list[Step], label: str) -> None:
    starts = [asyncio.run(revision(lab)) for lab in (pair.real, pair.ours)]
    for step in steps:
        for target in pair.targets:
            target.send(step)
    lengths = []
    for query in QUERIES:
        answers = []
        for target, start in zip(pair.targets, starts, strict=True):
            path = f"/api/v1/namespaces/default/{plural}?watch=1&timeoutSeconds=1&"
            reply = target.send(Step("GET", path + query.format(start=start, label=label)))
            answers.append(masked(reply).body)
        assert list(differences(answers[0], answers[1])) == [], query
        lengths.append(len(answers[0]) if isinstance(answers[0], list) else 0)
    assert lengths[0] > lengths[1] > 0
    assert lengths[3] > 1


def test_pages_of_a_list_continue_alike(pair: Pair) -> None:
    for target in pair.targets:
        for name in "abcde":
            body = f'{{"metadata":{{"name":"{name}"}}}}'
            target.send(Step("POST", "/api/v1/namespaces/kube-public/configmaps", body))
    sizes = []
    for target in pair.targets:
        pages, token = [], ""
        while True:
            path = f"/api/v1/namespaces/kube-public/configmaps?limit=2&continue={token}"
            page = target.send(Step("GET", path)).body
            assert isinstance(page, dict)
            metadata, items = page["metadata"], page["items"]
            assert isinstance(metadata, dict)
            assert isinstance(items, list)
            pages.append((len(items), metadata.get("remainingItemCount")))
            token = str(metadata.get("continue", ""))
            if not token:
                break
        sizes.append(pages)
    assert sizes[0] == sizes[1] == [(2, 3), (2, 1), (1, None)]


KUBECTL = [
    "create configmap settings --from-literal=a=b",
    "create secret generic keys --from-literal=a=b",
    "create namespace by-kubectl",
    "run hello-demo --image=nginx:1.27 --restart=Never",
    "get pod hello-demo -o name",
    "label pod hello-demo tier=web",
    "annotate pod hello-demo note=x",
    "describe pod hello-demo",
    "get pod hello-demo -o jsonpath={.spec.containers[0].image}",
    "get configmap settings -o jsonpath={.data}",
    "get pods,configmaps,secrets -o name",
    "get pod missing",
    "create configmap settings --from-literal=a=b",
    "patch configmap settings --type=json -p [{'op':'add','path':'/data/x','value':'y'}]",
    "patch configmap settings --type=merge -p {'data':{'a':'c'}}",
    "delete pod hello-demo",
    "delete configmap,secret settings keys",
    "get pod hello-demo",
]


def test_kubectl_says_the_same_of_both(pair: Pair, assets: Path, tmp_path: Path) -> None:
    outputs = []
    for lab in (pair.real, pair.ours):
        environment = {
            "HOME": str(tmp_path / lab.info.kind),
            "KUBECONFIG": str(lab.kubeconfig),
            "PATH": "/usr/bin:/bin",
        }
        said = []
        for line in KUBECTL:
            command = [str(assets / "kubectl"), *line.replace("'", '"').split(" ")]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
            said.append((line, done.returncode, done.stdout, done.stderr))
        outputs.append(said)
    assert outputs[0] == outputs[1]


async def revision(lab: Lab) -> Revision:
    """The etcd's revision."""
    async with await connect(EtcdSettings(endpoints=lab.etcd_endpoints)) as etcd:
        return await etcd.revision()


async def changes(lab: Lab, start: Revision) -> list[tuple[str, str]]:
    """Type and key of each change since `start`, of the kinds that both servers have."""
    found = []
    async with await connect(EtcdSettings(endpoints=lab.etcd_endpoints)) as etcd:
        last = await etcd.put(EtcdKey(b"end"), b"")
        async for batch in etcd.watch(Revision(start + 1)):
            found += [(event.type.value, event.key.decode()) for event in batch.events]
            if batch.revision >= last:
                break
    return [(kind, key) for kind, key in found if key.startswith(PREFIXES)]
