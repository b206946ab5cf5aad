"""A body's content: from bytes and media type to JSON as the api-server's own JSON has it, and back."""

from collections.abc import Callable

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import check_size, decode_json, encode_json
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.protojson import decode_protobuf, decode_watch_event

__all__ = ["ContentError", "decode", "decode_json", "edit", "encode", "encode_json"]

_OPENAPI_INDEX = b'{"paths":{"'
"""How GET /openapi/v3 is answered: without a Content-Type, for which Go says text/plain (kube-openapi/pkg/handler3)."""


def decode(media_type: str, data: bytes) -> JSON:
    """What `data`, a body without transfer and content coding, says; text comes as a string.

    ContentError for a media type that kproxy does not read, and for bytes that are not of theirs. With
    `;stream=watch`, and of `application/cbor-seq`, it is one event, which wire.watchevents has cut out of its stream:
    `{"type": …, "object": …}`.
    """
    parsed = parse_media_type(media_type)
    if parsed.is_json:
        return decode_json(data)
    if parsed.is_protobuf:
        return decode_watch_event(data) if parsed.is_stream else decode_protobuf(data)
    if parsed.is_cbor:
        from kproxy.wire.cbor import decode_cbor  # noqa: PLC0415 - here and below: few need it, and it takes its time

        return decode_cbor(data)
    if parsed.is_yaml:
        from kproxy.wire.yamltext import decode_yaml  # noqa: PLC0415 - as above

        return decode_yaml(data)
    if parsed.name == "text/plain" and data.startswith(_OPENAPI_INDEX):
        return _decode_index(data)
    if parsed.name.startswith("text/"):
        return _decode_text(data, parsed.parameter("charset"))
    raise ContentError(f"content of {parsed.name or 'no media type'} cannot be read")


def encode(media_type: str, value: JSON) -> bytes:
    """`value` in `media_type`: JSON (also where YAML is asked for, as JSON is YAML) or protobuf. ContentError."""
    parsed = parse_media_type(media_type)
    if parsed.is_json:
        return encode_json(value)
    if parsed.is_yaml:
        from kproxy.wire.yamltext import encode_yaml  # noqa: PLC0415 - as above

        return encode_yaml(value)
    if parsed.is_protobuf:
        from kproxy.wire.protobuild import encode_protobuf, encode_watch_event  # noqa: PLC0415 - as above

        return encode_watch_event(value) if parsed.is_stream and isinstance(value, dict) else encode_protobuf(value)
    if parsed.is_cbor:
        from kproxy.wire.cbor import encode_cbor  # noqa: PLC0415 - as above

        return encode_cbor(value)
    if parsed.name.startswith("text/") and isinstance(value, str):
        return value.encode()
    if parsed.name == "text/plain" and isinstance(value, dict):
        return encode_json(value)
    raise ContentError(f"content of {parsed.name or 'no media type'} cannot be written")


def edit(media_type: str, data: bytes, change: Callable[[JSONObject], JSONObject]) -> bytes:
    """`data` with its object changed; the same bytes if `change` changes nothing.

    `change` may change its argument or return another. In protobuf, fields that no table knows stay as they are, and in
    CBOR the form of each value that does not change; JSON is written anew, with a line end if it had one. ContentError
    if `data` cannot be read or holds no object.
    """
    parsed = parse_media_type(media_type)
    if parsed.is_cbor:
        from kproxy.wire.cbor import edit_cbor  # noqa: PLC0415 - as above

        return edit_cbor(data, change)
    value = decode(media_type, data)
    if not isinstance(value, dict):
        raise ContentError("content that is no object cannot be changed")
    changed = change(value)
    if changed == decode(media_type, data):
        return data
    if parsed.is_protobuf:
        from kproxy.wire.protobuild import edit_protobuf, edit_watch_event  # noqa: PLC0415 - as above

        return edit_watch_event(data, changed) if parsed.is_stream else edit_protobuf(data, changed)
    encoded = encode(media_type, changed)
    return encoded if data.endswith(b"\n") else encoded.rstrip(b"\n")


def _decode_index(data: bytes) -> JSON:
    try:
        return decode_json(data)
    except ContentError:
        return _decode_text(data, "")


def _decode_text(data: bytes, charset: str) -> str:
    check_size(data)
    try:
        return data.decode(charset or "utf-8", "strict")
    except (UnicodeError, LookupError):
        raise ContentError(f"text that is not {charset or 'UTF-8'}") from None
