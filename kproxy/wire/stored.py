"""What is stored in one version of the API as it is served in another one, where that follows from it: a closed list.

Custom resource definitions are kept as v1beta1 and served as v1 (definitions.py). Events are kept as v1 and served as
events.k8s.io/v1, too (k8s.io/kubernetes/pkg/apis/events/v1/conversion.go).
"""

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.definitions import as_v1

_EVENTS = "events.k8s.io/v1"
_CALLED = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
"""Fields of an event in v1, and what they are called in events.k8s.io/v1."""


def served_as(version: JSON, stored: JSONObject) -> JSONObject:
    """A stored object in an apiVersion; as it is stored where nothing here says what it is in that one."""
    if version == _EVENTS and stored.get("apiVersion") == "v1" and stored.get("kind") == "Event":
        return {**{_CALLED.get(name, name): value for name, value in stored.items()}, "apiVersion": _EVENTS}
    made = as_v1(stored)
    return made if made.get("apiVersion") == version else stored
