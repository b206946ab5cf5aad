"""What we make of a request's target beside what the api-server makes of it: its audit log says so."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.lab import LabSettings, start_lab
from kproxy.model.api import RequestInfo
from kproxy.wire.requestinfo import request_info
from tests.support.served import Server

pytestmark = pytest.mark.controlplane

ROOTS = (
    "/api/v1",
    "/apis/apps/v1",
    "/apis/metrics.k8s.io/v1beta1",  # an aggregated one that is not there
    "/apis/example.com/v1alpha1",
    "//api/v1/",
    "/api",
    "/apis/apps",
    "/apix/v1",
)
PARTS = (
    "namespaces", "namespaces/default", "pods", "nodes", "services", "watch", "proxy", "status", "finalize", "log",
    "scale", "default", "a.b-c", "https:x:8080", "web:http", "", ".", "%2e", "a%2Fb", "%C3%BC", "x%20y", "deployments",
)  # fmt: skip
QUERIES = (
    "", "", "", "?watch=1", "?watch", "?watch=FALSE", "?watch=0&fieldSelector=metadata.name=a", "?limit=x&watch=1",
    "?fieldSelector=metadata.name%3Da", "?fieldSelector=metadata.name=a,spec.x!=b", "?fieldSelector=metadata.name=a/b",
    "?fieldSelector=metadata.name=a&labelSelector=b+in+(c,d)", "?fieldSelector=metadata.name=a&labelSelector=b=c=d",
    "?fieldSelector=metadata.name=a&timeoutSeconds=-1", "?fieldSelector=metadata.name=a&limit=", "?path=/x",
    "?fieldSelector=metadata.name=a\\,b", "?fieldSelector=metadata.name==..", "?fieldSelector=x", "?dryRun=All",
)  # fmt: skip
OTHERS = (
    "/", "/healthz", "/livez/ping", "/readyz?verbose", "/version", "/version/", "/metrics", "/openapi/v2",
    "/openapi/v3", "/openapi/v3/api/v1", "/logs", "/logs/",
    "/.well-known/openid-configuration", "/openid/v1/jwks", "/api", "/apis",
)  # fmt: skip
METHODS = ("GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def targets(count: int) -> Iterator[tuple[str, str]]:
    """Methods and targets: the non-resource paths, then chance, the same each time."""
    chance = random.Random(4)
    yield from (("GET", path) for path in OTHERS)
    for _ in range(count):
        parts = "/".join(chance.choices(PARTS, k=chance.randint(0, 6)))
        yield chance.choice(METHODS), f"{chance.choice(ROOTS)}/{parts}{chance.choice(QUERIES)}"


def audited(path: Path, last: str) -> dict[str, dict[str, object]]:
    """The audit log's requests by Audit-ID, once the last one is there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = path.read_text().splitlines()
        found = {event["auditID"]: event for event in map(json.loads, lines)}
        if last in found:
            return found
        time.sleep(0.2)
    raise AssertionError("the last request never was in the audit log")


def said(event: dict[str, object], path: str) -> RequestInfo:
    """What the server made of it."""
    ref = event.get("objectRef")
    told = ref if isinstance(ref, dict) else {}
    return RequestInfo(
        verb=str(event["verb"]),
        path=path,
        is_resource=isinstance(ref, dict),
        group=str(told.get("apiGroup", "")),
        version=str(told.get("apiVersion", "")),
        resource=str(told.get("resource", "")),
        subresource=str(told.get("subresource", "")),
        namespace=str(told.get("namespace", "")),
        name=str(told.get("name", "")),
    )


def test_the_server_s_audit_log_says_the_same_of_every_target(assets: Path, tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    sent: dict[str, tuple[str, str]] = {}
    with start_lab(LabSettings(server="kube-apiserver", assets=assets, audit_log=log)) as lab:
        server = Server(lab)
        for number, (method, target) in enumerate(targets(600)):
            audit_id = f"requestinfo-{number}"
            if server.probe(method, target, audit_id):
                sent[audit_id] = (method, target)
        assert server.probe("GET", "/version", "last")
        events = audited(log, "last")
    heard = {audit_id: sent[audit_id] for audit_id in sent.keys() & events.keys()}  # /api/v1/watch is an error, unheard
    assert len(heard) > 500
    ours = {audit_id: request_info(*target) for audit_id, target in heard.items()}
    theirs = {audit_id: said(events[audit_id], info.path) for audit_id, info in ours.items()}
    wrong = {heard[audit_id]: (ours[audit_id], theirs[audit_id]) for audit_id in heard}
    assert {target: both for target, both in wrong.items() if both[0] != both[1]} == {}
