"""When a fresh server is ready: what is asked of it, and what it must answer."""

import http.client
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kproxy.errors import LabError
from kproxy.lab.client import LabAnswer, LabClient
from kproxy.lab.users import VIEWER, VIEWER_NAMESPACE, VIEWER_RESOURCES, VIEWER_VERBS, User
from kproxy.model.jsontypes import JSON, JSONObject

_LOG_TAIL = 64 * 1024  # bytes
_REASON_LENGTH = 300  # characters
_TELLING = r"error|fatal|panic|cannot|failed|in use|^[EF]\d{4}"


class NotYet(Exception):  # noqa: N818 - it is no error: the server is still starting
    """What is still missing, as words that end a sentence."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A request and the status that it must get."""

    method: str
    path: str
    status: int
    body: JSONObject | None = None
    behalf: User | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" as {self.behalf.name}" if self.behalf else "")


def probes(admin: User, viewer: User) -> Iterator[Probe]:
    """DESIGN's definition of ready: health, the system's namespaces, a dry-run create by each user of the lab."""
    create = f"/api/v1/namespaces/{VIEWER_NAMESPACE}/configmaps?dryRun=All"
    thing: JSONObject = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kproxy-lab-probe"}}
    yield Probe("GET", "/readyz", 200)
    yield Probe("GET", "/api/v1/namespaces/default", 200)
    yield Probe("GET", "/api/v1/namespaces/kube-system", 200)
    yield Probe("POST", create, 201, thing, admin)
    yield Probe("POST", create, 403, thing, viewer)
    for resource in VIEWER_RESOURCES:
        yield Probe("GET", f"/api/v1/namespaces/{VIEWER_NAMESPACE}/{resource}", 200, None, viewer)


OWN_SERVICE = (
    Probe("GET", "/api/v1/namespaces/default/services/kubernetes", 200),
    Probe("GET", "/api/v1/namespaces/default/endpoints/kubernetes", 200),
    Probe("GET", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes", 200),
)
"""The last that a kube-apiserver writes while it starts, after /readyz says ok: a session that began before would see
them come (kubernetes/pkg/controlplane/controller/kubernetesservice)."""


def _viewer_rights() -> Iterator[tuple[str, JSONObject]]:
    """The requests (path, body of a POST) that give the second user its rights on a server with RBAC."""
    rbac = "rbac.authorization.k8s.io"
    path = f"/apis/{rbac}/v1/namespaces/{VIEWER_NAMESPACE}"
    metadata: JSONObject = {"name": VIEWER}
    rule: JSONObject = {"apiGroups": [""], "resources": list(VIEWER_RESOURCES), "verbs": list(VIEWER_VERBS)}
    yield f"{path}/roles", {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]}
    yield (
        f"{path}/rolebindings",
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": VIEWER},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": VIEWER}],
        },
    )


def grant(client: LabClient) -> None:
    """Gives the second user its rights. NotYet if the server does not take them."""
    create(client, _viewer_rights())


def create(client: LabClient, objects: Iterable[tuple[str, JSONObject]]) -> None:
    """Creates objects (path of the POST, body); what is there already is left. NotYet if the server refuses one."""
    for path, body in objects:
        answer = ask(client, Probe("POST", path, 201, body))
        if answer.status not in {201, 409}:
            raise NotYet(f"POST {path} was answered {said(answer)}")


def check(client: LabClient, admin: User, viewer: User, *more: Probe) -> None:
    """Sends the probes. NotYet if one is not answered as it must be."""
    for probe in (*probes(admin, viewer), *more):
        answer = ask(client, probe)
        if answer.status != probe.status:
            raise NotYet(f"{probe} was answered {said(answer)}")


def ask(client: LabClient, probe: Probe) -> LabAnswer:
    """One probe's answer. NotYet if there is none."""
    try:
        return client.send(probe.method, probe.path, probe.body, behalf=probe.behalf)
    except (OSError, http.client.HTTPException) as error:
        raise NotYet(f"{probe} got no answer ({error})") from error


def server_version(client: LabClient) -> str:
    """What the server says its gitVersion is. LabError if it says none."""
    answer = ask(client, Probe("GET", "/version", 200))
    version = answer.body.get("gitVersion") if isinstance(answer.body, dict) else None
    if not isinstance(version, str):
        raise LabError(f"the lab's server does not name its version: GET /version was answered {said(answer)}")
    return version


def said(answer: LabAnswer) -> str:
    """An answer in a few words."""
    text: JSON = answer.body.get("message", "") if isinstance(answer.body, dict) else answer.body
    return f"{answer.status}: {' '.join(str(text).split())[:_REASON_LENGTH]}"


def last_reason(log: Path) -> str:
    """Why a server ended, as its log's last telling line says it; "" if it says nothing."""
    lines = _last_lines(log)
    telling = [line for line in lines if re.search(_TELLING, line, re.IGNORECASE)]
    reason = (telling or lines or [""])[-1]
    # klog's prefix (severity, date, time, thread, place) helps nobody here.
    reason = re.sub(r"^[IWEF]\d{4} \S+\s+\d+ \S+\] ", "", reason)
    return " ".join(reason.split())[:_REASON_LENGTH]


def is_port_taken(log: Path) -> bool:
    """Whether a server ended because another process has its port."""
    return any("address already in use" in line.lower() for line in _last_lines(log))


def _last_lines(log: Path) -> list[str]:
    """The end of a log, without empty lines; none if there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_TAIL))
            return [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return []
