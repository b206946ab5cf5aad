"""What a client says to a lab's api-server, through one lane: `lab run -- python -m tests.conformance.lab_traffic …`.

record LANE FILE: record it, and compare it with what etcdctl watches. send: only the part of the client, for
`kproxy record -- COMMAND`.
"""

import base64
import http.client
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from tests.conformance.lanes import addon_process
from tests.support.etcd_truth import check_recorded

MAPS = "/api/v1/namespaces/default/configmaps"
SENT: list[tuple[str, str, dict[str, object] | None]] = [
    ("POST", MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "lanes"}, "data": {"a": "1"}}),
    ("GET", f"{MAPS}/lanes", None),
    ("PATCH", f"{MAPS}/lanes", {"data": {"b": "2"}}),
    ("GET", f"{MAPS}?limit=10", None),
    ("GET", f"{MAPS}?watch=true&resourceVersion=0&timeoutSeconds=1", None),
    ("HEAD", f"{MAPS}/lanes", None),
    ("DELETE", f"{MAPS}/lanes", None),
    ("GET", f"{MAPS}/lanes", None),
    ("GET", "/version", None),
]


def send(url: str, token: str, ca: str | None) -> None:
    """All of it, on one connection."""
    place = urlsplit(url)
    context = ssl.create_default_context(cafile=ca) if ca else None
    client = (
        http.client.HTTPSConnection(place.hostname or "", place.port, context=context)
        if context
        else http.client.HTTPConnection(place.hostname or "", place.port)
    )
    for method, path, body in SENT:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
        client.request(method, path, json.dumps(body) if body is not None else None, headers)
        client.getresponse().read()
    client.close()


def record(lane: str, output: Path) -> None:
    """Record what `send` sends, by this lane; AssertionError if it lacks a change of etcd's."""
    if lane == "tap":
        command = [sys.executable, "-m", "tests.conformance.lab_traffic", "send"]
        arguments = ["record", "-o", str(output), "--identity", "pass", "--", *command]
        subprocess.run([sys.executable, "-m", "kproxy", *arguments], check=True)
    else:
        record_beside_mitmproxy(output)
    assert check_recorded(output) >= 3


def record_beside_mitmproxy(output: Path) -> None:
    """The same, by the addon's lane."""
    lab = json.loads(Path(os.environ["KPROXY_LAB"]).read_text())
    user = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    ca = output.parent / "ca.pem"
    ca.write_bytes(base64.b64decode(user["clusters"][0]["cluster"]["certificate-authority-data"]))
    options = ["--set", f"ssl_verify_upstream_trusted_ca={ca}", "--set", f"kproxy_etcd={lab['etcd_endpoints'][0]}"]
    options += ["--set", f"kproxy_etcd_relay={lab['etcd_relay']}"]
    with addon_process(lab["url"], output, *options) as running:
        send(running.url, user["users"][0]["user"]["token"], None)


def _send_as_command() -> None:
    user = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    send(os.environ["KPROXY_URL"], user["users"][0]["user"]["token"], os.environ["KPROXY_CA"])


if __name__ == "__main__":
    if sys.argv[1] == "send":
        _send_as_command()
    else:
        record(sys.argv[2], Path(sys.argv[3]))
