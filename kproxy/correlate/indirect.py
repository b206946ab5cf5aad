"""Writes whose answers name no object, or that failed: what they changed is told by what they asked for."""

from collections.abc import Iterable, Iterator

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.values import Values
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import Exchange
from kproxy.model.jsontypes import JSONObject, text
from kproxy.wire.objectfacts import held
from kproxy.wire.requestinfo import is_write

_NODE = ("spec", "nodeName")


def bound(exchange: Exchange, values: Values, places: Iterable[Place]) -> Iterator[tuple[Place, str]]:
    """Of a pod's changes the one that set its nodeName to the node that a binding names."""
    asked = values.message(exchange.request.headers, exchange.request.body)
    target = asked.get("target") if isinstance(asked, dict) else None
    node = text(target.get("name")) if isinstance(target, dict) else ""
    for place in places:
        if node and values.text(place, *_NODE) == node and not values.text_before(place, *_NODE):
            yield place, f"it set the pod's nodeName to {node}, which the binding names"
            return


def evicted(changes: Changes, values: Values, places: Iterable[Place]) -> Iterator[tuple[Place, str]]:
    """Of a pod's changes those that an eviction makes: the condition DisruptionTarget, then the deletion.

    Source: kubernetes/pkg/registry/core/pod/storage/eviction.go.
    """
    uid = ""
    for place in places:
        value, previous = values.value(place), values.previous(place)
        owner = text(metadata_of(value or previous).get("uid"))
        if uid and owner != uid:
            return
        if _is_target(value) and not _is_target(previous):
            yield place, "it set the condition DisruptionTarget, as an eviction does"
            uid = owner
        elif metadata_of(value).get("deletionTimestamp") and not metadata_of(previous).get("deletionTimestamp"):
            yield place, f"it set the deletionTimestamp of the evicted pod (uid {owner})"
            if held(value):
                return
            uid = owner
        elif uid and changes.is_delete(place):
            yield place, f"it took away the evicted pod (uid {owner}), which nothing held"
            return


def asked_service(values: Values, exchange: Exchange) -> tuple[JSONObject, ObjectRef] | None:
    """The Service that a failed request asked for, and its name; None for any other request."""
    info, answer = exchange.info, exchange.answer
    if (info.group, info.resource, info.subresource) != ("", "services", "") or not is_write(exchange):
        return None
    if answer is not None and answer.status < 400:
        return None
    asked = values.message(exchange.request.headers, exchange.request.body)
    if not isinstance(asked, dict):
        return None
    name = text(metadata_of(asked).get("name")) or info.name
    return asked, ObjectRef(group="", resource="services", namespace=info.namespace, name=name)


def _is_target(pod: JSONObject) -> bool:
    status = pod.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    return isinstance(conditions, list) and any(
        isinstance(each, dict) and each.get("type") == "DisruptionTarget" for each in conditions
    )
