"""The roles of `kproxy rbac` on a real kube-apiserver: with them the session passes, lacking any one it does not.

A session of an admin is recorded; a service account that may do nothing gets the roles on a fresh server, replays the
session, and sends it again with each permission taken away once.
"""

import base64
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kproxy.insight.rbac.manifest import documents_of, subject_of
from kproxy.insight.rbac.permission import RBAC, Permission
from kproxy.insight.rbac.session import Rights, Wish, rights
from kproxy.lab.start import Lab
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.store.reader import open_recording
from tests.support.asker import MERGE, Asker, fresh_server
from tests.support.record_process import record_process, wait_for

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(600)]

ROBOT = "system:serviceaccount:kube-system:robot"
VIEWER = "kproxy-viewer"
NOBODY = "system:serviceaccount:default:nobody"
ROLE = "kproxy:robot"
CORE = "/api/v1/namespaces/default"
ACCESS = f"/apis/{RBAC}/v1"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
APPS = "/apis/apps/v1/namespaces/default/deployments"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/default/leases/turn"
APPLY = "application/apply-patch+yaml"


def session(client: Asker) -> None:
    """Some of everything that asks an authorizer; it can be sent again after `tidy`."""
    ask = client.ask
    ask("GET", "/healthz")
    ask("GET", "/metrics/slis")
    ask("GET", "/apis")
    _maps(client)
    _pods(client)
    ask("POST", APPS, DEPLOYMENT)
    ask("GET", f"{APPS}/web/scale")
    ask("PATCH", f"{APPS}/web/scale", {"spec": {"replicas": 2}}, MERGE)
    ask("PATCH", f"{APPS}/web/status", {"status": {"replicas": 0}}, MERGE)
    ask("GET", "/api/v1/nodes")
    ask("GET", "/api/v1/nodes/none")
    ask("POST", "/api/v1/namespaces", named("Namespace", "v1", "made"))
    ask("POST", "/api/v1/namespaces/made/configmaps", named("ConfigMap", "v1", "inside"))
    ask("PUT", LEASE, {**named("Lease", "coordination.k8s.io/v1", "turn"), "spec": {"holderIdentity": "me"}})
    ask("POST", f"{CORE}/serviceaccounts", named("ServiceAccount", "v1", "worker"))
    ask("POST", f"{CORE}/serviceaccounts/worker/token", {"spec": {"expirationSeconds": 600}})
    ask("GET", f"{CORE}/pods", Impersonate_User=VIEWER, Impersonate_Group="dev", Impersonate_Extra_Scopes="view")
    ask("GET", f"{CORE}/secrets", Impersonate_User=VIEWER)
    ask("GET", "/apis", Impersonate_User=NOBODY)
    _roles(client)
    _certificates(client)


def _maps(client: Asker) -> None:
    maps = f"{CORE}/configmaps"
    client.ask("GET", "/api/v1/configmaps?limit=5")
    client.ask("GET", f"{maps}?fieldSelector=metadata.name%3Da")
    client.ask("GET", f"{maps}?watch=1&fieldSelector=metadata.name%3Da")
    client.ask("POST", maps, named("ConfigMap", "v1", "a"))
    client.ask("GET", f"{maps}/a")
    client.ask("PUT", f"{maps}/a", {**named("ConfigMap", "v1", "a"), "data": {"k": "v"}})
    client.ask("PATCH", f"{maps}/a", {"data": {"k": "w"}}, MERGE)
    client.ask("PATCH", f"{maps}/b?fieldManager=me", named("ConfigMap", "v1", "b"), APPLY)
    client.ask("DELETE", f"{maps}/a")
    client.ask("DELETE", f"{maps}?labelSelector=none%3Dsuch")


def _pods(client: Asker) -> None:
    pods = f"{CORE}/pods"
    client.ask("POST", pods, pod("p"))
    chosen = client.ask("POST", pods, pod("", generateName="g-")).body
    name = named_in(chosen) or "g-none"
    client.ask("GET", f"{pods}/{name}")
    client.ask("GET", f"{pods}/p/log")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    key = base64.b64encode(os.urandom(16)).decode()
    protocol = {"Sec_WebSocket_Protocol": "v5.channel.k8s.io", "Sec_WebSocket_Key": key}
    client.ask("GET", f"{pods}/p/exec?command=true&stdout=1", **upgrade, **protocol)
    client.ask("PATCH", f"{pods}/p/status", {"status": {"message": "well"}}, MERGE)
    client.ask("POST", f"{pods}/p/eviction", named("Eviction", "policy/v1", "p"))
    target: JSONObject = {"target": {"apiVersion": "v1", "kind": "Node", "name": "none"}}
    client.ask("POST", f"{pods}/{name}/binding", {**named("Binding", "v1", name), **target})
    client.ask("DELETE", f"{pods}/{name}?gracePeriodSeconds=0")


def _roles(client: Asker) -> None:
    roles = f"{ACCESS}/namespaces/default"
    client.ask("POST", f"{roles}/roles", role("own", "configmaps", "get", names=["a"]))
    client.ask("POST", f"{roles}/roles", role("more", "secrets", "get"))
    client.ask("PUT", f"{roles}/roles/more", role("more", "secrets", "list"))
    for name, ref in (("own", ("Role", "own")), ("more", ("Role", "more")), ("all", ("ClusterRole", "cluster-admin"))):
        binding: JSONObject = {
            **named("RoleBinding", f"{RBAC}/v1", name),
            "roleRef": {"apiGroup": RBAC, "kind": ref[0], "name": ref[1]},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "somebody"}],
        }
        client.ask("POST", f"{roles}/rolebindings", binding)


def _certificates(client: Asker) -> None:
    request: JSONObject = {
        **named("CertificateSigningRequest", "certificates.k8s.io/v1", "wish"),
        "spec": {"request": CSR, "signerName": "example.com/signer", "usages": ["client auth"]},
    }
    client.ask("POST", REQUESTS, request)
    client.ask("PATCH", f"{REQUESTS}/wish/approval", {"status": {"conditions": [condition("Approved")]}}, MERGE)
    both: list[JSON] = [condition("Approved"), condition("Failed")]
    client.ask("PATCH", f"{REQUESTS}/wish/status", {"status": {"conditions": both}}, MERGE)


def tidy(admin: Asker) -> None:
    """So that the session can be sent again: only a namespace stays, which cannot go without controllers."""
    for path in (
        f"{CORE}/configmaps", f"{CORE}/pods?gracePeriodSeconds=0", APPS, f"{CORE}/serviceaccounts",
        "/api/v1/namespaces/made/configmaps",
        f"{ACCESS}/namespaces/default/roles?labelSelector=tidy", REQUESTS, LEASE,
        f"{ACCESS}/namespaces/default/rolebindings?labelSelector=tidy",
    ):  # fmt: skip
        admin.ask("DELETE", path)


def named(kind: str, version: str, name: str) -> JSONObject:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": {"tidy": "yes"}}}


def named_in(document: JSONObject) -> str:
    metadata = document.get("metadata")
    return text(metadata.get("name")) if isinstance(metadata, dict) else ""


def pod(name: str, **metadata: JSON) -> JSONObject:
    body = named("Pod", "v1", name)
    own: JSONObject = {"name": name} if name else {}
    return body | {"metadata": own | metadata, "spec": {"containers": [{"name": "c", "image": "none"}]}}


def role(name: str, resource: str, verb: str, names: list[JSON] | None = None) -> JSONObject:
    rule: JSONObject = {"apiGroups": [""], "resources": [resource], "verbs": [verb], "resourceNames": names or []}
    return {**named("Role", f"{RBAC}/v1", name), "rules": [rule]}


def condition(kind: str) -> JSONObject:
    return {"type": kind, "status": "True", "reason": "test", "message": "test"}


def _csr() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


CSR = _csr()
DEPLOYMENT: JSONObject = {
    **named("Deployment", "apps/v1", "web"),
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "none"}]}},
    },
}


def recorded_rights(recording: Path) -> Rights:
    """What the admin's session needed; whom it impersonated is a caller of his own."""
    with open_recording(str(recording)) as opened:
        found = {each.caller: each for each in rights(opened, Wish())}
    assert set(found) == {"kproxy-admin", VIEWER, NOBODY}
    return found["kproxy-admin"]


def grant(admin: Asker, permissions: Iterable[Permission]) -> None:
    """Give the robot these, and nothing else."""
    for document in documents_of(frozenset(permissions), ROLE, subject_of(ROBOT)):
        metadata = document["metadata"]
        assert isinstance(metadata, dict)
        namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
        place = f"{ACCESS}{namespace}/{text(document['kind']).lower()}s"
        done = admin.ask("POST", place, document)
        if done.status == 409:
            done = admin.ask("PUT", f"{place}/{ROLE}", document)
        assert done.status in {200, 201}, done.message


def may(admin: Asker, permission: Permission) -> bool:
    """Whether the authorizer lets the robot: it hears of a changed role a little later."""
    resource, _, subresource = permission.resource.partition("/")
    attributes: JSONObject = {"verb": permission.verb}
    if permission.path:
        kind, attributes["path"] = "nonResourceAttributes", permission.path
    else:
        kind = "resourceAttributes"
        attributes |= {"group": permission.group, "resource": resource, "subresource": subresource}
        attributes |= {"namespace": permission.namespace, "name": permission.name}
    groups: list[JSON] = ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"]
    spec: JSONObject = {"user": ROBOT, "groups": groups, kind: attributes}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    status = admin.ask(
        "POST", path, {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    ).body["status"]
    assert isinstance(status, dict)
    return status["allowed"] is True


def robot_of(lab: Lab, admin: Asker) -> Asker:
    """A user who may do nothing but what everybody may."""
    accounts = "/api/v1/namespaces/kube-system/serviceaccounts"
    admin.ask("POST", accounts, named("ServiceAccount", "v1", "robot"))
    status = admin.ask("POST", f"{accounts}/robot/token", {"spec": {"expirationSeconds": 3600}}).body["status"]
    assert isinstance(status, dict)
    return Asker(lab.url, text(status["token"]), admin.ca)


def record_session(assets: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The statuses that the admin got."""
    with fresh_server(assets) as (lab, _):
        monkeypatch.setenv("KUBECONFIG", str(lab.kubeconfig))
        with record_process(None, output, "--allow-exec") as running:
            client = Asker(running.url)
            session(client)
    return [answer.status for answer in client.answers]


def replayed_statuses(recording: Path, lab: Lab, robot: Asker, folder: Path) -> list[int | None]:
    """What the robot gets when `kproxy replay` sends the session as him."""
    config = yaml.safe_load(lab.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": robot.token}
    kubeconfig = folder / "robot.kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(yaml.safe_dump(config))
    target = ["--on", f"context:{config['current-context']}", "--allow-existing", "--yes"]
    command = [sys.executable, "-m", "kproxy", "replay", str(recording), *target, "-o", str(folder / "again.kproxy")]
    env = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert (folder / "again.kproxy").exists(), done.stderr
    with open_recording(str(folder / "again.kproxy")) as opened:
        return [each.answer.status if each.answer else None for each in opened.exchanges()]


def test_the_roles_suffice_and_none_of_their_permissions_can_be_spared(
    assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("KPROXY_LAB", raising=False)
    recording = tmp_path / "admin.kproxy"
    recorded = record_session(assets, recording, monkeypatch)
    assert recorded.count(403) == 1, "only the viewer's wish for secrets was refused"
    needed = recorded_rights(recording).permissions
    specials = {"impersonate", "escalate", "bind", "approve", "sign"}
    assert {each.verb for each in needed} > specials

    with fresh_server(assets) as (lab, admin):
        robot = robot_of(lab, admin)
        grant(admin, needed)
        wait_for(lambda: all(may(admin, each) for each in needed) or None)
        statuses = replayed_statuses(recording, lab, robot, tmp_path)
        assert len(statuses) >= len(recorded) - 1  # a replay does not open exec
        assert statuses.count(403) == 1
        tidy(admin)
        before = Permission(verb="get", path="/healthz")
        spared = []
        for permission in sorted(needed):
            grant(admin, needed - {permission})

            def heard(now: Permission = permission, then: Permission = before) -> bool | None:
                return (may(admin, then) and not may(admin, now)) or None

            wait_for(heard)
            before = permission
            robot.answers.clear()
            session(robot)
            tidy(admin)
            if [answer.status for answer in robot.answers].count(403) < 2:
                spared.append(permission)
        assert spared == []
