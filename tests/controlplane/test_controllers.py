"""The lab with controllers: a cluster, each part of it with an identity of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.lab import Lab, LabSettings, start_lab
from tests.lab.test_kept import eventually, is_alive
from tests.support import watch_beside

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def lab(assets: Path) -> Iterator[Lab]:
    with start_lab(LabSettings(server="kube-apiserver", assets=assets, controllers="now")) as lab:
        yield lab


def kubectl(lab: Lab, *arguments: str) -> str:
    """What it prints; the test fails where it fails."""
    command = [f"{lab.info.assets}/kubectl", "--kubeconfig", str(lab.kubeconfig), *arguments]
    return subprocess.run(command, capture_output=True, check=True, timeout=100, text=True).stdout


def test_it_tells_of_its_controllers(lab: Lab) -> None:
    assert [name for name, _ in lab.info.pids][-3:] == ["kube-controller-manager", "kube-scheduler", "kwok"]
    assert dict(lab.info.controller_versions) == {
        "kube-controller-manager": "1.37.2",
        "kube-scheduler": "1.37.2",
        "kwok": "0.8.0",
    }
    assert lab.info.nodes == ("node-1", "node-2")
    assert set(dict(lab.info.controllers)) == {"system:kube-controller-manager", "system:kube-scheduler", "kwok"}


def test_nothing_of_what_it_tried_is_left(lab: Lab) -> None:
    assert kubectl(lab, "get", "namespaces", "-o", "name").split() == [
        f"namespace/{name}" for name in ("default", "kube-node-lease", "kube-public", "kube-system")
    ]
    assert "node-1" in kubectl(lab, "get", "nodes", "--no-headers")


def test_deployments_run_jobs_complete_and_namespaces_go(lab: Lab) -> None:
    kubectl(lab, "create", "namespace", "work")
    kubectl(lab, "-n", "work", "create", "deployment", "web", "--image=none", "--replicas=3")
    kubectl(lab, "-n", "work", "rollout", "status", "deployment/web", "--timeout=90s")
    kubectl(lab, "-n", "work", "create", "job", "once", "--image=none")
    kubectl(lab, "-n", "work", "wait", "--for=condition=complete", "job/once", "--timeout=90s")
    kubectl(lab, "delete", "namespace", "work", "--timeout=90s")


def test_each_is_who_it_is_in_the_audit_log_and_needs_no_more_rights_than_it_has(lab: Lab) -> None:
    events = [json.loads(line) for line in Path(lab.info.audit_log).read_text().splitlines()]
    users = {event["user"]["username"] for event in events}
    assert {"kwok", "system:kube-controller-manager", "system:kube-scheduler"} <= users
    assert "system:serviceaccount:kube-system:replicaset-controller" in users
    refused = [
        (event["user"]["username"], event["requestURI"])
        for event in events
        if event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"
        and event["userAgent"] != "kproxy-lab"
    ]
    assert refused == []


def test_everything_is_gone_when_its_user_is_killed(assets: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom kproxy.lab import LabSettings, start_lab\n"
        "settings = LabSettings(server='kube-apiserver', assets=Path(sys.argv[1]), controllers='now', nodes=1)\n"
        "with start_lab(settings) as lab:\n"
        "    print(lab.info.folder, *(pid for _, pid in lab.info.pids), flush=True)\n    time.sleep(600)\n"
    )
    user = subprocess.Popen([sys.executable, "-c", script, str(assets)], stdout=subprocess.PIPE)
    assert user.stdout is not None
    folder, *pids = user.stdout.readline().decode().split()
    assert len(pids) == 6  # etcd, its relay, the api-server and three controllers
    user.send_signal(signal.SIGKILL)
    user.wait()
    user.stdout.close()
    eventually(lambda: not any(is_alive(int(pid)) for pid in pids) and not Path(folder).exists(), 60)


def test_controllers_go_through_kproxy_each_as_itself(real_env: dict[str, str], assets: Path, tmp_path: Path) -> None:
    kproxy = str(Path(sys.executable).with_name("kproxy"))
    lab_run = [kproxy, "lab", "run", "--server", "kube-apiserver", "--with", "controllers-later", "--nodes", "1"]
    record = [kproxy, "record", "--identity", "pass", "-o", "through.kproxy"]
    controllers = [kproxy, "lab", "controllers", "--logs", ".", "--"]
    beside = [sys.executable, watch_beside.__file__, "watch.jsonl"]
    work = [str(assets / "kubectl"), "get", "nodes", "-o", "name"]
    command = [*lab_run, "--", *beside, *record, "--", *controllers, *work]
    done = subprocess.run(command, cwd=tmp_path, env=real_env, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stdout) == (0, "node/node-1\n"), done.stderr
    log = subprocess.run(
        [kproxy, "log", "through.kproxy", "--json"], cwd=tmp_path, env=real_env, capture_output=True, check=True
    )
    agents = {json.loads(line)["user_agent"].partition("/")[0] for line in log.stdout.splitlines()}
    assert {"kube-controller-manager", "kube-scheduler", "kwok", "kubectl"} <= agents
    assert (tmp_path / "kwok.log").stat().st_size
    assert watch_beside.check(tmp_path / "watch.jsonl", str(tmp_path / "through.kproxy")) == []
