"""Which media type a body has, and which one an answer gets."""

import json

import yaml

from kproxy.lab.emulated.status import bad_request, not_acceptable, unsupported_media_type
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.content import ContentError, decode, encode, encode_json
from kproxy.wire.jsontext import check_depth
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.mediatype import PROTOBUF, YAML, parse_media_type
from kproxy.wire.protobuild import encode_watch_event

_OFFERED = (JSON_TYPE, YAML, PROTOBUF)
_HEX_SHOWN = 1024  # bytes of a wrong body in its error


def read_body(media_type: str, data: bytes, kind: str) -> JSONObject:
    """An object that a client sent. StatusError (415, 400). `kind`: what it must be, for the error."""
    if parse_media_type(media_type or JSON_TYPE).name not in _OFFERED:
        raise unsupported_media_type(_OFFERED)
    try:
        value = decode(media_type or JSON_TYPE, data)
        check_depth(value)
    except ContentError as error:
        why = "unexpected end of JSON input" if not data.strip() else str(error)
        shown = data[:_HEX_SHOWN].hex() or "<empty>"
        must = f"the object provided is unrecognized (must be of type {kind}): " if kind else ""
        tail = f" ({shown})" if kind else ""
        raise bad_request(f"{must}couldn't get version/kind; json parse error: {why}{tail}") from error
    if not isinstance(value, dict):
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse"
            f" error: it is no object ({data[:_HEX_SHOWN].hex()})"
        )
    return value


def read_patch(data: bytes) -> JSON:
    """A patch's JSON. StatusError."""
    try:
        return decode(JSON_TYPE, data)
    except ContentError as error:
        raise bad_request("invalid JSON patch") from error


def accepted(accept: str) -> str:
    """The media type for an answer. A Table is answered as the plain object. StatusError (406)."""
    for part in (accept or "*/*").split(","):
        name = parse_media_type(part).name
        if name in {"*/*", "application/*", ""}:
            return JSON_TYPE
        if name in _OFFERED:
            return name
    available = ", ".join(_OFFERED)
    error = not_acceptable(_OFFERED)
    error.message = f"406: Not Acceptable\n\nAvailable representations: {available}"
    error.details = {}
    raise error


def write_body(media_type: str, value: JSONObject, *, pretty: bool) -> tuple[str, bytes]:
    """An answer's media type and bytes; what protobuf cannot hold goes as JSON."""
    if media_type == PROTOBUF:
        try:
            return PROTOBUF, encode(PROTOBUF, value)
        except ContentError:
            media_type = JSON_TYPE
    if media_type == YAML:
        return YAML, yaml.safe_dump(value, allow_unicode=True, default_flow_style=False).encode()
    return JSON_TYPE, _indented(value) if pretty else encode_json(value)


def write_event(media_type: str, kind: str, value: JSONObject) -> bytes:
    """A watch's event with its framing: a line of JSON, or a length (u32, big-endian) and a protobuf message."""
    event: JSONObject = {"type": kind, "object": value}
    if media_type == PROTOBUF:
        data = encode_watch_event(event)
        return len(data).to_bytes(4, "big") + data
    return encode_json(event)


def is_pretty(query: dict[str, str], user_agent: str) -> bool:
    """Whether a person reads along: asked for, or by the client's name (k8s.io/apiserver's isPrettyPrint)."""
    if "pretty" in query:
        return query["pretty"].lower() not in {"", "false", "0"}
    return user_agent.startswith(("curl", "Wget", "Mozilla/5.0"))


def _indented(value: JSONObject) -> bytes:
    """For people: as Go indents, without a line end behind it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode("utf-8", "replace")
