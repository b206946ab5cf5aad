"""From Kubernetes's protobuf messages to the JSON that the api-server makes of the same object.

Go's rules: a pointer is there or not; another struct is always there; `omitempty` leaves out what is zero or empty,
and without it a missing list, map or pointer is null (encoding/json, struct tags of k8s.io/api).
"""

import marshal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from operator import itemgetter
from typing import Any

from google.protobuf.message import Message

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import FieldSpec, holds_itself, message_class, message_fields
from kproxy.wire.jsontext import check_depth, check_size, decode_json
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.protoenvelope import (
    MAGIC,
    fields_by_name,
    is_list,
    message_name,
    open_unknown,
    parse,
    raw_bytes,
    unknown_parts,
)
from kproxy.wire.protoforms import FORMS, META, RAW_EXTENSION, RAW_JSON, SCHEMA_UNIONS, base64_text, number
from kproxy.wire.protoparts import cut

_FEW = 3
_EMBEDDED: dict[tuple[str, str], JSONObject] = {
    **{
        (f"k8s.io.api.apps.{version}.StatefulSetSpec", "volumeClaimTemplates"): {
            "kind": "PersistentVolumeClaim",
            "apiVersion": "v1",
        }
        for version in ("v1", "v1beta1", "v1beta2")
    },
    **{
        (f"k8s.io.apimachinery.pkg.apis.meta.{version}.PartialObjectMetadataList", "items"): {
            "kind": "PartialObjectMetadata",
            "apiVersion": f"meta.k8s.io/{version}",
        }
        for version in ("v1", "v1beta1")
    },
}
"""What the api-server's JSON says of embedded objects, and protobuf has no field for (k8s.io/kubernetes/pkg/apis/apps,
k8s.io/apiserver/pkg/endpoints/handlers/response.go)."""


def decode_protobuf(data: bytes) -> JSONObject:
    r"""The object in `k8s\0` and a runtime.Unknown. ContentError."""
    return _guarded(data, partial(_decode_unknown, data))


def decode_watch_event(data: bytes) -> JSONObject:
    """A watch event, a bare meta.v1 WatchEvent: `{"type": …, "object": …}`. ContentError."""
    return _guarded(data, lambda: _WATCH_EVENT.read(parse(_WATCH_EVENT.name, data)))


def _guarded(data: bytes, read: Callable[[], JSONObject]) -> JSONObject:
    """What `read` makes of `data`, within bounds. ContentError."""
    check_size(data)
    try:
        value = read()
    except RecursionError:
        raise ContentError("protobuf that is nested too deeply") from None
    except UnicodeDecodeError:
        raise ContentError("a protobuf text that is not UTF-8") from None
    if data.count(MAGIC) > _FEW:  # else protobuf's own 100 levels and embedded JSON's check are enough
        check_depth(value)
    return value


def _decode_unknown(data: bytes) -> JSONObject:
    api_version, kind, raw, content_type = unknown_parts(open_unknown(data))
    value = decode_json(raw) if content_type == JSON_TYPE else object_json(message_name(api_version, kind), raw)
    if not isinstance(value, dict):
        raise ContentError("a protobuf object that is none")
    own = {"kind": kind, "apiVersion": api_version}
    return {**{key: text for key, text in own.items() if text}, **value}


def object_json(name: str, data: bytes) -> JSON:
    """An object's JSON, of the bytes of its message: what was said before of it, or of its like, is not read again."""
    ways = _ways(name)
    parts = cut(data, ways) if ways else None
    if parts is None or any(len(found) > 1 and not ways[number].repeated for number, found in parts.found.items()):
        return message_json(name, parse(name, data))
    values = {number: ways[number].read(found) for number, found in parts.found.items()}
    return _struct(name).read(parse(name, parts.rest), values)


@dataclass(frozen=True, slots=True)
class _Way:
    """How a field is read that was cut out of its message, of the bytes of each of its messages."""

    read_one: Callable[[bytes], JSON]
    repeated: bool

    def read(self, found: list[bytes]) -> JSON:
        """The field's JSON."""
        return [self.read_one(data) for data in found] if self.repeated else self.read_one(found[0])


@cache
def _ways(name: str) -> dict[int, _Way]:
    """The fields of an object, or of a list of objects, that are read by themselves, by number.

    Not of what may hold itself: there the library counts how deep that goes; what no table knows, in each part.
    """
    fields = message_fields(name)
    if name == _METADATA:
        return {each.number: _Way(partial(_known, each.type), repeated=True) for each in fields if each.name == _OWNED}
    if holds_itself(name):
        return {}
    metadata = {each.type for each in fields if each.json == "metadata"}
    found: dict[int, _Way] = {}
    for each in fields:
        if not each.is_message or each.map_key or (name, each.name) in _EMBEDDED:
            continue
        if metadata == {_METADATA} and not each.repeated and not is_list(each.type):
            read = object_json if each.type == _METADATA else _known
            found[each.number] = _Way(partial(read, each.type), repeated=False)
        elif metadata == {_LIST_METADATA} and each.json == "items" and each.repeated:
            found[each.number] = _Way(partial(object_json, each.type), repeated=True)
    return found


_METADATA, _LIST_METADATA, _OWNED = f"{META}.ObjectMeta", f"{META}.ListMeta", "managedFields"


def _known(name: str, data: bytes) -> JSON:
    """The same as `message_json`; of what was read lately a copy."""
    if len(data) > _LONGEST_KNOWN:
        return message_json(name, parse(name, data))
    try:
        value: JSON = marshal.loads(_kept(name, data))  # noqa: S302 - what is dumped below, in this process
    except _MoreThanIsKeptError as more:
        return more.value
    return value


class _MoreThanIsKeptError(Exception):
    """A part whose JSON is much longer than its message: lists of messages in which nothing is set."""

    def __init__(self, value: JSON) -> None:
        super().__init__()
        self.value = value


@lru_cache(maxsize=2048)
def _kept(name: str, data: bytes) -> bytes:
    value = message_json(name, parse(name, data))
    kept = marshal.dumps(value)
    if len(kept) > _LONGEST_KEPT:
        raise _MoreThanIsKeptError(value)
    return kept


_LONGEST_KNOWN, _LONGEST_KEPT = 1 << 12, 1 << 14
"""Bytes of a part that is remembered, and of what is remembered of it."""


def message_json(name: str, message: Message) -> JSON:
    """A message's JSON."""
    return _reader(name)(message)


@cache
def _reader(name: str) -> Callable[[Message], JSON]:
    """The function that reads messages of this name."""
    if form := FORMS.get(name):
        return lambda message: form.read(fields_by_name(message))
    if name in RAW_JSON:
        return _read_raw_json
    if name == RAW_EXTENSION:
        return _read_raw_extension
    if name in SCHEMA_UNIONS:
        return partial(_read_schema_union, name.rpartition(".")[0] + ".JSONSchemaProps", SCHEMA_UNIONS[name])
    if is_list(name):
        (item,) = message_fields(name)
        return partial(_read_list, item.name)
    return _struct(name).read


def _read_list(field: str, message: Message) -> JSON:
    return list(fields_by_name(message).get(field, ()))


def _read_raw_json(message: Message) -> JSON:
    raw = raw_bytes(message)
    return decode_json(raw) if raw else None


def _read_raw_extension(message: Message) -> JSON:
    raw = raw_bytes(message)
    if raw.startswith(MAGIC):
        return _decode_unknown(raw)
    return decode_json(raw) if raw else None


def _read_schema_union(schema_name: str, other: str, message: Message) -> JSON:
    values = fields_by_name(message)
    schema, rest = values.get("schema"), values.get(other)
    if other != "allows" and rest:
        return [item if isinstance(item, str) else message_json(schema_name, item) for item in rest]
    if isinstance(schema, Message):
        return message_json(schema_name, schema)
    return bool(rest) if other == "allows" else None


type _Read = Callable[[Any], JSON]
"""Reads what a field holds: of the type that its table says."""


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field goes into its struct's JSON."""

    rank: int  # its place in Go's struct
    key: str  # "" for an embedded struct
    read: _Read | None  # None: as it is
    absent: Callable[[], JSON] | None  # None: left out
    drop_null: bool  # left out if null
    drop_empty: bool  # left out if zero or empty


_NONE: Mapping[int, JSON] = {}

type _Order = tuple[tuple[int, _Field], ...]
"""A struct's fields as Go writes them, each with its place among a message's set fields, -1 for one that is not set."""

_MOST_ORDERS = 512
"""Orders that are remembered of a struct: as a rule it has a few, and a hostile message may have any."""


@dataclass(frozen=True, slots=True)
class _Struct:
    """How a struct becomes JSON. `orders`: by the numbers of the fields that are set."""

    name: str
    orders: dict[tuple[int, ...], _Order] = field(default_factory=dict)

    def order(self, numbers: tuple[int, ...]) -> _Order:
        """The fields of a message, and those that are in the JSON when they are not in the message."""
        fields = _fields(self.name)
        places = dict.fromkeys((number for number, each in fields.items() if each.absent), -1)
        places |= {number: place for place, number in enumerate(numbers)}
        found = [(place, fields[number]) for number, place in places.items()]
        order = tuple(sorted(found, key=lambda item: item[1].rank))
        if len(self.orders) < _MOST_ORDERS:
            self.orders[numbers] = order
        return order

    def read(self, message: Message, known: Mapping[int, JSON] = _NONE) -> JSONObject:
        """A message's JSON; `known`: the JSON of fields that are not in it, by number."""
        present = [(descriptor.number, value) for descriptor, value in message.ListFields()]
        if known:
            present = sorted((*present, *known.items()), key=itemgetter(0))
        numbers = tuple([number for number, _ in present])
        out: JSONObject = {}
        order = self.orders.get(numbers)
        for place, each in self.order(numbers) if order is None else order:
            if place < 0:
                json = each.absent() if each.absent else None
            else:
                number, value = present[place]
                json = each.read(value) if each.read and number not in known else value
                if not json and (each.drop_empty or (each.drop_null and json is None)):
                    continue
            if each.key:
                out[each.key] = json
            elif isinstance(json, dict):
                out.update(json)
        return out


@cache
def _struct(name: str) -> _Struct:
    return _Struct(name)


_WATCH_EVENT = _Struct(f"{META}.WatchEvent")


@cache
def _fields(name: str) -> dict[int, _Field]:
    """By number. Not before a message is read: schemas hold themselves."""
    specs = message_fields(name)
    lists = any(spec.json == "metadata" and spec.type == f"{META}.ListMeta" for spec in specs)
    return {
        spec.number: _field(rank, spec, _EMBEDDED.get((name, spec.name)), is_items=lists and spec.json == "items")
        for rank, spec in enumerate(specs)
    }


def _field(rank: int, spec: FieldSpec, embedded: JSONObject | None, *, is_items: bool) -> _Field:
    optional = "omitempty" in spec.flags
    inline = "inline" in spec.flags
    drop_null = drop_empty = False
    absent: Callable[[], JSON] | None = None
    if spec.is_message and not spec.pointer and not spec.repeated and not spec.map_key:
        named_slice = not inline and is_list(spec.type)
        drop_null = "omitzero" in spec.flags
        drop_empty = optional and named_slice
        if not drop_null and not drop_empty:
            absent = partial(_default, spec.type, null=named_slice)
    elif optional or inline:
        drop_empty = not spec.pointer
    elif is_items:
        absent = list  # the api-server's lists are never null, and protobuf cannot tell
    else:
        zero = None if spec.pointer or spec.repeated or spec.map_key else _ZEROS.get(spec.type, 0)
        absent = partial(_same, zero)
    key = "" if inline else spec.json
    return _Field(rank, key, _value_reader(spec, embedded), absent, drop_null, drop_empty)


_ZEROS: dict[str, JSON] = {"string": "", "bool": False, "bytes": None}


def _same(value: JSON) -> JSON:
    return value


def _default(name: str, *, null: bool) -> JSON:
    """The JSON of a struct that is not there."""
    if null:
        return None
    return {} if _is_blank(name) else message_json(name, message_class(name)())


@cache
def _is_blank(name: str) -> bool:
    """Whether nothing is written of a struct in which nothing is set."""
    return message_json(name, message_class(name)()) == {}


def _value_reader(spec: FieldSpec, embedded: JSONObject | None) -> _Read | None:
    read = _element_reader(spec)
    if embedded is not None and read is not None:
        read = partial(_with_kind, embedded, read)
    if spec.map_key:
        return partial(_read_map, read)
    return partial(_read_repeated, read) if spec.repeated else read


def _element_reader(spec: FieldSpec) -> _Read | None:
    if spec.is_message:
        return _reader(spec.type)
    if spec.type == "bytes":
        return base64_text
    if spec.type in {"double", "float"}:
        return number
    return None


def _with_kind(own: JSONObject, read: _Read, value: object) -> JSON:
    """An embedded object, which says in JSON what it is."""
    json = read(value)
    return {**own, **json} if isinstance(json, dict) else json


def _read_repeated(read: _Read | None, values: Iterable[Any]) -> JSON:  # scalars are JSON as they are
    return list(values) if read is None else [read(value) for value in values]


def _read_map(read: _Read | None, values: Mapping[Any, Any]) -> JSON:  # the same
    keys = sorted(values, key=str)
    if any(isinstance(key, bytes) for key in keys):  # what the library makes of text that is not UTF-8
        raise ContentError("a protobuf text that is not UTF-8")
    return {str(key): values[key] if read is None else read(values[key]) for key in keys}
