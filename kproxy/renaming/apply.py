"""A recorded request in the replayed server's words."""

from urllib.parse import quote, unquote

from kproxy.model.exchange import Headers
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import Kind, is_revision
from kproxy.renaming.renaming import Renaming
from kproxy.wire.content import ContentError, decode, encode

_NOT_A_REVISION = frozenset({"", "0"})


def rename_target(renaming: Renaming, target: str) -> str:
    """Path and query: names in the path, resourceVersion and continue in the query, names in selectors."""
    path, question, query = target.partition("?")
    renamed = renaming.text(path)
    if not question:
        return renamed
    return f"{renamed}?" + "&".join(_parameter(renaming, part) for part in query.split("&"))


def _parameter(renaming: Renaming, part: str) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return part
    plain = unquote(value)
    if name == "resourceVersion":
        image = _revision(renaming, "", plain)
    elif name == "continue":
        image = renaming.image(Kind.CONTINUE, plain) or plain
    else:
        image = renaming.text(plain)
    return part if image == plain else f"{name}={quote(image, safe='')}"


def rename_headers(renaming: Renaming, headers: Headers) -> Headers:
    """Headers whose values may name what the server chose."""
    return tuple((name, renaming.text(value)) for name, value in headers)


def rename_body(renaming: Renaming, media_type: str, data: bytes) -> bytes:
    """A body in its own media type; the same bytes when it names nothing that the server chose.

    What cannot be decoded (text, unknown types) is renamed as text where it is UTF-8, and left as it is elsewhere.
    """
    if not data:
        return data
    try:
        value = decode(media_type, data)
    except ContentError:
        return _rename_bytes(renaming, data)
    renamed = rename_json(renaming, value)
    return data if renamed == value else encode(media_type, renamed)


def _rename_bytes(renaming: Renaming, data: bytes) -> bytes:
    try:
        return renaming.text(data.decode()).encode()
    except UnicodeDecodeError:
        return data


def rename_json(renaming: Renaming, value: JSON, uid: str = "") -> JSON:
    """A value; `uid`: the baseline's uid of the object that it belongs to."""
    if isinstance(value, dict):
        return _object(renaming, value, uid)
    if isinstance(value, list):
        return [rename_json(renaming, each, uid) for each in value]
    return renaming.text(value) if isinstance(value, str) else value


def _object(renaming: Renaming, value: JSONObject, uid: str) -> JSONObject:
    uid = _uid(value) or uid
    return {renaming.text(name): _field(renaming, value, name, uid) for name in value}


def _field(renaming: Renaming, parent: JSONObject, name: str, uid: str) -> JSON:
    value = parent[name]
    if name == "resourceVersion" and isinstance(value, str):
        return _revision(renaming, uid, value)
    if name == "value" and parent.get("path") == "/metadata/resourceVersion" and isinstance(value, str):
        return _revision(renaming, uid, value)  # an operation of a JSON patch
    if name in {"nodePort", "healthCheckNodePort"} and type(value) is int:
        image = renaming.image(Kind.NODE_PORT, str(value))
        return int(image) if image is not None else value
    return rename_json(renaming, value, uid)


def _uid(value: JSONObject) -> str:
    """The uid of the object that this is, or whose metadata or reference it is."""
    metadata = value.get("metadata")
    uid = metadata.get("uid") if isinstance(metadata, dict) else value.get("uid")
    return uid if isinstance(uid, str) else ""


def _revision(renaming: Renaming, uid: str, value: str) -> str:
    if value in _NOT_A_REVISION or not is_revision(value):
        return value
    return renaming.revisions.image(uid, value) or value
