"""A real api-server's own spans, over OTLP, and what they say of who changed which key."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.store.reader import open_recording
from tests.support import watch_beside
from tests.support.etcd_server import free_port

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

KPROXY = [sys.executable, "-m", "kproxy"]
SESSION = """
set -e
kubectl create configmap one --from-literal=a=b
kubectl label configmap one x=y
kubectl create deployment web --image=x
kubectl scale deployment web --replicas=3
kubectl delete configmap/one deployment/web
"""


def test_without_a_relay_the_api_servers_spans_name_the_request_of_each_create_and_update(
    tmp_path: Path, assets: Path, real_env: dict[str, str]
) -> None:
    where = f"127.0.0.1:{free_port()}"
    session = tmp_path / "s.kproxy"
    lab = ["lab", "run", "--server", "kube-apiserver", "--assets", str(assets), "--no-relay", "--spans-to", where]
    record = ["record", "-o", str(session), "--otlp", where, "--when-stuck", "block"]
    beside = [sys.executable, watch_beside.__file__, str(tmp_path / "watch.jsonl")]
    subprocess.run(
        [*KPROXY, *lab, "--", *beside, *KPROXY, *record, "--", "sh", "-c", SESSION], check=True, env=real_env
    )
    assert watch_beside.check(tmp_path / "watch.jsonl", str(session)) == []
    done = subprocess.run([*KPROXY, "correlate", str(session), "--json"], check=True, env=real_env, capture_output=True)
    entries = json.loads(done.stdout)["entries"]
    ours = [entry for entry in entries if entry["standing"] == "attributed"]
    written = [(entry["key"], entry["basis"]) for entry in ours if entry["type"] == "PUT"]
    assert written == [
        ("/registry/configmaps/default/one", "otlp"),
        ("/registry/configmaps/default/one", "otlp"),
        ("/registry/deployments/default/web", "otlp"),
        ("/registry/deployments/default/web", "otlp"),
    ]
    # The storage layer tells no span of a delete: another ground has it.
    assert {entry["basis"] for entry in ours if entry["type"] == "DELETE"} <= {"otlp", "revision", "object"}
    assert [entry for entry in entries if entry["standing"] == "unattributed"] == []
    with open_recording(str(session)) as recording:
        assert [each for entry in correlate(recording).entries for each in entry.contradictions] == []
