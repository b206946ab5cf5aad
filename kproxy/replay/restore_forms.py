"""What of an object of the start state is asked for, and what of it two servers can have alike. Pure."""

import json
from urllib.parse import quote

from kproxy.fields.events import NEW_EVENTS, as_new_event
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.jsontypes import JSON, JSONObject, text

_SERVERS = frozenset(
    {
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    }
)
_ALLOCATED = frozenset({"clusterIP", "clusterIPs", "healthCheckNodePort"})
_CONTROLLER_UID = ("controller-uid", "batch.kubernetes.io/controller-uid")


def made_of(document: JSONObject) -> JSONObject:
    """An object as it is asked for, without what the server chooses and without its status."""
    made = plain(document)
    if document.get("kind") == "Job":
        return _job(made)
    return made


def as_written(document: JSONObject) -> JSONObject:
    """An Event as it was written: the managers of events.k8s.io's fields get lost when v1 is asked for."""
    managers = metadata_of(document).get("managedFields")
    written = (
        each.get("apiVersion") for each in (managers if isinstance(managers, list) else []) if isinstance(each, dict)
    )
    return as_new_event(document) if document.get("kind") == "Event" and NEW_EVENTS in written else document


def manager_of(document: JSONObject, subresource: str = "") -> str:
    """Who wrote an object, or its subresource, first: as a query has it."""
    managers = metadata_of(document).get("managedFields")
    named = (
        text(each.get("manager"))
        for each in (managers if isinstance(managers, list) else [])
        if isinstance(each, dict) and text(each.get("subresource")) == subresource
    )
    return quote(next((name for name in named if name), "kproxy-restore"), safe="")


def same_managers(document: JSONObject, live: JSONObject) -> bool:
    """Whether the same managers have the same fields; when they wrote them is another question."""
    return _managers(document) == _managers(live)


def _managers(document: JSONObject) -> list[str]:
    found = metadata_of(document).get("managedFields")
    entries = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return sorted(
        json.dumps({name: value for name, value in each.items() if name != "time"}, sort_keys=True) for each in entries
    )


def comparable(document: JSONObject) -> JSONObject:
    """A Secret's values are pseudonyms in a recording: which keys it has is all that can be compared."""
    if document.get("kind") != "Secret":
        return document
    data = document.get("data")
    keys: list[JSON] = [*sorted(data)] if isinstance(data, dict) else []
    return {**document, "data": keys}


def plain(document: JSONObject) -> JSONObject:
    """An object without its status, and without what every server chooses by itself."""
    metadata = {name: value for name, value in metadata_of(document).items() if name not in _SERVERS}
    return {name: value for name, value in document.items() if name != "status"} | {"metadata": metadata}


def _job(document: JSONObject) -> JSONObject:
    """A job's selector is its uid, which the target chooses."""
    spec = document.get("spec")
    if not isinstance(spec, dict) or spec.get("manualSelector"):
        return document
    template = spec.get("template")
    inner = {name: value for name, value in spec.items() if name != "selector"}
    if isinstance(template, dict):
        labels = metadata_of(template).get("labels")
        kept: JSONObject = (
            {name: value for name, value in labels.items() if name not in _CONTROLLER_UID}
            if isinstance(labels, dict)
            else {}
        )
        inner["template"] = {**template, "metadata": {**metadata_of(template), "labels": kept}}
    return {**document, "spec": inner}


def without_choices(ref: ObjectRef, document: JSONObject) -> JSONObject:
    """A service without its addresses and ports, where the target has others to give."""
    spec = document.get("spec")
    if ref.resource != "services" or not isinstance(spec, dict):
        return document
    kept = {name: value for name, value in spec.items() if name not in _ALLOCATED or value in ("None", ["None"])}
    ports = kept.get("ports")
    if isinstance(ports, list):
        kept["ports"] = [
            {name: value for name, value in each.items() if name != "nodePort"} if isinstance(each, dict) else each
            for each in ports
        ]
    return {**document, "spec": kept}
