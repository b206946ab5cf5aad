"""Events have one storage and two versions, in which the same fields have other names.

Source: kubernetes/pkg/apis/events/v1/conversion.go.
"""

from kproxy.model.jsontypes import JSONObject

NEW_EVENTS = "events.k8s.io/v1"

EVENT_FIELDS = {
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "source": "deprecatedSource",
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
}
"""Fields of v1 by their names in events.k8s.io/v1; the others have one name."""

_LEFT_OUT_IF_EMPTY = frozenset({"reportingComponent", "reportingInstance"})
"""Written though they are empty by v1, not by the other (`omitempty` in k8s.io/api)."""


def as_new_event(event: JSONObject) -> JSONObject:
    """An Event of v1 as events.k8s.io/v1 has it; anything else as it is."""
    if (event.get("apiVersion"), event.get("kind")) != ("v1", "Event"):
        return event
    renamed = {
        EVENT_FIELDS.get(name, name): value for name, value in event.items() if value or name not in _LEFT_OUT_IF_EMPTY
    }
    return {**renamed, "apiVersion": NEW_EVENTS}
