"""The part of the dense session that only the real api-server serves."""

from kproxy.model.jsontypes import JSONObject
from tests.mutants.session import APPLY, CONFIGMAPS, NAMESPACE, PODS, STRATEGIC, Client, configmap, metadata_of, pod

SERVICES = f"{NAMESPACE}/services"
DEPLOYMENTS = "/apis/apps/v1/namespaces/dense/deployments"
EVENTS = f"{NAMESPACE}/events"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
FIXED_IP = "10.96.0.77"
FIXED_PORT = 30077


def full(client: Client) -> None:
    """All of it."""
    _admission(client)
    _workloads(client)
    _applies(client)
    _services(client)
    _others(client)


def _admission(client: Client) -> None:
    limits: JSONObject = {"type": "Container", "default": {"memory": "64Mi"}, "defaultRequest": {"memory": "32Mi"}}
    client.post(f"{NAMESPACE}/limitranges", {"metadata": {"name": "limits"}, "spec": {"limits": [limits]}})
    client.post(PODS, pod("limited"))
    client.post(PODS, pod("tolerant", nodeName="node-1", restartPolicy="Never"))
    quota: JSONObject = {"metadata": {"name": "quota"}, "spec": {"hard": {"count/secrets": "1"}}}
    quotas = f"{NAMESPACE}/resourcequotas"
    client.post(quotas, quota)
    counted: JSONObject = {"hard": {"count/secrets": "1"}, "used": {"count/secrets": "1"}}
    client.patch(f"{quotas}/quota/status", {"status": counted})
    client.post(f"{NAMESPACE}/secrets", {"metadata": {"name": "one-too-many"}}, expect=403)
    privileged = pod("privileged")
    privileged["spec"] = {
        "containers": [{"name": "main", "image": "dense:1.0", "securityContext": {"privileged": True}}],
    }
    client.post(PODS, privileged)
    client.ask("GET", PODS, expect=403, headers={"Impersonate-User": "nobody"})
    client.post("/api/v1/namespaces/nowhere/services", {"metadata": {"name": "lost"}}, expect=404)


def _workloads(client: Client) -> None:
    template: JSONObject = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "web:1.0"}, {"name": "side", "image": "side:1.0"}]},
    }
    spec: JSONObject = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    client.post(DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": spec})
    strategic: JSONObject = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "side:2.0"}]}}}}
    client.patch(f"{DEPLOYMENTS}/web", strategic, STRATEGIC)
    client.get(f"{DEPLOYMENTS}/web", Accept=TABLE)
    client.get(DEPLOYMENTS, Accept=TABLE)
    client.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 3}})
    client.get(f"{DEPLOYMENTS}/web/scale")
    client.delete(f"{DEPLOYMENTS}/web?propagationPolicy=Orphan")
    client.get(f"{DEPLOYMENTS}/web")
    client.post("/apis/batch/v1/namespaces/dense/jobs", {"metadata": {"name": "job"}, "spec": {"template": _once()}})


def _once() -> JSONObject:
    return {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "once:1.0"}]}}


def _applies(client: Client) -> None:
    applied = f"{CONFIGMAPS}/applied"
    client.patch(f"{applied}?fieldManager=one", configmap("applied", {"k": "1", "l": "1"}), APPLY, expect=201)
    client.patch(f"{applied}?fieldManager=two", configmap("applied", {"k": "2"}), APPLY, expect=409)
    client.patch(f"{applied}?fieldManager=two&force=true", configmap("applied", {"k": "2"}), APPLY)
    client.patch(f"{applied}?fieldManager=one", configmap("applied", {"l": "1"}), APPLY)
    client.get(applied)


def _services(client: Client) -> None:
    client.post(SERVICES, {"metadata": {"name": "any"}, "spec": {"ports": [{"port": 80}]}})
    client.post(SERVICES, {"metadata": {"name": "fixed"}, "spec": {"clusterIP": FIXED_IP, "ports": [{"port": 80}]}})
    node_port: JSONObject = {"type": "NodePort", "ports": [{"port": 80, "nodePort": FIXED_PORT}]}
    client.post(SERVICES, {"metadata": {"name": "open"}, "spec": node_port})
    client.get(f"{SERVICES}/any")
    client.delete(f"{SERVICES}/any")


def _others(client: Client) -> None:
    client.post(f"{NAMESPACE}/endpoints", {"metadata": {"name": "old"}})  # a deprecated kind: a warning
    event: JSONObject = {
        "metadata": {"name": "happened"},
        "involvedObject": {"kind": "ConfigMap", "namespace": "dense", "name": "a"},
        "reason": "Tested",
        "message": "it happened",
        "type": "Normal",
    }
    client.post(EVENTS, event)
    claim: JSONObject = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    client.post(f"{NAMESPACE}/persistentvolumeclaims", {"metadata": {"name": "disk"}, "spec": claim})
    client.post("/api/v1/nodes", {"metadata": {"name": "node-1"}})
    review: JSONObject = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    client.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    client.get("/apis/batch/v1")
    made = metadata_of(client.post(PODS, {**pod("x"), "metadata": {"generateName": "made-"}}))["name"]
    client.delete(f"{PODS}/{made}")
