"""kproxy.diff.described: what two versions say of their APIs is one finding for each change, wherever it is said."""

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Finding
from tests.diff.sessions import FakeServer, verdict_of

INDEX, DOCUMENT = "/openapi/v3", "/openapi/v3/api/v1"
TEXT = (("Content-Type", "text/plain; charset=utf-8"),)


def findings(*answers: tuple[str, JSONObject, JSONObject]) -> list[Finding]:
    """What GETs of paths show that two servers answer in two ways."""
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for path, baseline, replayed in answers:
        first.exchange("GET", path, 200, baseline)
        second.exchange("GET", path, 200, replayed)
    return list(verdict_of(first, second).findings)


def types(**schemas: JSON) -> JSONObject:
    return {"components": {"schemas": {f"io.k8s.api.core.v1.{name}": each for name, each in schemas.items()}}}


def refers(name: str) -> JSONObject:
    return {"$ref": f"#/components/schemas/io.k8s.api.core.v1.{name}"}


def counts(found: list[Finding]) -> list[int]:
    return [len(each.differences) for each in found]


def test_a_parameter_of_each_path_is_one_finding_and_another_parameter_another_one() -> None:
    def document(*names: str) -> JSONObject:
        parameters: list[JSON] = [{"name": name, "in": "query"} for name in names]
        return {"paths": {f"/api/v1/{each}": {"get": {"parameters": parameters}} for each in ("pods", "nodes")}}

    found = findings((DOCUMENT, document("limit"), document("limit", "shardSelector", "other")))
    assert counts(found) == [2, 2]
    assert "parameters[shardSelector]" in found[0].cause


def test_other_words_are_one_finding_and_a_field_of_that_name_is_none_of_them() -> None:
    old = types(Pod={"description": "a"}, Node={"description": "b", "properties": {"x": {"description": "c"}}})
    new = types(
        Pod={"description": "A"},
        Node={"description": "B", "properties": {"x": {"description": "C"}, "description": {}}},
    )
    found = findings((DOCUMENT, old, new))
    assert sorted(counts(found)) == [1, 3]


def test_how_elements_are_written_is_one_finding() -> None:
    old = types(
        Pod={"properties": {"a": {"items": {"default": {}, "allOf": [refers("A")]}}}},
        Node={"properties": {"b": {"additionalProperties": {"default": ""}}}},
    )
    new = types(
        Pod={"properties": {"a": {"items": refers("A")}}},
        Node={"properties": {"b": {"additionalProperties": {}}}},
    )
    assert counts(findings((DOCUMENT, old, new))) == [4]


def test_a_type_and_the_field_that_is_of_it_are_one_finding_and_another_field_another_one() -> None:
    old = types(Pod={"properties": {}}, Node={"properties": {}})
    new = types(
        Pod={"properties": {"gate": refers("Gate")}},
        Node={"properties": {"speed": {"type": "integer"}}},
        Gate={"properties": {"bar": refers("Bar")}},
        Bar={"type": "object"},
    )
    assert sorted(counts(findings((DOCUMENT, old, new)))) == [1, 3]


def test_a_field_that_is_gone_is_none_of_those_that_came() -> None:
    old, new = types(Pod={"properties": {"a": {}}}), types(Pod={"properties": {"b": {}}})
    assert counts(findings((DOCUMENT, old, new))) == [1, 1]


def test_a_group_is_one_finding_in_openapi_and_in_discovery_and_links_are_of_their_documents_content() -> None:
    def index(mark: str, *groups: str) -> JSONObject:
        names = ("api/v1", *groups, *(f"{each}/v1" for each in groups))
        return {"paths": {each: {"serverRelativeURL": f"/openapi/v3/{each}?hash={mark}"} for each in names}}

    def listed(*groups: str) -> JSONObject:
        return {
            "kind": "APIGroupDiscoveryList",
            "items": [{"metadata": {"name": each}, "versions": [{"version": "v1"}]} for each in groups],
        }

    found = findings(
        (INDEX, index("A"), index("B", "apis/new.k8s.io")), ("/apis", listed("apps"), listed("apps", "new.k8s.io"))
    )
    assert counts(found) == [1, 3]
    assert found[0].first.path.endswith("serverRelativeURL")


def test_a_resource_is_one_finding_in_both_forms_of_discovery_and_another_one_is_another() -> None:
    def group(*names: str) -> JSONObject:
        resources: list[JSON] = [{"resource": each, "verbs": ["get"]} for each in names]
        return {"items": [{"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": resources}]}]}

    def plain(*names: str) -> JSONObject:
        return {"kind": "APIResourceList", "resources": [{"name": each, "kind": each} for each in names]}

    found = findings(("/apis", group("b"), group("a", "b", "c")), ("/apis/apps/v1", plain("b"), plain("a", "b", "c")))
    assert counts(found) == [2, 2]
    assert "resources.a of apps" in found[0].cause


def test_fields_of_one_name_and_two_types_are_two_findings_and_those_of_one_feature_gate_are_one() -> None:
    old = types(Pod={"properties": {}}, Node={"properties": {}})
    gated: JSONObject = {
        "type": "integer",
        "description": "x. This is an alpha field and requires the Users feature gate.",
    }
    new = types(
        Pod={"properties": {"mode": {"type": "integer"}, "user": gated}},
        Node={"properties": {"mode": {"type": "string"}, "defaultUser": gated}},
    )
    assert sorted(counts(findings((DOCUMENT, old, new)))) == [1, 1, 2]


LONG = "y" * 2100
"""What a difference does not show whole."""


def test_what_a_long_type_and_a_long_field_speak_of_is_told_all_the_same() -> None:
    old = types(Pod={"properties": {}}, Node={"properties": {}})
    long: JSONObject = {"description": LONG}
    new = types(
        Pod={"properties": {"gate": {**long, "allOf": [refers("Gate")]}}},
        Node={"properties": {"speed": {"type": "integer"}}},
        Gate={**long, "properties": {"bar": refers("Bar")}},
        Bar={"type": "object"},
    )
    assert sorted(counts(findings((DOCUMENT, old, new)))) == [1, 3]


def test_a_gate_that_a_long_description_names_in_its_end_is_told_all_the_same() -> None:
    def document(*more: JSON, **fields: JSON) -> JSONObject:
        parameters: list[JSON] = [{"name": "limit"}, *more]
        paths: JSONObject = {f"/api/v1/{each}": {"get": {"parameters": parameters}} for each in ("pods", "nodes")}
        return {**types(Pod={"properties": fields}), "paths": paths}

    gated: JSONObject = {"description": f"{LONG} requires the Users feature gate.", "type": "string"}
    new = document({"name": "user", **gated}, user=gated, defaultUser=gated)
    assert counts(findings((DOCUMENT, document(), new))) == [4]
    plain = document({"name": "user", "description": LONG}, {"name": "other", "description": LONG})
    assert counts(findings((DOCUMENT, document(), plain))) == [2, 2]


def test_a_resource_of_which_discovery_says_much_is_the_one_that_a_field_names() -> None:
    resource: JSONObject = {"name": "claims", "kind": "Claim", "verbs": ["get"], "shortNames": [LONG]}
    note: JSONObject = {"description": f"{LONG} Copied into the Claim that is made.", "type": "string"}
    found = findings(
        (DOCUMENT, types(Pod={"properties": {}}), types(Pod={"properties": {"note": note}})),
        ("/apis/example.org/v1", {"resources": []}, {"resources": [resource]}),
    )
    assert counts(found) == [2]


def test_a_document_that_is_of_no_group_is_one_finding_and_another_one_is_another() -> None:
    def index(*names: str) -> JSONObject:
        return {"paths": {each: {"serverRelativeURL": f"/openapi/v3/{each}"} for each in names}}

    assert counts(findings((INDEX, index("api/v1"), index("api/v1", "version", ".well-known")))) == [1, 1]


def test_a_subresource_is_one_finding_in_both_forms_of_discovery() -> None:
    def group(**more: JSON) -> JSONObject:
        resource: JSONObject = {"resource": "pods", "verbs": ["get"], **more}
        return {"items": [{"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [resource]}]}]}

    def plain(*names: str) -> JSONObject:
        return {"kind": "APIResourceList", "resources": [{"name": each, "kind": each} for each in names]}

    found = findings(
        ("/apis", group(), group(subresources=[{"subresource": "resize"}])),
        ("/apis/apps/v1", plain("pods"), plain("pods", "pods/resize")),
    )
    assert counts(found) == [2]


def test_other_words_of_two_operations_are_one_finding_and_another_version_of_the_document_another_one() -> None:
    def document(words: str, version: str) -> JSONObject:
        paths: JSONObject = {f"/api/v1/{each}": {"get": {"description": words + each}} for each in ("pods", "nodes")}
        return {"info": {"version": version}, "paths": paths}

    assert sorted(counts(findings((DOCUMENT, document("a", "v1.34.4"), document("b", "v1.37.2"))))) == [1, 2]


def test_what_is_said_of_types_in_the_same_way_is_one_finding_for_each_way() -> None:
    def said(enum: JSON, kind: str, *groups: JSON) -> JSONObject:
        own: JSONObject = {"properties": {"x": {"enum": enum}, "y": {"type": kind}}}
        return types(**{each: {**own, "x-kubernetes-group-version-kind": list(groups)} for each in ("Pod", "Node")})

    old = said(["a"], "integer", {"group": "", "kind": "P"})
    new = said(["a", "b"], "string", {"group": "", "kind": "P"}, {"group": "x", "kind": "P"})
    assert counts(findings((DOCUMENT, old, new))) == [2, 2, 2]


def test_two_new_types_that_speak_of_an_old_one_are_not_one_for_that() -> None:
    new = types(Old={}, A={"properties": {"x": refers("Old")}}, B={"properties": {"x": refers("Old")}})
    assert counts(findings((DOCUMENT, types(Old={}), new))) == [1, 1]


def test_what_a_type_requires_now_is_one_finding_whichever_type_it_is() -> None:
    old = types(Pod={"required": ["a"], "properties": {"required": {}}}, Node={"required": ["b"]})
    new = types(Pod={"required": ["a", "c"], "properties": {"required": {}, "c": {}}}, Node={"required": ["b", "c"]})
    assert sorted(counts(findings((DOCUMENT, old, new)))) == [1, 2]
