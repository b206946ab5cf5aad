"""Addresses and ports of Services are drawn again when their Services are gone, here and there, and at other times."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.lab import Lab, LabSettings, start_lab
from tests.support.command import current_context

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(400)]

SMALL = (("service-cluster-ip-range", "10.0.0.0/28"), ("service-node-port-range", "30000-30003"))
"""13 addresses, of which eight are drawn, one after the other, and 4 ports."""

SERVICES = """
import json, os, ssl, urllib.request

services = os.environ["KPROXY_URL"] + "/api/v1/namespaces/default/services"
trust = ssl.create_default_context(cafile=os.environ["KPROXY_CA"])

def ask(method, url, body=None):
    head = {"Authorization": "Bearer " + os.environ["KPROXY_TOKEN"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, head, method=method), context=trust) as answer:
        return json.load(answer)

for turn in range(8):
    spec = {"type": "NodePort", "ports": [{"port": 80}]}
    made = ask("POST", services, {"metadata": {"name": f"s{turn}"}, "spec": spec})
    address, port = made["spec"]["clusterIP"], made["spec"]["ports"][0]["nodePort"]
    print(port)
    made["metadata"]["annotations"] = {"reached-at": f"http://{address}/"}
    ask("PUT", f"{services}/s{turn}", made)
    ask("GET", services)
    ask("DELETE", f"{services}/s{turn}")
"""


def kproxy(lab: Lab, env: dict[str, str], *words: object) -> subprocess.CompletedProcess[str]:
    """Run it beside a lab."""
    command = [sys.executable, "-m", "kproxy", *map(str, words)]
    inside = {**env, **lab.environment()}
    return subprocess.run(command, env=inside, capture_output=True, text=True, check=False, timeout=200)


def test_services_have_the_same_addresses_and_ports_whichever_were_drawn_again(
    assets: Path, real_env: dict[str, str], tmp_path: Path
) -> None:
    settings = LabSettings(server="kube-apiserver", assets=assets, server_flags=SMALL)
    recorded = tmp_path / "recorded.kproxy"
    with start_lab(settings) as lab:
        done = kproxy(lab, real_env, "record", "-o", recorded, "--", sys.executable, "-c", SERVICES)
    assert done.returncode == 0, done.stderr
    ports = done.stdout.split()
    assert len(set(ports)) < len(ports) == 8  # there are four
    for _ in range(2):
        with start_lab(settings) as lab:
            on = ("--on", f"context:{current_context(lab.kubeconfig)}", "--etcd", *lab.etcd_endpoints)
            done = kproxy(lab, real_env, "replay", recorded, *on, "--yes", "--format", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(done.stdout)
        assert found["exchanges"]["compared"] == 32
        assert found["exchanges"]["different"] == found["etcd"]["different"] == 0
