"""An object as the api-server's Go types hold it: known fields in their order, zero values left out where Go does.

The types come from the interface tables of kproxy.wire; what Go says of a wrong type is said in its words.
"""

import base64
import binascii
from dataclasses import dataclass, field

from kproxy.lab.emulated.tree import as_object
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.descriptors import FieldSpec, message_fields

MAX_DEPTH = 64
_APIMACHINERY = "k8s.io.apimachinery.pkg."
_ANY = {f"{_APIMACHINERY}apis.meta.v1.FieldsV1", f"{_APIMACHINERY}runtime.RawExtension"}
_TEXTS = {f"{_APIMACHINERY}apis.meta.v1.Time", f"{_APIMACHINERY}apis.meta.v1.MicroTime"}
_TEXT_OR_NUMBER = {
    f"{_APIMACHINERY}api.resource.Quantity",
    f"{_APIMACHINERY}util.intstr.IntOrString",
}
_INTEGERS = {"int32": 32, "int64": 64, "uint32": 32, "uint64": 64}
_NULL_ZERO = {"string": "", "bytes": None, "bool": False}


class ShapeError(Exception):
    """What Go's decoder says of a value that is not of its field's type."""


@dataclass(slots=True)
class Shaped:
    """An object as Go holds it, and the paths of the fields that it does not know."""

    value: JSONObject
    unknown: list[str] = field(default_factory=list)


def shape(value: JSONObject, message: str) -> Shaped:
    """`value`, an object with kind and apiVersion, as the message's Go type holds it. ShapeError."""
    shaped = Shaped({key: value[key] for key in ("kind", "apiVersion") if key in value})
    body = {key: item for key, item in value.items() if key not in {"kind", "apiVersion"}}
    walk = _Walk(shaped.unknown)
    shaped.value |= walk.struct(body, message, ())
    return shaped


@dataclass(slots=True)
class _Walk:
    unknown: list[str]

    def struct(self, value: JSONObject, message: str, path: tuple[str, ...]) -> JSONObject:
        if len(path) > MAX_DEPTH:
            raise ShapeError("exceeded max depth")
        out: JSONObject = {}
        known = self._fields(value, message, path, out)
        self.unknown += [_dotted((*path, key)) for key in value if key not in known]
        return out

    def _fields(self, value: JSONObject, message: str, path: tuple[str, ...], out: JSONObject) -> set[str]:
        known: set[str] = set()
        for spec in message_fields(message):
            if "inline" in spec.flags:
                known |= self._fields(value, spec.type, path, out)
                continue
            known.add(spec.json)
            raw = value.get(spec.json)
            if raw is None and _is_struct(spec):
                raw = {}
            item = _zero(spec) if raw is None else self._field(raw, spec, message, (*path, spec.json))
            if not _is_left_out(item, spec):
                out[spec.json] = item
        return known

    def _field(self, raw: JSON, spec: FieldSpec, owner: str, path: tuple[str, ...]) -> JSON:
        where = f"Go struct field {owner.rpartition('.')[2]}.{_without_positions(path)} of type "
        if spec.map_key:
            if not isinstance(raw, dict):
                raise _wrong(raw, where + f"map[{spec.map_key}]{_go_type(spec)}")
            return {key: self._value(raw[key], spec, where, (*path, key)) for key in sorted(raw)}
        if spec.repeated:
            if not isinstance(raw, list):
                raise _wrong(raw, where + f"[]{_go_type(spec)}")
            last = path[-1]
            return [self._value(item, spec, where, (*path[:-1], f"{last}[{i}]")) for i, item in enumerate(raw)]
        return self._value(raw, spec, where, path)

    def _value(self, raw: JSON, spec: FieldSpec, where: str, path: tuple[str, ...]) -> JSON:
        if spec.type in _ANY:
            return raw
        if spec.type in _TEXTS:
            return _expect(raw, (str, type(None)), where + "string")
        if spec.type in _TEXT_OR_NUMBER:
            return _expect(raw, (str, int, float), where + "string")
        if not spec.is_message:
            return _scalar(raw, spec.type, where)
        if raw is None:
            raw = {}
        if not isinstance(raw, dict):
            if any("list" in each.flags for each in message_fields(spec.type)):
                return raw
            raise _wrong(raw, where + _go_type(spec))
        return self.struct(raw, spec.type, path)


def _scalar(raw: JSON, kind: str, where: str) -> JSON:
    if kind.startswith("enum:") or kind == "string":
        return "" if raw is None else _expect(raw, (str,), where + "string")
    if kind == "bytes":
        return _base64("" if raw is None else _expect(raw, (str,), where + "[]uint8"))  # nil bytes come back empty
    if kind == "bool":
        return _expect(raw, (bool,), where + "bool")
    if kind in _INTEGERS:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise _wrong(raw, where + kind)
        bits = _INTEGERS[kind]
        if raw != int(raw) or not -(1 << (bits - 1)) <= raw < 1 << (bits - 1):
            raise ShapeError(f"json: cannot unmarshal number {raw} into {where}{kind}")
        return int(raw)
    return raw


def _base64(raw: JSON) -> JSON:
    if isinstance(raw, str):
        try:
            base64.b64decode(raw, validate=True)
        except binascii.Error as error:
            alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
            at = next((i for i, char in enumerate(raw) if char not in alphabet), len(raw))
            raise ShapeError(f"illegal base64 data at input byte {at}") from error
    return raw


def _expect(raw: JSON, kinds: tuple[type, ...], where: str) -> JSON:
    if not isinstance(raw, kinds) or (isinstance(raw, bool) and bool not in kinds):
        raise _wrong(raw, where)
    return raw


def _wrong(raw: JSON, where: str) -> ShapeError:
    names = ((bool, "bool"), (str, "string"), ((int, float), "number"), (list, "array"), (dict, "object"))
    name = next((name for kinds, name in names if isinstance(raw, kinds)), "null")
    return ShapeError(f"json: cannot unmarshal {name} into {where}")


def _go_type(spec: FieldSpec) -> str:
    return f"v1.{spec.type.rpartition('.')[2]}" if spec.is_message else spec.type


def _is_struct(spec: FieldSpec) -> bool:
    """Whether Go has the struct itself here, which is there even when nothing is."""
    special = spec.type in _ANY | _TEXTS | _TEXT_OR_NUMBER
    return spec.is_message and not (spec.pointer or spec.map_key or spec.repeated or special)


def _zero(spec: FieldSpec) -> JSON:
    if spec.pointer or spec.map_key or spec.repeated or spec.type in _ANY | _TEXTS:
        return None
    if spec.is_message:
        return 0
    return _NULL_ZERO.get(spec.type, "" if spec.type.startswith("enum:") else 0)


def _is_left_out(item: JSON, spec: FieldSpec) -> bool:
    if "omitzero" in spec.flags and item in (None, {}, "", 0, []):
        return True
    if "omitempty" not in spec.flags:
        return spec.type in _TEXTS and item is None
    if spec.map_key or spec.repeated:
        return not item
    if spec.pointer or spec.type in _ANY | _TEXTS:
        return item is None
    # Go never leaves a struct out for being empty.
    return not spec.is_message and not item


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path)


def _without_positions(path: tuple[str, ...]) -> str:
    return ".".join(step.partition("[")[0] for step in path)


def ordered(value: JSONObject, message: str) -> JSONObject:
    """`value`, whose fields are known, in Go's order."""
    return shape(as_object(value), message).value
