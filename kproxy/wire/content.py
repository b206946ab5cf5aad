"""A body's content: from bytes and media type to JSON as the api-server's own JSON has it, and back."""

from collections.abc import Callable

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import check_size, decode_json, encode_json
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.protobuf import decode_protobuf, encode_protobuf
from kproxy.wire.yamltext import decode_yaml

__all__ = ["ContentError", "decode", "decode_json", "edit", "encode", "encode_json"]


def decode(media_type: str, data: bytes) -> JSON:
    """What `data`, a body without transfer and content coding, says; text comes as a string.

    ContentError for a media type that kproxy does not read, and for bytes that are not of theirs. A body of several
    documents (a watch, `;stream=watch`) is none: wire.watch cuts it.
    """
    parsed = parse_media_type(media_type)
    if parsed.is_json:
        return decode_json(data)
    if parsed.is_protobuf:
        return decode_protobuf(data)
    if parsed.is_yaml:
        return decode_yaml(data)
    if parsed.name.startswith("text/"):
        return _decode_text(data, parsed.parameter("charset"))
    raise ContentError(f"content of {parsed.name or 'no media type'} cannot be read")


def encode(media_type: str, value: JSON) -> bytes:
    """`value` in `media_type`: JSON (also where YAML is asked for, as JSON is YAML) or protobuf. ContentError."""
    parsed = parse_media_type(media_type)
    if parsed.is_json or parsed.is_yaml:
        return encode_json(value)
    if parsed.is_protobuf:
        return encode_protobuf(value)
    if parsed.name.startswith("text/") and isinstance(value, str):
        return value.encode()
    raise ContentError(f"content of {parsed.name or 'no media type'} cannot be written")


def edit(media_type: str, data: bytes, change: Callable[[JSONObject], JSONObject]) -> bytes:
    """`data` with its object changed; the same bytes if `change` changes nothing.

    `change` may change its argument or return another. ContentError if `data` cannot be read or holds no object.
    """
    value = decode(media_type, data)
    if not isinstance(value, dict):
        raise ContentError("content that is no object cannot be changed")
    changed = change(value)
    return data if changed == decode(media_type, data) else encode(media_type, changed)


def _decode_text(data: bytes, charset: str) -> str:
    check_size(data)
    try:
        return data.decode(charset or "utf-8", "strict")
    except (UnicodeError, LookupError):
        raise ContentError(f"text that is not {charset or 'UTF-8'}") from None
