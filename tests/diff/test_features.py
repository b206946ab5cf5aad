"""kproxy.diff.features: what is of one feature, by names and by what descriptions name."""

from kproxy.model.jsontypes import JSON, JSONObject
from tests.diff.sessions import FakeServer, verdict_of
from tests.diff.test_described import DOCUMENT, counts, findings, types

GROUPS = "/apis/policy.example.org/v1"


def gated(words: str, **fields: JSON) -> JSONObject:
    return {"description": f"{words} requires enabling the ShardedWatch feature gate.", **fields}


def resources(*kinds: str) -> JSONObject:
    listed: list[JSON] = [{"name": f"{kind.lower()}s", "kind": kind, "verbs": ["get"]} for kind in kinds]
    return {"kind": "APIResourceList", "groupVersion": "policy.example.org/v1", "resources": listed}


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


def test_a_subresource_of_a_new_resource_is_one_with_it() -> None:
    more = resources("Claim")
    listed = more["resources"]
    assert isinstance(listed, list)
    listed.append({"name": "claims/status", "kind": "Claim", "verbs": ["get"]})
    assert counts(findings((GROUPS, resources(), more))) == [2]


CORE, CLAIMS = "/api/v1", "/apis/policy.example.org/v1/claims"
NOT_FOUND: JSONObject = {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}


def asked(*first: tuple[str, int, JSONObject, int, JSONObject]) -> list[int]:
    """What GETs show that two servers answer in two ways, statuses too; how many differences each finding has."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for path, before, baseline, after, replayed in first:
        servers[0].exchange("GET", path, before, baseline)
        servers[1].exchange("GET", path, after, replayed)
    return counts(list(verdict_of(*servers).findings))


def test_a_collection_that_is_served_now_is_one_with_what_discovery_says_of_it_whichever_comes_first() -> None:
    empty: JSONObject = {"kind": "ClaimList", "apiVersion": "policy.example.org/v1", "metadata": {}, "items": []}
    discovered = (GROUPS, 200, resources("Pod"), 200, resources("Pod", "Claim"))
    for status in (404, 403):
        listed = (CLAIMS, status, NOT_FOUND, 200, empty)
        assert len(asked(discovered, listed)) == 1
        assert len(asked(listed, discovered)) == 1
    assert len(asked((CLAIMS.replace("claims", "pods"), 403, NOT_FOUND, 200, empty), discovered)) == 2


def test_a_collection_of_a_resource_that_is_of_anothers_feature_is_one_with_that() -> None:
    empty: JSONObject = {"kind": "RuleBindingList", "apiVersion": "policy.example.org/v1", "metadata": {}, "items": []}
    listed = (CLAIMS.replace("claims", "rulebindings"), 404, NOT_FOUND, 200, empty)
    assert len(asked((GROUPS, 200, resources("Pod"), 200, resources("Pod", "Rule", "RuleBinding")), listed)) == 1


def refusal(code: int, message: str, **details: JSON) -> JSONObject:
    return {"kind": "Status", "status": "Failure", "message": message, "code": code, "details": details}


def test_what_is_refused_for_other_reasons_in_one_group_is_no_group_that_is_not_served() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        pods, secrets = f"{CORE}/namespaces/shop/pods", f"{CORE}/namespaces/bank/secrets"
        quota, right = refusal(403, "exceeded quota"), refusal(403, 'User "x" cannot list resource')
        namespace: JSONObject = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "n"}}
        listed: JSONObject = {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": []}
        server.exchange("POST", pods, 201 if fine else 403, server.pod(1) if fine else quota)
        server.exchange("GET", secrets, 200 if fine else 403, listed if fine else right)
        server.exchange("POST", f"{CORE}/namespaces", 201 if fine else 404, namespace if fine else refusal(404, "no"))
        return server

    servers = (
        world(FakeServer("a", 100, 7, etcd=False), fine=True),
        world(FakeServer("b", 5000, 15, etcd=False), fine=False),
    )
    assert [each.first.seq for each in verdict_of(*servers).findings] == [1, 2, 3]


def test_a_creation_that_nobody_has_a_right_to_is_of_the_resource_that_is_not_served_and_one_over_a_quota_not() -> None:
    def world(server: FakeServer, *, fine: bool, message: str) -> FakeServer:
        server.exchange("GET", GROUPS, 200, resources("Pod", "Claim") if fine else resources("Pod"))
        server.exchange("POST", CLAIMS, 201 if fine else 403, server.pod(1) if fine else refusal(403, message))
        return server

    for message, findings_of in (('"x" cannot create resource "claims" in API group', 1), ("exceeded quota", 2)):
        servers = (
            world(FakeServer("a", 100, 7, etcd=False), fine=True, message=message),
            world(FakeServer("b", 5000, 15, etcd=False), fine=False, message=message),
        )
        assert len(verdict_of(*servers).findings) == findings_of


def test_a_write_that_is_refused_is_none_of_a_resource_that_is_served_on_that_side_alone() -> None:
    discovered = (GROUPS, 200, resources("Pod"), 200, resources("Pod", "Claim"))
    listed: JSONObject = {"kind": "ClaimList", "apiVersion": "policy.example.org/v1", "metadata": {}, "items": []}
    assert len(asked(discovered, (CLAIMS, 200, listed, 403, refusal(403, "no")))) == 2

    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, kinds, status in zip(servers, (("Pod",), ("Pod", "Claim")), (403, 201), strict=True):
        server.exchange("GET", GROUPS, 200, resources(*kinds))
        server.exchange("POST", CLAIMS, status, refusal(403, "exceeded quota") if status == 403 else server.pod(1))
    assert len(verdict_of(*servers).findings) == 2


def test_an_api_service_of_no_group_is_one_with_nothing_that_is_refused() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        named: list[JSON] = [{"metadata": {"name": "v1."}}] if fine else []
        kind: JSONObject = {"kind": "APIServiceList", "apiVersion": "apiregistration.k8s.io/v1", "metadata": {}}
        listed: JSONObject = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}
        server.exchange("GET", "/apis/apiregistration.k8s.io/v1/apiservices", 200, {**kind, "items": named})
        server.exchange("GET", f"{CORE}/pods", 200 if fine else 403, listed if fine else refusal(403, "no"))
        return server

    servers = (
        world(FakeServer("a", 100, 7, etcd=False), fine=True),
        world(FakeServer("b", 5000, 15, etcd=False), fine=False),
    )
    assert len(verdict_of(*servers).findings) == 2


def test_a_group_that_is_told_of_is_one_with_its_api_service_and_with_what_is_not_found_in_it() -> None:
    def listed(*groups: str) -> JSONObject:
        items: list[JSON] = [{"metadata": {"name": each}, "versions": [{"version": "v1"}]} for each in groups]
        return {"kind": "APIGroupDiscoveryList", "items": items}

    def services(*names: str) -> JSONObject:
        return {"kind": "APIServiceList", "metadata": {}, "items": [{"metadata": {"name": each}} for each in names]}

    empty: JSONObject = {"kind": "RuleList", "apiVersion": "new.example.org/v1", "metadata": {}, "items": []}
    found = asked(
        ("/apis", 200, listed("apps"), 200, listed("apps", "new.example.org")),
        ("/apis/apiregistration.k8s.io/v1/apiservices", 200, services(), 200, services("v1.new.example.org")),
        ("/apis/new.example.org/v1/rules", 404, NOT_FOUND, 200, empty),
    )
    assert len(found) == 1


def test_one_resource_name_in_two_groups_or_on_two_sides_is_two_resources() -> None:
    others = GROUPS.replace("policy", "billing")
    fewer, more = resources("Pod"), resources("Pod", "Claim")
    assert len(asked((GROUPS, 200, fewer, 200, more), (others, 200, fewer, 200, more))) == 2
    assert len(asked((GROUPS, 200, fewer, 200, more), (others, 200, more, 200, fewer))) == 2
    more_yet = resources("Pod", "Claim", "ClaimBinding")
    assert counts(findings((GROUPS, fewer, more_yet), (others, more, more_yet))) == [2, 1]
    assert (
        len(asked((CLAIMS, 404, NOT_FOUND, 200, {}), (CLAIMS.replace("policy", "billing"), 404, NOT_FOUND, 200, {})))
        == 2
    )


def test_an_object_that_is_not_there_is_no_resource_that_is_not_served() -> None:
    claim: JSONObject = {"kind": "Claim", "metadata": {"name": "a"}}
    discovered = (GROUPS, 200, resources("Pod"), 200, resources("Pod", "Claim"))
    assert len(asked(discovered, (f"{CLAIMS}/a", 404, NOT_FOUND, 200, claim))) == 2


def test_a_field_that_is_there_now_in_two_resources_with_one_value_is_one_finding() -> None:
    def shown(kind: str, **status: JSON) -> JSONObject:
        return {"kind": kind, "apiVersion": "apps/v1", "metadata": {"name": "web"}, "status": {"ready": 1, **status}}

    def both(value: int) -> list[int]:
        paths = [f"/apis/apps/v1/namespaces/default/{each}/web" for each in ("deployments", "replicasets")]
        return asked(
            (paths[0], 200, shown("Deployment"), 200, shown("Deployment", terminating=0)),
            (paths[1], 200, shown("ReplicaSet"), 200, shown("ReplicaSet", terminating=value)),
        )

    assert both(0) == [2]
    assert both(1) == [1, 1]
