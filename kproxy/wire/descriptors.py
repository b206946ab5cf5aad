"""Protobuf messages from the interface tables (kproxy/wire/tables), each package loaded when it is first asked for.

A table is JSON: `messages` has for each message its fields, `NUMBER NAME TYPE [flags]`, in Go's order. TYPE is a
scalar, a message of the same package, `.full.name` of another's, `enum:NAME`, `[]TYPE` or `map[KEY]TYPE`; `*` before
it: a pointer in Go. Flags: `omitempty`, `omitzero`, `inline`, `json=NAME` (Go's struct tags), `list` (the field is its
message's JSON), `oneof=NAME`. The messages live in a descriptor pool of their own: nothing here meets the generated
modules of other libraries (two that register the same package in one process fail). What the pool is given lies beside
each table, made of it by wire.tablefiles: making it each time was half of what the first object of a process took.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass


class Table(TypedDict, total=False):
    """A package's table, as its JSON has it."""

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


type ByTable = Any
"""A message whose fields are read by their names: they are what its table says, which no type can. Who reads one says
by a Protocol what it reads of it."""

_pool = DescriptorPool()
_loaded: set[str] = set()
"""The packages in it."""
_FOLDER = Path(__file__).with_name("tables")


@cache
def message_class(full_name: str) -> type[Message]:
    """The class of a message. KeyError if no table has it."""
    package, name = split_name(full_name)
    if name not in table_of(package).get("messages", {}):
        raise KeyError(full_name)
    _load(package)
    return GetMessageClass(_pool.FindMessageTypeByName(full_name))


@cache
def message_fields(full_name: str) -> tuple[FieldSpec, ...]:
    """A message's fields in Go's order. KeyError if no table has it."""
    package, name = split_name(full_name)
    return tuple(_field_spec(text, package) for text in table_of(package)["messages"][name])


@cache
def holds_itself(full_name: str) -> bool:
    """Whether a message, or one of those in it, may be within another one of its kind. KeyError."""
    whole: set[str] = set()
    """Those of which it is known that they do not."""

    def found(name: str, around: frozenset[str]) -> bool:
        if name in around:
            return True
        if name not in whole:
            types = {each.type for each in message_fields(name) if each.is_message}
            if any(found(each, around | {name}) for each in types):
                return True
            whole.add(name)
        return False

    return found(full_name, frozenset())


@cache
def method(package: str, path: str) -> MethodSpec:
    """The method `SERVICE/METHOD` of a package. KeyError."""
    sides = table_of(package)["methods"][path].split(" -> ")
    names = [_full_name(side.removeprefix("stream "), package) for side in sides]
    return MethodSpec(names[0], names[1], *(side.startswith("stream ") for side in sides))


@cache
def package_of(api_version: str) -> str | None:
    """The protobuf package of a Kubernetes apiVersion (`v1`, `apps/v1`); None if there is none."""
    return _index()["packages"].get(api_version)


@cache
def _index() -> dict[str, dict[str, str]]:
    index: dict[str, dict[str, str]] = json.loads(_read("index"))
    return index


@cache
def table_of(package: str) -> Table:
    """A package's. KeyError."""
    try:
        table: Table = json.loads(_read(package))
    except FileNotFoundError:
        raise KeyError(package) from None
    return table


def _read(name: str) -> str:
    return _path(f"{name}.json").read_text("utf-8")


def _path(name: str) -> Path:
    return _FOLDER / name


@cache
def _packages() -> frozenset[str]:
    return frozenset(path.name.removesuffix(".json") for path in _FOLDER.iterdir() if path.suffix == ".json")


@cache
def split_name(full_name: str) -> tuple[str, str]:
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
    elif kind not in SCALARS:
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


SCALARS = frozenset(
    {"double", "float", "bool", "string", "bytes"}
    | {f"{kind}{bits}" for kind in ("int", "uint", "sint", "fixed", "sfixed") for bits in (32, 64)}
)
"""What a table's TYPE is where it names no message and no enum."""


def _load(package: str) -> None:
    """Puts a package, and first those it needs, into the pool, which takes each only once."""
    if package in _loaded:
        return
    data = _path(f"{package}.binpb").read_bytes()
    for needed in FileDescriptorProto.FromString(data).dependency:
        _load(needed.removesuffix(".proto"))
    _pool.AddSerializedFile(data)
    _loaded.add(package)
