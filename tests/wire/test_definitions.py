"""Definitions as etcd has them, and as the API takes them."""

from kproxy.model.jsontypes import JSONObject
from kproxy.wire.definitions import as_v1


def test_what_stands_once_for_all_versions_stands_with_each() -> None:
    schema: JSONObject = {"openAPIV3Schema": {"type": "object"}}
    stored: JSONObject = {
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "version": "v1",
            "scope": "Namespaced",
            "validation": schema,
            "subresources": {"status": {}},
            "additionalPrinterColumns": [{"name": "Size", "JSONPath": ".spec.size"}],
            "versions": [{"name": "v1", "served": True, "storage": True}, {"name": "v2", "served": True}],
            "conversion": {
                "strategy": "Webhook",
                "webhookClientConfig": {"url": "https://x/"},
                "conversionReviewVersions": ["v1"],
            },
        },
    }
    made = as_v1(stored)
    spec = made["spec"]
    assert isinstance(spec, dict)
    assert made["apiVersion"] == "apiextensions.k8s.io/v1"
    both = {
        "schema": schema,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": "Size", "jsonPath": ".spec.size"}],
    }
    assert spec["versions"] == [
        {"name": "v1", "served": True, "storage": True, **both},
        {"name": "v2", "served": True, **both},
    ]
    webhook = {"clientConfig": {"url": "https://x/"}, "conversionReviewVersions": ["v1"]}
    assert spec["conversion"] == {"strategy": "Webhook", "webhook": webhook}
    assert not {"version", "validation", "subresources", "additionalPrinterColumns"} & spec.keys()


def test_what_a_version_says_itself_stays_and_v1_is_left_as_it_is() -> None:
    spec: JSONObject = {"versions": [{"name": "v1", "schema": {"a": 1}}], "conversion": {"strategy": "None"}}
    stored: JSONObject = {"apiVersion": "apiextensions.k8s.io/v1beta1", "spec": {**spec, "validation": {"b": 2}}}
    assert as_v1(stored)["spec"] == spec
    assert as_v1({**stored, "apiVersion": "apiextensions.k8s.io/v1"})["spec"] == stored["spec"]
    alone: JSONObject = {"apiVersion": "apiextensions.k8s.io/v1beta1", "spec": {"version": "v1"}}
    assert as_v1(alone)["spec"] == {"versions": [{"name": "v1", "served": True, "storage": True}]}
