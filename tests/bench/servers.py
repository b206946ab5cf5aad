"""The servers behind the contenders: the fixed upstream of controlplane/bench, and a real kube-apiserver."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.written import minimal_kubeconfig
from tests.bench.certificate import write_certificate
from tests.bench.processes import BIN, ROOT, BenchError, end, environment, printed, running
from tests.bench.scenes import Server

WATCH_INTERVAL = "500ms"
"""Between two events of each of the watches: a trickle, and with 500 of them 1,000 events a second."""

POD = """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"bench","labels":{"app":"web"}},"spec":{
"automountServiceAccountToken":false,"containers":[{"name":"web","image":"example.com/web:1",
"env":[{"name":"A","value":"b"}],"resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}}"""


@contextmanager
def fixed(programs: Path, folder: Path, *, tls: bool) -> Iterator[Server]:
    """The fixed one."""
    command = [str(programs / "upstream"), "--watch-interval", WATCH_INTERVAL]
    ca: Path | None = None
    if tls:
        shown = write_certificate(folder, "upstream")
        command += ["--tls-cert", str(shown.certificate), "--tls-key", str(shown.key)]
        ca = shown.ca
    with running(command, stdout=subprocess.PIPE) as process:
        if process.stdout is None:
            raise BenchError("the upstream has no output")
        url = json.loads(process.stdout.readline())["url"]
        kubeconfig = None
        if ca is not None:
            kubeconfig = folder / "kubeconfig"
            kubeconfig.write_text(minimal_kubeconfig(server=url, ca_pem=ca.read_text(), token="t"))
        yield Server("fixed", url, ca, "t" if tls else "", kubeconfig)


@contextmanager
def kube_apiserver(assets: Path, folder: Path) -> Iterator[Server]:
    """A fresh kube-apiserver with one pod; it ends with the block."""
    command = [str(BIN / "python"), "-m", "kproxy", "lab", "run", "--server", "kube-apiserver", "--no-relay"]
    command += ["--assets", str(assets)]
    process = subprocess.Popen(
        [*command, "--", "sh", "-c", 'echo "$KUBECONFIG"; exec sleep 86400'],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT, env=environment(),
    )  # fmt: skip
    try:
        named = process.stdout.readline().strip() if process.stdout is not None else ""
        if not named:
            raise BenchError("kube-apiserver did not start")
        printed(str(assets / "kubectl"), "--kubeconfig", named, "create", "-f", "-", env=environment(), given=POD)
        upstream = load_kubeconfig(Path(named), environment()).upstream(None)
        if upstream.tls is None or not upstream.tls.ca_pem or not upstream.token:
            raise BenchError("the lab's kubeconfig has no CA or token")
        ca = folder / "kube-ca.crt"
        ca.write_text(upstream.tls.ca_pem)
        yield Server("kube-apiserver", upstream.url, ca, upstream.token, Path(named))
    finally:
        end(process)
