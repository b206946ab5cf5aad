r"""The envelope of the api-server's protobuf objects, `k8s\0` and a runtime.Unknown, and what all readers share."""

from functools import cache
from typing import Any

from google.protobuf.message import DecodeError, Message

from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import message_class, message_fields, package_of
from kproxy.wire.protoforms import META, RUNTIME

MAGIC = b"k8s\0"
"""What a protobuf object of the api-server begins with; a runtime.Unknown follows."""


def parse(name: str, data: bytes) -> Message:
    """A message of this name. ContentError."""
    try:
        return message_class(name).FromString(data)
    except DecodeError:
        raise ContentError(f"no protobuf message of {name.rpartition('.')[2]}") from None


def message_name(api_version: str, kind: str) -> str:
    """The protobuf message of a kind; kinds that every group has (Status, DeleteOptions) are meta's. ContentError."""
    package = package_of(api_version)
    for name in (f"{package}.{kind}", f"{META}.{kind}"):
        try:
            message_class(name)
        except KeyError:
            continue
        return name
    raise ContentError(f"no interface table for kind {kind[:100]!r} of {api_version[:100]!r}")


def open_unknown(data: bytes) -> Message:
    """The runtime.Unknown behind the magic bytes. ContentError."""
    if not data.startswith(MAGIC):
        raise ContentError("protobuf that does not begin with k8s\\0")
    return parse(f"{RUNTIME}.Unknown", data[len(MAGIC) :])


def unknown_parts(unknown: Message) -> tuple[str, str, bytes, str]:
    """A runtime.Unknown's apiVersion, kind, raw bytes and content type. ContentError."""
    values = fields_by_name(unknown)
    meta = fields_by_name(values["typeMeta"]) if "typeMeta" in values else {}
    if values.get("contentEncoding"):
        raise ContentError("a protobuf object in a content coding of its own")
    api_version, kind = str(meta.get("apiVersion", "")), str(meta.get("kind", ""))
    return api_version, kind, values.get("raw", b""), str(values.get("contentType", ""))


def fields_by_name(message: Message) -> dict[str, Any]:  # each value is of the type that the table says
    """A message's set fields. ContentError for text that is not UTF-8."""
    try:
        return {field.name: value for field, value in message.ListFields()}
    except UnicodeDecodeError:
        raise ContentError("a protobuf text that is not UTF-8") from None


@cache
def is_list(name: str) -> bool:
    """Whether a message is a list in JSON (Go: a named slice)."""
    return any("list" in spec.flags for spec in message_fields(name))


def raw_bytes(message: Message) -> bytes:
    """The only field of a message that wraps bytes."""
    values = message.ListFields()
    raw: bytes = values[0][1] if values else b""
    return raw
