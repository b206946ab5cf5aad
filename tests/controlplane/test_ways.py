"""kubectl comes in by each way in: as a forward proxy's client, below a path, with a prefix on both sides."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.lab import Lab, LabSettings, start_lab
from kproxy.model.exchange import Altered, End
from kproxy.model.session import Mark
from kproxy.store.reader import open_recording

pytestmark = pytest.mark.controlplane

KPROXY = [sys.executable, "-m", "kproxy"]
SCRIPT = """
set -eu
kubectl create configmap "$0" --from-literal=a=1
kubectl get configmap "$0" --watch --request-timeout=3s -o name || true
"$1" -m kproxy mark "now it goes"
kubectl delete configmap "$0"
"""


@pytest.fixture(scope="module")
def lab(assets: Path) -> Iterator[Lab]:
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        yield lab


@pytest.mark.parametrize(
    ("name", "options", "altered"),
    [
        ("by-proxy", ["--mode", "regular"], False),
        ("below-a-path", ["--listen", "https://127.0.0.1:0/clusters/one"], True),
    ],
)
def test_kubectl_comes_in_and_the_recording_is_the_same(  # noqa: PLR0913, PLR0917 - what is varied
    lab: Lab, real_env: dict[str, str], tmp_path: Path, name: str, options: list[str], altered: bool
) -> None:
    output = tmp_path / "s.kproxy"
    kubeconfig = str(Path(lab.info.folder) / "kubeconfig")
    command = [*KPROXY, "record", "--kubeconfig", kubeconfig, "-o", str(output), *options]
    command += ["--exclude", "resource=", "--", "sh", "-c", SCRIPT, name, sys.executable]
    done = subprocess.run(command, env=real_env, check=False, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert f"configmap/{name} created" in done.stdout
    with open_recording(str(output)) as recording:
        exchanges = list(recording.exchanges())
        verbs = [each.info.verb for each in exchanges if each.info.resource == "configmaps"]
        assert verbs[0] == "create"
        assert "watch" in verbs
        assert verbs[-1] == "delete" or "delete" in verbs
        assert all(each.info.is_resource and each.request.target.startswith("/api") for each in exchanges)
        assert {bool(each.altered & Altered.PATH) for each in exchanges} == {altered}
        assert {each.end for each in exchanges} <= {End.COMPLETE, End.CLIENT_GONE}
        [mark] = recording.marks()
        delete = next(each for each in exchanges if each.info.verb == "delete")
        assert isinstance(mark, Mark)
        assert exchanges[0].seq < mark.seq <= delete.seq
        assert recording.session.capture.startswith("--exclude resource=: ")
