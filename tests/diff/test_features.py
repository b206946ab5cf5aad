"""kproxy.diff.features: what is of one feature, by names and by what descriptions name."""

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Finding
from tests.diff.test_described import DOCUMENT, counts, findings, types

GROUPS = "/apis/policy.example.org/v1"


def gated(words: str, **fields: JSON) -> JSONObject:
    return {"description": f"{words} requires enabling the ShardedWatch feature gate.", **fields}


def resources(*kinds: str) -> JSONObject:
    listed: list[JSON] = [{"name": f"{kind.lower()}s", "kind": kind, "verbs": ["get"]} for kind in kinds]
    return {"kind": "APIResourceList", "groupVersion": "policy.example.org/v1", "resources": listed}


def causes(found: list[Finding]) -> set[str]:
    return {each.cause.partition(" ")[0] for each in found}


def test_a_type_whose_field_names_a_gate_is_one_with_a_parameter_that_names_it() -> None:
    def document(*more: JSON, **schemas: JSON) -> JSONObject:
        return {**types(**schemas), "paths": {"/api/v1/pods": {"get": {"parameters": [{"name": "limit"}, *more]}}}}

    shard: JSONObject = {"type": "object"}
    field = gated("It", **{"$ref": "#/components/schemas/io.k8s.api.core.v1.Shard"})
    old = document(List={"properties": {}})
    new = document(gated("It", name="shardSelector"), List={"properties": {"shard": field}}, Shard=shard)
    assert counts(findings((DOCUMENT, old, new))) == [3]


def test_a_field_and_another_one_of_its_name_in_the_same_type_are_one_finding() -> None:
    old = types(Pod={"properties": {}}, Node={"properties": {}})
    new = types(
        Pod={"properties": {"resources": {"type": "object"}, "allocatedResources": {"type": "array"}}},
        Node={"properties": {"ownResources": {"type": "array"}}},
    )
    assert sorted(counts(findings((DOCUMENT, old, new)))) == [1, 2]


def test_a_resource_and_another_one_of_its_kinds_name_are_one_finding() -> None:
    found = findings((GROUPS, resources("Pod"), resources("Pod", "Rule", "RuleBinding", "Ruler")))
    assert counts(found) == [2, 1]


def test_a_new_field_that_names_a_new_resource_is_one_with_it() -> None:
    note: JSONObject = {"description": "Copied into the Claim that is made.", "type": "string"}
    documents = (DOCUMENT, types(Volume={"properties": {}}), types(Volume={"properties": {"note": note}}))
    assert counts(findings(documents, (GROUPS, resources("Pod"), resources("Pod", "Claim")))) == [2]
    assert counts(findings(documents, (GROUPS, resources("Pod"), resources("Pod", "Other")))) == [1, 1]
