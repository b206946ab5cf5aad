"""From a client's body to an object as it is stored, and from a stored value to an answer."""

import json
from dataclasses import dataclass

from kproxy.lab.emulated.names import invalid_value, metadata_causes, required
from kproxy.lab.emulated.resources import RESOURCES, Resource
from kproxy.lab.emulated.shape import ShapeError, shape
from kproxy.lab.emulated.status import Cause, bad_request
from kproxy.lab.emulated.store import Stored
from kproxy.lab.emulated.tree import part, peek, text
from kproxy.model.jsontypes import JSONObject


@dataclass(frozen=True, slots=True)
class Taken:
    """An object with its defaults, and what of it nobody knows."""

    value: JSONObject
    warnings: tuple[str, ...] = ()


def take(body: JSONObject, resource: Resource, field_validation: str = "") -> Taken:
    """A client's object as this kind holds it. StatusError (400) for another kind and for wrong types.

    Unknown fields are dropped, with a warning, or refused with fieldValidation=Strict.
    """
    kind, version = text(body, "kind") or resource.kind, text(body, "apiVersion") or resource.api_version
    _check_kind(kind, version, resource)
    identity: JSONObject = {"kind": kind, "apiVersion": version}
    try:
        shaped = shape(identity | body, resource.message)
    except ShapeError as error:
        raise bad_request(_cannot(resource, str(error))) from error
    unknown = tuple(f'unknown field "{path}"' for path in shaped.unknown)
    if unknown and field_validation == "Strict":
        raise bad_request(_cannot(resource, f"strict decoding error: {', '.join(unknown)}"))
    value = identity | shaped.value
    part(value, "metadata")
    resource.defaults(value)
    return Taken(value, () if field_validation == "Ignore" else unknown)


def encode_value(value: JSONObject, resource: Resource) -> bytes:
    """The bytes that are stored: Go's order, without the revision, which its place in etcd says."""
    ordered = shape(value, resource.message).value
    part(ordered, "metadata").pop("resourceVersion", None)
    return json.dumps(ordered, separators=(",", ":"), ensure_ascii=False).encode()


def decode_value(value: bytes) -> JSONObject:
    """A stored object, without its revision."""
    decoded = json.loads(value)
    if not isinstance(decoded, dict):
        raise TypeError("a stored value is always an object")
    return decoded


def present(value: JSONObject, revision: int, resource: Resource) -> JSONObject:
    """An object as an answer has it: Go's order, its revision in it (0: none)."""
    if revision:
        part(value, "metadata")["resourceVersion"] = str(revision)
    return shape(value, resource.message).value


def read(stored: Stored, resource: Resource) -> JSONObject:
    """A stored object as an answer has it."""
    return present(decode_value(stored.value), stored.revision, resource)


def causes_of(value: JSONObject, resource: Resource) -> list[Cause]:
    """Everything that is wrong with an object."""
    metadata = part(value, "metadata")
    name = text(metadata, "name")
    if not name:
        causes = [required("metadata.name", "name or generateName is required")]
    else:
        causes = [invalid_value("metadata.name", name, fault) for fault in resource.name_faults(name)]
    return causes + metadata_causes(metadata) + resource.validate(value)


def metadata_update_causes(new: JSONObject, old: JSONObject) -> list[Cause]:
    """What of an object's identity an update must not change."""
    return [
        invalid_value(f"metadata.{name}", text(new, "metadata", name), "field is immutable")
        for name in ("uid", "creationTimestamp")
        if peek(new, "metadata", name) != peek(old, "metadata", name)
    ]


def _check_kind(kind: str, version: str, resource: Resource) -> None:
    if (kind, version) == (resource.kind, resource.api_version):
        return
    if any((other.kind, other.api_version) == (kind, version) for other in RESOURCES):
        why = f"converting (v1.{kind}) to (core.{resource.kind}): unknown conversion"
    else:
        why = f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
    raise bad_request(f'{kind} in version "{version}" cannot be handled as a {resource.kind}: {why}')


def _cannot(resource: Resource, why: str) -> str:
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}'
