"""kproxy.wire.stored: what is stored in one version, as it is served in another."""

from kproxy.model.jsontypes import JSONObject
from kproxy.wire.stored import served_as

EVENT: JSONObject = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {"name": "e"},
    "involvedObject": {"kind": "Pod"},
    "message": "pulled",
    "reason": "Pulled",
    "source": {"component": "kubelet"},
    "count": 2,
    "firstTimestamp": None,
    "reportingComponent": "kubelet",
    "reportingInstance": "node-1",
}


def test_an_event_has_other_names_for_its_fields_in_its_own_group() -> None:
    made = served_as("events.k8s.io/v1", EVENT)
    assert made == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "regarding": {"kind": "Pod"},
        "note": "pulled",
        "reason": "Pulled",
        "deprecatedSource": {"component": "kubelet"},
        "deprecatedCount": 2,
        "deprecatedFirstTimestamp": None,
        "reportingController": "kubelet",
        "reportingInstance": "node-1",
    }


def test_a_definition_is_served_as_v1() -> None:
    stored: JSONObject = {
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "kind": "CustomResourceDefinition",
        "spec": {"preserveUnknownFields": False, "version": "v1", "versions": [{"name": "v1"}]},
    }
    made = served_as("apiextensions.k8s.io/v1", stored)
    assert made["spec"] == {"versions": [{"name": "v1"}]}
    assert served_as("apiextensions.k8s.io/v1beta1", stored) is stored


def test_anything_else_stays_as_it_is_stored() -> None:
    pod: JSONObject = {"apiVersion": "v1", "kind": "Pod"}
    assert served_as("v1", pod) is pod
    assert served_as("events.k8s.io/v1", pod) is pod
    assert served_as("v1", EVENT) is EVENT
