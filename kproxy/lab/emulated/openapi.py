"""/openapi/v3: what kubectl reads before it sends (does PATCH take fieldValidation?) and for `explain`.

The schemas come from the interface tables, so they have no descriptions.
"""

import hashlib
import json

from kproxy.lab.emulated.discovery import VERSION
from kproxy.lab.emulated.patch import PATCH_TYPES
from kproxy.lab.emulated.resources import RESOURCES, Resource
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.descriptors import FieldSpec, message_fields

SCALARS: dict[str, JSONObject] = {
    "string": {"type": "string"},
    "bytes": {"type": "string", "format": "byte"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
}
_SPECIAL: dict[str, JSONObject] = {
    "Time": {"type": "string", "format": "date-time"},
    "MicroTime": {"type": "string", "format": "date-time"},
    "Quantity": {"type": "string"},
    "IntOrString": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "FieldsV1": {"type": "object"},
    "RawExtension": {"type": "object"},
}
OPTIONS = ("dryRun", "fieldManager", "fieldValidation", "pretty")


def index(group_versions: tuple[str, ...]) -> JSONObject:
    """The root: a path for each group and version, with its content's hash."""
    paths: JSONObject = {}
    for group_version in group_versions:
        digest = hashlib.sha512(json.dumps(document(group_version)).encode()).hexdigest().upper()
        path = f"api/{group_version}" if "/" not in group_version else f"apis/{group_version}"
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def document(group_version: str) -> JSONObject:
    """One group and version."""
    schemas: JSONObject = {}
    paths: JSONObject = {}
    for each in RESOURCES:
        if each.api_version == group_version:
            paths |= _paths(each)
            _add_schema(each.message, schemas)
            top = schemas[_component(each.message)]
            if isinstance(top, dict):
                top["x-kubernetes-group-version-kind"] = [_gvk(each)]
                properties = top["properties"]
                if isinstance(properties, dict):
                    properties |= {"kind": {"type": "string"}, "apiVersion": {"type": "string"}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _paths(each: Resource) -> JSONObject:
    root = f"/api/{each.version}" if not each.group else f"/apis/{each.group}/{each.version}"
    scope = "/namespaces/{namespace}" if each.namespaced else ""
    collection = f"{root}{scope}/{each.plural}"
    return {
        collection: {
            "get": _operation(each, "list"),
            "post": _operation(each, "post", body=True),
        },
        f"{collection}/{{name}}": {
            "get": _operation(each, "get"),
            "put": _operation(each, "put", body=True),
            "patch": _operation(each, "patch", patches=True),
            "delete": _operation(each, "delete"),
        },
    }


def _operation(each: Resource, action: str, *, body: bool = False, patches: bool = False) -> JSONObject:
    schema: JSONObject = {"$ref": f"#/components/schemas/{_component(each.message)}"}
    answer: JSONObject = {"description": "OK", "content": {"application/json": {"schema": schema}}}
    parameters: list[JSON] = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in OPTIONS
    ]
    operation: JSONObject = {
        "responses": {"200": answer},
        "parameters": parameters,
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _gvk(each),
    }
    if body:
        operation["requestBody"] = {"content": {"*/*": {"schema": schema}}}
    if patches:
        operation["requestBody"] = {"content": {name: {"schema": {"type": "object"}} for name in PATCH_TYPES}}
    return operation


def _gvk(each: Resource) -> JSONObject:
    return {"group": each.group, "version": each.version, "kind": each.kind}


def _add_schema(message: str, schemas: JSONObject) -> None:
    name = _component(message)
    if name in schemas:
        return
    short = message.rpartition(".")[2]
    if short in _SPECIAL:
        schemas[name] = _SPECIAL[short]
        return
    properties: JSONObject = {}
    schemas[name] = {"type": "object", "properties": properties}
    for spec in message_fields(message):
        if "inline" in spec.flags:
            _add_schema(spec.type, schemas)
            inlined = schemas[_component(spec.type)]
            nested = inlined.get("properties") if isinstance(inlined, dict) else None
            properties |= nested if isinstance(nested, dict) else {}
            continue
        properties[spec.json] = _field(spec, schemas)


def _field(spec: FieldSpec, schemas: JSONObject) -> JSONObject:
    item: JSONObject
    if spec.is_message:
        _add_schema(spec.type, schemas)
        item = {"allOf": [{"$ref": f"#/components/schemas/{_component(spec.type)}"}], "default": {}}
    else:
        item = SCALARS.get(spec.type, {"type": "string"})
    if spec.map_key:
        return {"type": "object", "additionalProperties": item}
    return {"type": "array", "items": item} if spec.repeated else item


def _component(message: str) -> str:
    """`k8s.io.api.core.v1.Pod` as the api-server names it: `io.k8s.api.core.v1.Pod`."""
    return "io.k8s." + message.removeprefix("k8s.io.")
