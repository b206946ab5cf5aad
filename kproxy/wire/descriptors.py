"""Protobuf messages from the interface tables (kproxy/wire/tables), each package loaded when it is first asked for.

A table is JSON: `messages` has for each message its fields, `NUMBER NAME TYPE [flags]`, in Go's order. TYPE is a
scalar, a message of the same package, `.full.name` of another's, `enum:NAME`, `[]TYPE` or `map[KEY]TYPE`; `*` before
it: a pointer in Go. Flags: `omitempty`, `omitzero`, `inline`, `json=NAME` (Go's struct tags), `list` (the field is its
message's JSON), `oneof=NAME`. The messages live in a descriptor pool of their own: nothing here meets the generated
modules of other libraries (two that register the same package in one process fail).
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypedDict, cast

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass


class _Table(TypedDict, total=False):
    package: str
    source: str
    syntax: str
    messages: dict[str, list[str]]
    enums: dict[str, dict[str, int]]
    methods: dict[str, str]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a table; `type` is the element's or the map value's, full with its package where it is a message."""

    number: int
    name: str
    type: str
    repeated: bool
    map_key: str  # "" if it is no map
    pointer: bool
    flags: frozenset[str]
    json: str  # the JSON name
    oneof: str

    @property
    def is_message(self) -> bool:
        """Whether `type` names a message."""
        return "." in self.type and not self.type.startswith("enum:")


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """A gRPC method: full names of its messages, and which side streams."""

    request: str
    response: str
    request_stream: bool
    response_stream: bool


_pool = DescriptorPool()


@cache
def message_class(full_name: str) -> type[Message]:
    """The class of a message. KeyError if no table has it."""
    package, name = _split(full_name)
    if name not in _table(package).get("messages", {}):
        raise KeyError(full_name)
    _load(package)
    return GetMessageClass(_pool.FindMessageTypeByName(full_name))


@cache
def message_fields(full_name: str) -> tuple[FieldSpec, ...]:
    """A message's fields in Go's order. KeyError if no table has it."""
    package, name = _split(full_name)
    return tuple(_field_spec(text, package) for text in _table(package)["messages"][name])


@cache
def method(package: str, path: str) -> MethodSpec:
    """The method `SERVICE/METHOD` of a package. KeyError."""
    sides = _table(package)["methods"][path].split(" -> ")
    names = [_full_name(side.removeprefix("stream "), package) for side in sides]
    return MethodSpec(names[0], names[1], *(side.startswith("stream ") for side in sides))


@cache
def package_of(api_version: str) -> str | None:
    """The protobuf package of a Kubernetes apiVersion (`v1`, `apps/v1`); None if there is none."""
    return _index()["packages"].get(api_version)


def api_versions() -> dict[str, str]:
    """Every apiVersion that has tables, with its protobuf package."""
    return dict(_index()["packages"])


def message_names(package: str) -> tuple[str, ...]:
    """The full names of a package's messages."""
    return tuple(f"{package}.{name}" for name in _table(package).get("messages", {}))


@cache
def _index() -> dict[str, dict[str, str]]:
    return cast("dict[str, dict[str, str]]", json.loads(_read("index")))


@cache
def _table(package: str) -> _Table:
    try:
        return cast("_Table", json.loads(_read(package)))
    except FileNotFoundError:
        raise KeyError(package) from None


def _read(name: str) -> str:
    return files("kproxy.wire.tables").joinpath(f"{name}.json").read_text()


@cache
def _packages() -> frozenset[str]:
    names = (entry.name for entry in files("kproxy.wire.tables").iterdir())
    return frozenset(name.removesuffix(".json") for name in names if name.endswith(".json"))


@cache
def _split(full_name: str) -> tuple[str, str]:
    """A full name's package and the name within it, which has dots for a nested message."""
    package = full_name
    while package:
        package = package.rpartition(".")[0]
        if package in _packages():
            return package, full_name[len(package) + 1 :]
    raise KeyError(full_name)


def _full_name(name: str, package: str) -> str:
    return name[1:] if name.startswith(".") else f"{package}.{name}"


def _field_spec(text: str, package: str) -> FieldSpec:
    number, name, kind, *flags = text.split(" ")
    pointer, kind = kind.startswith("*"), kind.removeprefix("*")
    repeated, kind = kind.startswith("[]"), kind.removeprefix("[]")
    map_key = ""
    if kind.startswith("map["):
        map_key, _, kind = kind.removeprefix("map[").partition("]")
    if kind.startswith("enum:"):
        kind = "enum:" + _full_name(kind.removeprefix("enum:"), package)
    elif kind not in _SCALARS:
        kind = _full_name(kind, package)
    named = dict(flag.split("=", 1) for flag in flags if "=" in flag)
    return FieldSpec(
        number=int(number),
        name=name,
        type=kind,
        repeated=repeated,
        map_key=map_key,
        pointer=pointer,
        flags=frozenset(flag for flag in flags if "=" not in flag),
        json=named.get("json", name),
        oneof=named.get("oneof", ""),
    )


_SCALARS = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in FieldDescriptorProto.Type.items()
    if name not in {"TYPE_GROUP", "TYPE_MESSAGE", "TYPE_ENUM"}
}


@cache
def _load(package: str) -> None:
    """Puts a package, and first those it needs, into the pool."""
    table = _table(package)
    file = FileDescriptorProto(name=f"{package}.proto", package=package, syntax=table["syntax"])
    built: dict[str, DescriptorProto] = {}
    needed: set[str] = set()
    for name in sorted(table.get("messages", {}), key=lambda name: name.count(".")):
        outer, _, short = name.rpartition(".")
        message = built[outer].nested_type.add() if outer else file.message_type.add()
        message.name = short
        built[name] = message
        for spec in message_fields(f"{package}.{name}"):
            _add_field(message, spec, f".{package}.{name}")
            if spec.is_message:
                needed.add(_split(spec.type)[0])
    for name, values in table.get("enums", {}).items():
        outer, _, short = name.rpartition(".")
        enum = (built[outer] if outer else file).enum_type.add(name=short)
        for value, number in values.items():
            enum.value.add(name=value, number=number)
    for other in sorted(needed - {package}):
        _load(other)
        file.dependency.append(f"{other}.proto")
    _pool.AddSerializedFile(file.SerializeToString())


def _add_field(message: DescriptorProto, spec: FieldSpec, full_name: str) -> None:
    field = message.field.add(name=spec.name, number=spec.number, label=FieldDescriptorProto.LABEL_OPTIONAL)
    if spec.map_key:
        entry = message.nested_type.add(name=_entry_name(spec.name))
        entry.options.map_entry = True
        key = entry.field.add(name="key", number=1, label=FieldDescriptorProto.LABEL_OPTIONAL)
        _set_type(key, spec.map_key)
        _set_type(entry.field.add(name="value", number=2, label=FieldDescriptorProto.LABEL_OPTIONAL), spec.type)
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f"{full_name}.{entry.name}"
    else:
        _set_type(field, spec.type)
    if spec.map_key or spec.repeated:
        field.label = FieldDescriptorProto.LABEL_REPEATED
    if spec.oneof:
        known = [oneof.name for oneof in message.oneof_decl]
        if spec.oneof not in known:
            message.oneof_decl.add(name=spec.oneof)
            known.append(spec.oneof)
        field.oneof_index = known.index(spec.oneof)


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    if kind.startswith("enum:"):
        field.type = FieldDescriptorProto.TYPE_ENUM
        field.type_name = "." + kind.removeprefix("enum:")
    elif kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{kind}"


def _entry_name(field_name: str) -> str:
    """The name that protobuf demands of a map field's entry."""
    return "".join(part[:1].upper() + part[1:] for part in field_name.split("_")) + "Entry"
