"""What a lab creates for its controllers: kwok's rights, the nodes, and the Deployment that shows that they work."""

from collections.abc import Iterator

from kproxy.lab.users import KWOK
from kproxy.model.jsontypes import JSON, JSONObject

RBAC = "rbac.authorization.k8s.io"
NODES = "/api/v1/nodes"
PROBE_NAMESPACE = "kproxy-lab-probe"
_PROBE_LABEL = "kproxy-lab-probe"

_READ = ["get", "list", "watch"]
_RULES: tuple[tuple[str, list[str], list[str]], ...] = (
    ("", ["nodes"], _READ),
    ("", ["pods"], [*_READ, "delete", "patch", "update"]),
    ("", ["nodes/status", "pods/status"], ["patch", "update"]),
    ("", ["events"], ["create", "patch", "update"]),
    ("coordination.k8s.io", ["leases"], [*_READ, "create", "patch", "update"]),
)
"""What the nodes' kubelets do, for all nodes at once."""


def node_names(count: int) -> list[str]:
    """The nodes' names, from node-1 on."""
    return [f"node-{number}" for number in range(1, count + 1)]


def creations(nodes: int) -> Iterator[tuple[str, JSONObject]]:
    """The requests (path of a POST, its body) that precede the controllers' start."""
    name: JSONObject = {"name": "kproxy-lab-kwok"}
    rules: list[JSON] = [
        {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)} for group, resources, verbs in _RULES
    ]
    group, version = f"/apis/{RBAC}/v1", f"{RBAC}/v1"
    yield f"{group}/clusterroles", {"apiVersion": version, "kind": "ClusterRole", "metadata": name, "rules": rules}
    yield (
        f"{group}/clusterrolebindings",
        {
            "apiVersion": version,
            "kind": "ClusterRoleBinding",
            "metadata": name,
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "kproxy-lab-kwok"},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": KWOK}],
        },
    )
    for node in node_names(nodes):
        labels: JSONObject = {"kubernetes.io/hostname": node, "kubernetes.io/os": "linux", "type": "kwok"}
        metadata: JSONObject = {"name": node, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
        yield NODES, {"apiVersion": "v1", "kind": "Node", "metadata": metadata}


def probe_namespace() -> JSONObject:
    """The namespace in which the controllers are tried; it is gone before a lab is ready."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PROBE_NAMESPACE}}


def probe_deployment() -> JSONObject:
    """A Deployment of one pod."""
    labels: JSONObject = {"app": _PROBE_LABEL}
    pod: JSONObject = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "none"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": _PROBE_LABEL},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
