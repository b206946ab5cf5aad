"""Sessions that begin on a real server in use, replayed on fresh ones."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.lab.webhookstub import webhook_stub
from kproxy.model.jsontypes import JSONObject, text
from kproxy.store.copying import import_text
from kproxy.store.reader import open_recording
from kproxy.store.text import export_text
from tests.support.etcd_truth import check_recorded
from tests.support.same import assert_same
from tests.support.served import Server, fill

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(420)]

ADMISSION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
SESSION = """
kubectl get pods,deployments,replicasets,jobs,services,secrets,configmaps,events,quota,sa,widgets -A -o json
kubectl get namespaces,nodes,crd,clusterroles,flowschemas,priorityclasses,pv -o json
kubectl -n rich patch configmap cm --type merge -p '{"data":{"more":"c"}}'
kubectl -n rich scale deployment web --replicas=5
kubectl -n rich create configmap fresh --from-literal=a=b
kubectl -n rich label widget w size=large
kubectl -n rich delete pod owned --grace-period=0 --force
kubectl -n rich get services -o wide
"""


def owned(server: Server) -> None:
    """A workload's pod, by way of its set: what owns what is by uid."""

    def uid(path: str) -> str:
        return text(json.loads(server.send("GET", path).body)["metadata"]["uid"])

    def owner(kind: str, name: str, path: str) -> JSONObject:
        return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid(path), "controller": True}

    sets = "/apis/apps/v1/namespaces/rich/replicasets"
    deployment = owner("Deployment", "web", "/apis/apps/v1/namespaces/rich/deployments/web")
    labels: JSONObject = {"app": "owned"}
    container: JSONObject = {"name": "c", "image": "i"}
    template: JSONObject = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    made: JSONObject = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "owned", "ownerReferences": [deployment]},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    assert server.send("POST", sets, body=made).status == 201
    pod: JSONObject = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "owned",
            "labels": labels,
            "ownerReferences": [owner("ReplicaSet", "owned", f"{sets}/owned")],
        },
        "spec": {"containers": [container]},
    }
    assert server.send("POST", "/api/v1/namespaces/rich/pods", body=pod).status == 201
    for number in range(5):
        extra: JSONObject = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"extra-{number}"}}
        assert server.send("POST", "/api/v1/namespaces/rich/configmaps", body=extra).status == 201


@contextmanager
def in_use(assets: Path) -> Iterator[Server]:
    """A server with an object of nearly every kind; what is not there on any other server is left out."""
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        server = fill(Server(lab))
        assert server.send("DELETE", f"{ADMISSION}/vw").status == 200
        assert server.send("DELETE", "/apis/apiregistration.k8s.io/v1/apiservices/v1.none.example.com").status == 200
        widget: JSONObject = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
        server.send("POST", "/apis/example.com/v1/namespaces/rich/widgets", body=widget)
        owned(server)
        yield server


def record(server: Server, path: Path, env: dict[str, str], script: str, *options: str) -> None:
    """The session, through kubectl."""
    command = [sys.executable, "-m", "kproxy", "record", "-o", str(path), *options, "--", "sh", "-ec", script]
    inside = env | server.lab.environment()
    done = subprocess.run(command, env=inside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    check_recorded(path)


def replay(path: Path, env: dict[str, str], *options: str) -> tuple[JSONObject, str]:
    """The report, and what was said before."""
    command = [sys.executable, "-m", "kproxy", "replay", str(path), "--on", "fresh:kube-apiserver", "--format", "json"]
    done = subprocess.run([*command, *options], env=env, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.stderr


def test_a_server_in_use_is_restored_into_etcd_and_through_the_api_and_the_session_is_the_same(
    assets: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    path = tmp_path / "a.kproxy"
    with in_use(assets) as server:
        record(server, path, real_env, SESSION)
    with open_recording(str(path)) as recording:
        assert recording.session.start_state == "etcd"
        stored = [each for each in recording.start_state() if each.value.digest is not None]
        assert len(stored) >= 50
        export_text(recording, tmp_path / "text")
    import_text(tmp_path / "text", tmp_path / "b.kproxy")
    exact, said = replay(tmp_path / "b.kproxy", real_env)
    assert_same(exact)
    assert "keys into the target's etcd" in said
    through, said = replay(path, real_env, "--restore", "api")
    assert_same(through)
    assert "objects through the API" in said
    without, _ = replay(path, real_env, "--restore", "none")
    assert without["verdict"] == "different"


def test_a_webhook_that_is_not_there_is_dropped_or_stood_in_for_and_what_it_touched_decides_nothing(
    assets: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    path = tmp_path / "a.kproxy"
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab, webhook_stub() as recorded:
        server = Server(lab)
        client: JSONObject = {"url": f"{recorded.url}/admit", "caBundle": recorded.ca}
        rule: JSONObject = {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "resources": ["configmaps"],
            "operations": ["CREATE"],
        }
        hook: JSONObject = {
            "name": "guard.example.com",
            "clientConfig": client,
            "rules": [rule],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        body: JSONObject = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "guard"},
            "webhooks": [hook],
        }
        assert server.send("POST", ADMISSION, body=body).status == 201
        assert base64.b64decode(recorded.ca).startswith(b"-----BEGIN")
        record(server, path, real_env, "kubectl create configmap one --from-literal=a=b; kubectl get configmap one")
    dropped, said = replay(path, real_env)
    assert_same(dropped)
    assert "guard.example.com" in said
    assert "its failurePolicy is Ignore here" in said
    stubbed, said = replay(path, real_env, "--webhooks", "stub")
    assert_same(stubbed)
    assert "kproxy's own server stands in" in said
    kept, _ = replay(path, real_env, "--webhooks", "keep")
    assert kept["verdict"] == "inconclusive", kept
    assert kept["differences"] == []
    assert "guard.example.com" in json.dumps(kept)
