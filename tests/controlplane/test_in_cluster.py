"""An app with in-cluster configuration and kproxy with its own, in one pod (docs/in-cluster.md): kubectl is the app."""

import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization

from kproxy.lab import LabSettings, start_lab
from kproxy.model.exchange import End, IdentityMode
from kproxy.proxy.sockets.certificates import make_authority
from kproxy.store.reader import open_recording

pytestmark = pytest.mark.controlplane

IN_POD = Path(__file__).parent / "in_cluster.sh"


def test_an_in_cluster_client_goes_through_kproxy_as_who_it_is(
    assets: Path, real_env: dict[str, str], tmp_path: Path
) -> None:
    authority = make_authority()
    (tmp_path / "ca.crt").write_text(authority.ca_pem)
    key = authority.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "ca.pem").write_bytes(authority.ca_pem.encode() + key)
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        kubeconfig = str(Path(lab.info.folder) / "kubeconfig")
        env = {**real_env, "KUBECONFIG": kubeconfig}

        def kubectl(*arguments: str) -> str:
            done = subprocess.run(["kubectl", *arguments], env=env, check=True, capture_output=True, text=True)
            return done.stdout

        kubectl("create", "serviceaccount", "app")
        kubectl("create", "rolebinding", "app", "--clusterrole=cluster-admin", "--serviceaccount=default:app")
        (tmp_path / "token").write_text(kubectl("create", "token", "app"))
        data = "jsonpath={.clusters[0].cluster.certificate-authority-data}"
        (tmp_path / "cluster.crt").write_bytes(b64decode(kubectl("config", "view", "--raw", "--flatten", "-o", data)))
        place = urlsplit(lab.info.url)
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", str(IN_POD), str(tmp_path)]
        command += [place.hostname or "", str(place.port), sys.executable]
        done = subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "system:serviceaccount:default:app",
        "configmap/from-a-pod",
        "configmap/from-a-pod",
    ]
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        exchanges = list(recording.exchanges())
        assert {(each.end, each.identity, each.caller) for each in exchanges} == {
            (End.COMPLETE, IdentityMode.PASS, "client")
        }
        [create] = [each for each in exchanges if each.info.verb == "create" and each.info.resource == "configmaps"]
        assert create.answer is not None
        assert create.answer.status == 201
