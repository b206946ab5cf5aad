"""What the controllers of two clusters draw for the same requests is paired: names, hashes, owners, selectors."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.renaming.kinds import Kind
from kproxy.renaming.value import renaming_of

pytestmark = [pytest.mark.controlplane]

SESSION = """\
set -e
kubectl create deployment web --image=nginx --replicas=2 >&2
kubectl rollout status deployment/web --timeout=90s >&2
kubectl expose deployment web --port 80 >&2
kubectl create job once --image=none >&2
kubectl wait --for=condition=complete job/once --timeout=90s >&2
until kubectl get endpointslices -o name | grep -q web; do sleep 0.2; done
hash=$(kubectl get replicasets -o jsonpath='{.items[0].metadata.labels.pod-template-hash}')
kubectl get pods -l "pod-template-hash=$hash" -o yaml >&2
kubectl get pods,replicasets,endpointslices,jobs -o json >&2
kubectl get pods
"""
NAMED = re.compile(
    r"metadata\.(?:name|generateName|labels|ownerReferences)|matchLabels|targetRef|(?:configMap|projected)\.name"
)


def test_names_that_two_clusters_draw_are_paired_and_nothing_that_names_them_differs(
    assets: Path, real_env: dict[str, str], tmp_path: Path
) -> None:
    def kproxy(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kproxy", *map(str, words)]
        return subprocess.run(command, env=real_env, capture_output=True, text=True, check=False, timeout=200)

    lab = ("lab", "run", "--server", "kube-apiserver", "--assets", assets, "--with", "controllers", "--")
    inside = (sys.executable, "-m", "kproxy", "record", "-o")
    pods: list[list[str]] = []
    for name in ("first", "second"):
        done = kproxy(*lab, *inside, tmp_path / name, "--", "sh", "-c", SESSION)
        assert done.returncode == 0, done.stderr
        pods.append(sorted(re.findall(r"^web-[^ ]+", done.stdout, re.MULTILINE)))
    verdict, renaming = tmp_path / "verdict.json", tmp_path / "renaming.json"
    done = kproxy(
        "diff", tmp_path / "first", tmp_path / "second", "--format", f"json={verdict}", "--renaming", renaming
    )
    assert done.returncode in {0, 1, 2}, done.stderr
    paths = [f"{each['where']} {each['path']}" for each in json.loads(verdict.read_text())["differences"]]
    assert [path for path in paths if NAMED.search(path)] == [], paths
    known = renaming_of(json.loads(renaming.read_text()))
    assert sorted(str(known.image(Kind.NAME, pod)) for pod in pods[0]) == pods[1]
    assert len(pods[0]) == 2
