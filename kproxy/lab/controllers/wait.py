"""When the controllers are ready: the nodes are, default has its service account, and a Deployment's pod runs."""

import time
from collections.abc import Callable
from functools import partial

from kproxy.errors import LabError
from kproxy.lab.client import LabAnswer, LabClient
from kproxy.lab.controllers.objects import NODES, PROBE_NAMESPACE, node_names, probe_deployment, probe_namespace
from kproxy.lab.ready import NotYet, Probe, ask, said
from kproxy.model.jsontypes import JSON, JSONObject, mapping

POLL = 0.2  # seconds
NAMESPACES = "/api/v1/namespaces"
PROBE_PATH = f"{NAMESPACES}/{PROBE_NAMESPACE}"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{PROBE_NAMESPACE}/deployments"


def await_controllers(client: LabClient, nodes: int, deadline: float, alive: Callable[[], None]) -> None:
    """Blocks until they are ready.

    `deadline`: of time.monotonic(); `alive` raises LabError when one of them has ended. LabError, naming what was
    missing, when it is not so in time.
    """

    def until(step: Callable[[], object]) -> None:
        while True:
            alive()
            try:
                step()
            except NotYet as missing:
                if time.monotonic() > deadline:
                    raise LabError(f"the lab's controllers were not ready in time: {missing}") from missing
            else:
                return
            time.sleep(POLL)

    for node in node_names(nodes):
        until(partial(_node_is_ready, client, node))
    until(partial(_answers, client, Probe("GET", f"{NAMESPACES}/default/serviceaccounts/default", 200)))
    until(partial(_answers, client, Probe("POST", NAMESPACES, 201, probe_namespace()), or_status=409))
    until(partial(_answers, client, Probe("GET", f"{PROBE_PATH}/serviceaccounts/default", 200)))
    until(partial(_answers, client, Probe("POST", DEPLOYMENTS, 201, probe_deployment()), or_status=409))
    until(partial(_pod_runs, client))
    until(partial(_answers, client, Probe("DELETE", PROBE_PATH, 200), or_status=409))
    until(partial(_answers, client, Probe("GET", PROBE_PATH, 404)))


def _answers(client: LabClient, probe: Probe, or_status: int = 0) -> LabAnswer:
    answer = ask(client, probe)
    if answer.status not in {probe.status, or_status}:
        raise NotYet(f"{probe} was answered {said(answer)}")
    return answer


def _node_is_ready(client: LabClient, node: str) -> None:
    answer = _answers(client, Probe("GET", f"{NODES}/{node}", 200))
    for condition in _items(mapping(mapping(answer.body).get("status")).get("conditions")):
        if condition.get("type") == "Ready" and condition.get("status") == "True":
            return
    raise NotYet(f"the node {node} is not Ready")


def _pod_runs(client: LabClient) -> None:
    answer = _answers(client, Probe("GET", f"{PROBE_PATH}/pods", 200))
    pods = _items(mapping(answer.body).get("items"))
    phases = [str(mapping(pod.get("status")).get("phase")) for pod in pods]
    if "Running" not in phases:
        raise NotYet(f"a Deployment's pod is {phases[0]}" if phases else "a Deployment got no pod")


def _items(value: JSON) -> list[JSONObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
