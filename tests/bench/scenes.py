"""What is asked of whom: a scene is a server, a workload, TLS or not, and how many connections."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

PODS = "/api/v1/namespaces/bench/pods"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/bench/leases"


class Workload(StrEnum):
    """What each connection asks, one request after the other."""

    GET = "GET 2.1 KB"
    LIST = "LIST 1 MB"
    POST = "POST 1 KB"
    WATCH = "watches"


@dataclass(frozen=True, slots=True)
class Server:
    """An api-server, fixed or real. `ca` and `token` for TLS; `kubeconfig` has both."""

    kind: Literal["fixed", "kube-apiserver"]
    url: str
    ca: Path | None = None
    token: str = ""
    kubeconfig: Path | None = None

    @property
    def tls(self) -> bool:
        """Whether it speaks TLS: then the contenders do on both legs."""
        return self.ca is not None


@dataclass(frozen=True, slots=True)
class Scene:
    """See the module."""

    kind: Literal["fixed", "kube-apiserver"]
    workload: Workload
    tls: bool
    connections: int

    @property
    def name(self) -> str:
        """As the tables have it."""
        where = "kube-apiserver, " if self.kind != "fixed" else ""
        return f"{where}{self.workload.value}, {'TLS' if self.tls else 'plain'}, c={self.connections}"

    @property
    def target(self) -> str:
        """The path of request {n}, which no other request has."""
        if self.kind == "kube-apiserver":
            return "/api/v1/namespaces/default/pods/bench?n={n}"
        return {
            Workload.GET: PODS + "/p-{n}",
            Workload.LIST: PODS + "?resourceVersion={n}",
            Workload.POST: PODS + "?fieldManager=bench-{n}",
            Workload.WATCH: LEASES + "?watch=1&fieldSelector=metadata.name%3Dl-{n}&timeoutSeconds=",
        }[self.workload]


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of it: for so many seconds, or (`requests` > 0) so many requests."""

    seconds: float
    requests: int = 0


def flags(scene: Scene, amount: Amount, folder: Path) -> list[str]:
    """The load generator's, for the measured part."""
    if scene.workload is Workload.WATCH:
        path = f"{scene.target}{max(2, round(amount.seconds))}"
        count = f"{scene.connections}"
        return ["--watch", "--connections", count, "--requests", count, "--path-template", path]
    found = ["--connections", f"{scene.connections}", "--path-template", scene.target]
    found += ["--requests", f"{amount.requests}"] if amount.requests else ["--duration", f"{amount.seconds}s"]
    if scene.workload is Workload.POST:
        body = folder / "body.json"
        body.write_text(BODY)
        found += ["--method", "POST", "--body", str(body), "--expect", "201"]
    return found


BODY = (
    '{"kind":"Pod","apiVersion":"v1","metadata":{"generateName":"web-{n}-","labels":{"app":"web","number":"n{n}"},'
    '"annotations":{"example.com/note":"' + "what somebody wrote down about it; " * 16 + '"}},'
    '"spec":{"containers":[{"name":"web","image":"example.com/web:1.{n}","env":[{"name":"NUMBER","value":"{n}"}],'
    '"resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}],"serviceAccountName":"default"}}'
)
"""Each request's is another one: what the recorder reads, it has not seen before."""
