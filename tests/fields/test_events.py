"""The two versions of an Event."""

from kproxy.fields.events import as_new_event
from kproxy.model.jsontypes import JSONObject


def test_an_event_of_v1_is_one_of_the_other_version() -> None:
    old: JSONObject = {
        "apiVersion": "v1",
        "kind": "Event",
        "involvedObject": {"name": "a"},
        "message": "m",
        "reportingComponent": "",
        "count": 1,
    }
    assert as_new_event(old) == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "regarding": {"name": "a"},
        "note": "m",
        "deprecatedCount": 1,
    }


def test_anything_else_is_left_as_it_is() -> None:
    pod: JSONObject = {"apiVersion": "v1", "kind": "Pod", "message": "m"}
    assert as_new_event(pod) is pod
