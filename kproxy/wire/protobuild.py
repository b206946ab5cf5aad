"""From the api-server's JSON to Kubernetes's protobuf messages, as Go writes them, and changes of messages in place.

Go's marshalling of the API types writes every field that is no pointer, zero or not, and every struct that is none;
kproxy does the same, so that an object read and written again has the same bytes. What has no field in the tables is
left out, as the api-server's own decoder leaves it out.
"""

from collections.abc import Callable, Mapping, MutableMapping, MutableSequence
from functools import cache, partial

from google.protobuf.message import Message

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import FieldSpec, message_class, message_fields
from kproxy.wire.jsontext import encode_json
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.protoenvelope import MAGIC, is_list, message_name, open_unknown, parse, raw_bytes, unknown_parts
from kproxy.wire.protoforms import FORMS, META, RAW_EXTENSION, RAW_JSON, RUNTIME, SCHEMA_UNIONS, base64_bytes
from kproxy.wire.protojson import decode_protobuf, message_json

_ABSENT = object()
_ZEROS: dict[str, object] = {"string": "", "bool": False, "double": 0.0, "float": 0.0}


def encode_protobuf(value: JSON) -> bytes:
    r"""`k8s\0` and a runtime.Unknown with this object, by its apiVersion and kind. ContentError."""
    if not isinstance(value, dict):
        raise ContentError("only an object can be protobuf")
    api_version, kind = value.get("apiVersion", ""), value.get("kind")  # discovery has no apiVersion
    if not isinstance(api_version, str) or not isinstance(kind, str):
        raise ContentError("an object without its kind cannot be protobuf")
    return _guarded(partial(_wrap, api_version, kind, message_name(api_version, kind), value))


def edit_protobuf(data: bytes, new: JSONObject) -> bytes:
    """`data`, whose object is another now: only what differs is written anew, unknown fields stay. ContentError."""
    unknown = open_unknown(data)
    api_version, kind, raw, content_type = unknown_parts(unknown)
    if (new.get("apiVersion", ""), new.get("kind", "")) != (api_version, kind):
        return encode_protobuf(new)
    if content_type == JSON_TYPE:
        body: JSON = {key: value for key, value in new.items() if key not in {"apiVersion", "kind"}}
        inner = encode_json(body)
    else:
        name = message_name(api_version, kind)
        message = parse(name, raw)
        _guarded(partial(_merge, name, message, message_json(name, message), new))
        inner = _serialize(message)
    _set(unknown, "raw", inner)
    return MAGIC + _serialize(unknown)


def encode_watch_event(event: JSONObject) -> bytes:
    """A bare WatchEvent (a stream puts its length before it) with `{"type": …, "object": …}`. ContentError."""
    message = message_class(f"{META}.WatchEvent")()
    _set(message, "type", str(event.get("type", "")))
    _set(_sub(message, "object"), "raw", encode_protobuf(event.get("object")))
    return _serialize(message)


def edit_watch_event(data: bytes, new: JSONObject) -> bytes:
    """A bare WatchEvent that says something else now. ContentError."""
    name = f"{META}.WatchEvent"
    message = parse(name, data)
    _guarded(partial(_merge, name, message, message_json(name, message), new))
    return _serialize(message)


def _guarded[T](build: Callable[[], T]) -> T:
    """What `build` gives; values that do not fit their fields end in a ContentError."""
    try:
        return build()
    except (TypeError, ValueError, AttributeError, OverflowError, UnicodeError) as error:
        raise ContentError(f"a value that does not fit its protobuf field ({type(error).__name__})") from None
    except RecursionError:
        raise ContentError("an object that is nested too deeply for protobuf") from None


def _wrap(api_version: str, kind: str, name: str, value: JSONObject) -> bytes:
    message = message_class(name)()
    _build(name, message, value)
    unknown = message_class(f"{RUNTIME}.Unknown")()
    meta = _sub(unknown, "typeMeta")
    _set(meta, "apiVersion", api_version)
    _set(meta, "kind", kind)
    _set(unknown, "raw", _serialize(message))
    _set(unknown, "contentEncoding", "")
    _set(unknown, "contentType", "")
    return MAGIC + _serialize(unknown)


def _serialize(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


def _set(message: Message, field: str, value: object) -> None:
    setattr(message, field, value)


def _sub(message: Message, field: str) -> Message:
    """A submessage, there from now on."""
    sub: Message = getattr(message, field)
    sub.SetInParent()
    return sub


def _build(name: str, message: Message, value: JSON) -> None:
    """Fills an empty message."""
    if form := FORMS.get(name):
        for field, scalar in form.write(value).items():
            _set(message, field, scalar)
    elif name in RAW_JSON or name == RAW_EXTENSION:
        if value is not None:
            _set(message, message_fields(name)[0].name, encode_json(value).rstrip(b"\n"))
    elif name in SCHEMA_UNIONS:
        _build_schema_union(name, message, value)
    elif is_list(name):
        (item,) = message_fields(name)
        items: MutableSequence[object] = getattr(message, item.name)
        items.extend(_array(value))
    else:
        fields = _object(value)
        for spec in message_fields(name):
            _build_field(message, spec, fields)


def _build_schema_union(name: str, message: Message, value: JSON) -> None:
    other = SCHEMA_UNIONS[name]
    if other == "allows":
        _set(message, "allows", value is not False and value is not None)
    if isinstance(value, dict):
        _build(f"{name.rpartition('.')[0]}.JSONSchemaProps", _sub(message, "schema"), value)
    elif isinstance(value, list):
        (spec,) = (spec for spec in message_fields(name) if spec.name == other)
        _build_field(message, spec, {spec.json: value})


def _build_field(message: Message, spec: FieldSpec, fields: JSONObject) -> None:
    """Sets one field, which is not set, to what the struct's JSON has for it."""
    if "inline" in spec.flags:
        if not spec.pointer or not _keys(spec.type).isdisjoint(fields):
            _build(spec.type, _sub(message, spec.name), fields)
        return
    value = fields.get(spec.json)
    if spec.map_key:
        _build_map(message, spec, _object(value))
    elif spec.repeated:
        _build_repeated(message, spec, _array(value))
    elif value is None and (spec.pointer or spec.type == "bytes" or (spec.is_message and is_list(spec.type))):
        return
    elif spec.is_message:
        _build(spec.type, _sub(message, spec.name), value)
    else:
        _set(message, spec.name, _ZEROS.get(spec.type, 0) if value is None else _scalar(spec, value))


@cache
def _keys(name: str) -> frozenset[str]:
    """The JSON keys of a struct, those of structs embedded in it too."""
    specs = message_fields(name)
    inner = (_keys(spec.type) for spec in specs if "inline" in spec.flags)
    return frozenset(spec.json for spec in specs if "inline" not in spec.flags).union(*inner)


def _build_map(message: Message, spec: FieldSpec, values: JSONObject) -> None:
    if spec.is_message:
        messages: Mapping[str, Message] = getattr(message, spec.name)
        for key, value in values.items():
            _build(spec.type, messages[key], value)
    else:
        scalars: MutableMapping[str, object] = getattr(message, spec.name)
        for key, value in values.items():
            scalars[key] = _scalar(spec, value)


def _build_repeated(message: Message, spec: FieldSpec, values: list[JSON]) -> None:
    target: MutableSequence[object] = getattr(message, spec.name)
    for value in values:
        if spec.is_message:
            item = message_class(spec.type)()
            _build(spec.type, item, value)
            target.append(item)
        else:
            target.append(_scalar(spec, value))


def _scalar(spec: FieldSpec, value: JSON) -> object:
    if spec.type == "bytes":
        return base64_bytes(value)
    if value is None:
        return _ZEROS.get(spec.type, 0)
    if isinstance(value, float) and value.is_integer() and spec.type not in {"double", "float"}:
        return int(value)
    return value


def _object(value: JSON) -> JSONObject:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise ContentError("a value that should be an object")


def _array(value: JSON) -> list[JSON]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise ContentError("a value that should be a list")


def _merge(name: str, message: Message, old: JSON, new: JSON) -> None:
    """Makes a message that says `old` say `new`, and touches nothing else."""
    if old == new:
        return
    special = name in FORMS or name in RAW_JSON or name in SCHEMA_UNIONS or is_list(name)
    if name == RAW_EXTENSION and isinstance(new, dict) and raw_bytes(message).startswith(MAGIC):
        raw = raw_bytes(message)
        _set(message, "raw", edit_protobuf(raw, new) if decode_protobuf(raw) != new else raw)
    elif special or name == RAW_EXTENSION or not isinstance(old, dict):
        message.Clear()
        _build(name, message, new)
    else:
        fields = _object(new)
        for spec in message_fields(name):
            _merge_field(message, spec, old, fields)


def _merge_field(message: Message, spec: FieldSpec, old: JSONObject, new: JSONObject) -> None:
    if "inline" in spec.flags:
        keys = _keys(spec.type)
        before, after = ({key: value for key, value in side.items() if key in keys} for side in (old, new))
        if before and after:
            _merge(spec.type, getattr(message, spec.name), before, after)
        elif before != after:
            message.ClearField(spec.name)
            _build_field(message, spec, new)
        return
    was, becomes = old.get(spec.json, _ABSENT), new.get(spec.json, _ABSENT)
    if was == becomes:
        return
    if isinstance(was, dict) and isinstance(becomes, dict) and spec.is_message and not spec.map_key:
        _merge(spec.type, getattr(message, spec.name), was, becomes)
    elif isinstance(was, list) and isinstance(becomes, list) and spec.repeated and spec.is_message:
        _merge_list(message, spec, was, becomes)
    else:
        message.ClearField(spec.name)
        _build_field(message, spec, new)


def _merge_list(message: Message, spec: FieldSpec, was: list[JSON], becomes: list[JSON]) -> None:
    """Items keep their place; what is more or less is so at the end."""
    items: MutableSequence[Message] = getattr(message, spec.name)
    for item, before, after in zip(items, was, becomes, strict=False):
        _merge(spec.type, item, before, after)
    del items[len(becomes) :]
    _build_repeated(message, spec, becomes[len(was) :])
