"""A node whose kubelet is the stand-in of controlplane/kubelet, and a pod on it that runs."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60


@dataclass(frozen=True)
class Node:
    """A node with one pod, `POD`, whose container `c` is this machine; `logs` is the file of its log."""

    name: str
    pod: str
    port: int
    log: Path


@contextmanager
def stand_in(
    name: str, folder: Path, env: Mapping[str, str], *options: str, features: tuple[str, ...] = ()
) -> Iterator[Node]:
    """A kubelet on a free port, its Node with these declaredFeatures, and a pod on it; `env` is kubectl's."""
    logs = folder / f"{name}-logs"
    logs.mkdir()
    kubelet = [str(binary()), "--logs", str(logs), *options]
    with (folder / f"{name}.err").open("wb") as errors:
        process = subprocess.Popen(kubelet, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        node = Node(name, f"on-{name}", port, logs / f"default_on-{name}_c.log")
        node.log.write_text("first line\n")
        _create(node, features, env)
        yield node
    finally:
        process.terminate()
        process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()


def binary() -> Path:
    """The stand-in, built if it has to be (some seconds)."""
    built = subprocess.run(
        ["sh", str(ROOT / "controlplane" / "build.sh"), "kubelet"], stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(built.stdout.strip()) / "kubelet"


def _create(node: Node, features: tuple[str, ...], env: Mapping[str, str]) -> None:
    container = {"name": "c", "image": "none", "stdin": True, "tty": False}
    spec = {"nodeName": node.name, "containers": [container], "automountServiceAccountToken": False}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": node.pod, "namespace": "default"}, "spec": spec}
    _apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node.name}}, env)
    endpoints = {"kubeletEndpoint": {"Port": node.port}}
    address = [{"type": "InternalIP", "address": "127.0.0.1"}]
    _status(
        f"node/{node.name}",
        {"addresses": address, "daemonEndpoints": endpoints, "declaredFeatures": list(features)},
        env,
    )
    _apply(pod, env)
    running = {"name": "c", "ready": True, "restartCount": 0, "image": "none", "imageID": "", "state": {"running": {}}}
    conditions = [{"type": kind, "status": "True"} for kind in ("ContainersReady", "Ready")]
    _status(f"pod/{node.pod}", {"phase": "Running", "conditions": conditions, "containerStatuses": [running]}, env)


def _apply(document: object, env: Mapping[str, str]) -> None:
    subprocess.run(
        ["kubectl", "create", "-f", "-"],
        input=json.dumps(document),
        text=True,
        check=True,
        env=env,
        stdout=subprocess.DEVNULL,
    )


def _status(name: str, status: object, env: Mapping[str, str]) -> None:
    patch = json.dumps({"status": status})
    command = ["kubectl", "patch", name, "--subresource=status", "--type=merge", "-p", patch]
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
