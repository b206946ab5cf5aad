"""What people and their tools do to a cluster, for some time.

Run as python -m tests.controlplane.soak.workload SECONDS FOLDER, within `kproxy lab controllers`, so that KUBECONFIG
leads to the server, through kproxy or not. Six loops go on beside each other until the time is up; then each ends its
turn, and what is left is deleted.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

from kproxy.lab.info import read_lab
from kproxy.lab.users import VIEWER, read_token_file
from tests.controlplane.soak.kubectl import Kubectl

MOST = 100  # pods of the Deployment
TURN = 2.0  # seconds that a turn takes at least: the machine is also the cluster's
WAIT = "--timeout=120s"
SOAKERS = "soakers.soak.kproxy.dev"


def manifest(kind: str, name: str, spec: dict[str, object], version: str = "apps/v1") -> str:
    """An object as JSON."""
    return json.dumps({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})


def pods_of(name: str) -> dict[str, object]:
    """A selector and a template of pods that are gone a second after they are told to."""
    pod = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "none"}]}
    labels = {"app": name}
    return {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}


def scale(kubectl: Kubectl, turn: int) -> None:
    """A Deployment and its Service go 0 → 100 → 0."""
    if turn == 0:
        kubectl("apply", "-f", "-", stdin=manifest("Deployment", "soak-web", {"replicas": 0, **pods_of("soak-web")}))
        kubectl("expose", "deployment/soak-web", "--port=80")
    kubectl("scale", "deployment/soak-web", f"--replicas={MOST}")
    kubectl("rollout", "status", "deployment/soak-web", WAIT)
    kubectl("get", "endpointslices", "-o", "yaml")
    kubectl("scale", "deployment/soak-web", "--replicas=0")
    kubectl("wait", "--for=delete", "pod", "-l", "app=soak-web", WAIT)


def jobs(kubectl: Kubectl, turn: int) -> None:
    """A Job of six pods, three at a time, completes and goes."""
    name = f"soak-job-{turn}"
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "none"}]}
    spec: dict[str, object] = {"completions": 6, "parallelism": 3, "template": {"spec": pod}}
    kubectl("apply", "-f", "-", stdin=manifest("Job", name, spec, "batch/v1"))
    kubectl("wait", "--for=condition=complete", f"job/{name}", WAIT)
    kubectl("delete", f"job/{name}", WAIT)


def daemons(kubectl: Kubectl, turn: int) -> None:
    """A DaemonSet comes, changes, and goes."""
    name = f"soak-daemon-{turn}"
    kubectl("apply", "--server-side", "-f", "-", stdin=manifest("DaemonSet", name, pods_of(name)))
    kubectl("rollout", "status", f"daemonset/{name}", WAIT)
    kubectl("set", "image", f"daemonset/{name}", "c=other")
    kubectl("rollout", "status", f"daemonset/{name}", WAIT)
    kubectl("delete", f"daemonset/{name}", WAIT)


def definition() -> str:
    """Of a custom resource."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    spec: dict[str, object] = {
        "group": "soak.kproxy.dev",
        "names": {"kind": "Soaker", "plural": "soakers", "singular": "soaker"},
        "scope": "Namespaced",
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
    }
    return manifest("CustomResourceDefinition", SOAKERS, spec, "apiextensions.k8s.io/v1")


def namespaces(kubectl: Kubectl, turn: int) -> None:
    """A namespace with a bit of everything comes and goes; a custom resource's definition too."""
    name = f"soak-space-{turn}"
    if turn % 4 == 0:
        kubectl("apply", "-f", "-", stdin=definition())
        kubectl("wait", "--for=condition=established", f"crd/{SOAKERS}", WAIT)
    kubectl("create", "namespace", name)
    kubectl("-n", name, "create", "configmap", "soak-map", "--from-literal=a=1")
    kubectl("-n", name, "create", "secret", "generic", "soak-secret", "--from-literal=password=swordfish")
    kubectl("-n", name, "apply", "-f", "-", stdin=manifest("Soaker", "soak-one", {"n": turn}, "soak.kproxy.dev/v1"))
    kubectl("-n", name, "create", "deployment", "soak-small", "--image=none", "--replicas=2")
    kubectl("-n", name, "rollout", "status", "deployment/soak-small", WAIT)
    kubectl("-n", name, "patch", "configmap/soak-map", "-p", '{"data":{"a":"2"}}')
    kubectl("-n", name, "create", "configmap", "soak-map", fails=True)
    kubectl("delete", "namespace", name, WAIT)
    if turn % 4 == 3:  # the last of four turns
        kubectl("delete", "crd", SOAKERS, WAIT)


def looks(kubectl: Kubectl, turn: int, *, kubelet: bool = True) -> None:
    """Somebody looks: lists, yaml, watches that are left, and, where nodes answer, logs that are followed, exec."""
    if turn == 0:
        pod = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "none"}]}
        kubectl("apply", "-f", "-", stdin=manifest("Pod", "soak-long", pod, "v1"))
        kubectl("wait", "--for=condition=ready", "pod/soak-long", WAIT)
    kubectl("get", "pods", "-A", "-o", "wide")
    kubectl("get", "nodes", "-o", "yaml")
    kubectl("annotate", "pod/soak-long", f"turn={turn}", "--overwrite")
    if kubelet:
        kubectl("exec", "soak-long", "--", "sh", "-c", "echo soaked; sleep 0.3")
    kubectl("describe", "pod/soak-long")
    kubectl.for_a_while(4, "get", "pods", "-A", "--watch", "-o", "name")
    if kubelet:
        kubectl.for_a_while(3, "logs", "-f", "pod/soak-long")
    kubectl("get", "pod/soak-none", fails=True)


def viewer(kubectl: Kubectl, turn: int) -> None:
    """One with small rights looks, and is refused now and then."""
    kubectl("get", "pods")
    kubectl("get", "secrets", fails=True)
    kubectl.for_a_while(5 + turn % 3, "get", "configmaps", "--watch")


type Work = Callable[[Kubectl, int], None]


def run(work: Work, kubectl: Kubectl, until: float, trouble: list[str]) -> None:
    """Turn after turn, until the time is up."""
    turn = 0
    try:
        while time.monotonic() < until:
            next_turn = time.monotonic() + TURN
            work(kubectl, turn)
            turn += 1
            time.sleep(max(0.0, min(next_turn, until) - time.monotonic()))
    except Exception as error:  # a thread's end is the whole workload's
        trouble.append(f"{work}, turn {turn}: {error!r}")
        raise


def as_viewer(folder: Path) -> str:
    """A kubeconfig of the second user, to the same server as KUBECONFIG."""
    lab = read_lab(os.environ["KPROXY_LAB"])
    document = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    current = next(each for each in document["contexts"] if each["name"] == document["current-context"])
    current["context"]["user"] = VIEWER
    token = read_token_file(Path(lab.folder) / "tokens.csv")[VIEWER].token
    document["users"].append({"name": VIEWER, "user": {"token": token}})
    path = folder / "viewer.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document))
    return str(path)


def main(seconds: float, folder: Path, *, bare: bool = False) -> int:
    """The whole of it; 0 if no loop broke down. What kubectl had to say is in FOLDER/kubectl.jsonl.

    `bare`: nothing is asked that a node would answer.
    """
    assets = Path(read_lab(os.environ["KPROXY_LAB"]).assets)

    def kubectl(kubeconfig: str) -> Kubectl:
        return Kubectl(str(assets / "kubectl"), kubeconfig, folder / "home", folder / "kubectl.jsonl")

    admin, second = kubectl(os.environ["KUBECONFIG"]), kubectl(as_viewer(folder))
    until = time.monotonic() + seconds
    trouble: list[str] = []
    looking = partial(looks, kubelet=not bare)
    works: list[Work] = [scale, jobs, daemons, namespaces, looking]
    loops = [(work, admin) for work in works] + [(viewer, second)]
    threads = [threading.Thread(target=run, args=(work, user, until, trouble)) for work, user in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    admin("delete", "deployment/soak-web", "service/soak-web", "pod/soak-long", WAIT)
    admin("delete", "crd", SOAKERS, "--ignore-not-found", WAIT)
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), Path(sys.argv[2]), bare=sys.argv[3:] == ["bare"]))
