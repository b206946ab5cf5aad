"""What people do while controllers act: a ConfigMap of their own, and a Deployment that comes to be available."""

import time

from kproxy.model.jsontypes import JSONObject
from tests.mutants.session import TIMEOUT, Client, UnexpectedError, configmap

NAMESPACE = "/api/v1/namespaces/people"
OWN = f"{NAMESPACE}/configmaps/own"
OWNS = f"{NAMESPACE}/configmaps?fieldSelector=metadata.name%3Down"
PODS = f"{NAMESPACE}/pods"
WEB = "/apis/apps/v1/namespaces/people/deployments/web"
REPLICAS = 2


def people(client: Client) -> None:
    """All of it."""
    client.post("/api/v1/namespaces", {"metadata": {"name": "people"}})
    client.post(f"{NAMESPACE}/configmaps", configmap("own"))
    client.patch(OWN, {"data": {"k": "2"}})
    client.get(OWN)
    client.get(OWNS)
    client.post(WEB.removesuffix("/web"), _deployment())
    until = time.monotonic() + TIMEOUT
    while _available(client.get(WEB)) != REPLICAS:
        if time.monotonic() > until:
            raise UnexpectedError(f"{WEB} is not available")
        time.sleep(0.5)
    client.get(f"{PODS}?labelSelector=app%3Dweb")
    client.patch(WEB, {"metadata": {"annotations": {"note": "seen"}}})
    client.get(WEB)


def _deployment() -> JSONObject:
    labels: JSONObject = {"app": "web"}
    pod: JSONObject = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "none"}]}}
    spec: JSONObject = {"replicas": REPLICAS, "selector": {"matchLabels": labels}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def _available(value: JSONObject) -> object:
    status = value.get("status")
    return status.get("availableReplicas", 0) if isinstance(status, dict) else 0
