"""A recorded request in the replayed server's words."""

import re
from functools import lru_cache
from urllib.parse import quote, unquote

from kproxy.model.exchange import Headers
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.itself import may_use
from kproxy.renaming.kinds import Kind, Place, is_revision, is_time, owner_of, resource_of
from kproxy.renaming.openapi import hash_key
from kproxy.renaming.renaming import Renaming
from kproxy.wire.content import ContentError, decode, edit, encode
from kproxy.wire.requestinfo import request_info

_CONDITION = "if-modified-since"
_NOT_A_REVISION = frozenset({"", "0"})
_VALUES = re.compile(r"[?&](?:resourceVersion|continue|hash)=")
"""Parameters whose values are no texts."""


def stays_itself(target: str, headers: Headers, media_type: str, body: bytes) -> bool:
    """Whether a request says nothing that a server chooses but names: while no name has another image it is its own."""
    return not (_VALUES.search(target) or _asks_if_modified(headers) or may_use(target, headers, media_type, body))


def rename_target(renaming: Renaming, target: str) -> str:
    """Path and query: names in the path, resourceVersion and continue in the query, names in selectors."""
    if not renaming.changes_texts and not _VALUES.search(target):
        return target
    path, question, query = target.partition("?")
    renamed = renaming.text(path)
    if not question:
        return renamed
    resource = resource_of(request_info("GET", target)) if "resourceVersion=" in query else ""
    return f"{renamed}?" + "&".join(_parameter(renaming, path, part, resource) for part in query.split("&"))


def _parameter(renaming: Renaming, path: str, part: str, resource: str) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return part
    plain = unquote(value)
    if name == "resourceVersion":
        image = _revision(renaming, "", plain, resource)
    elif name == "continue":
        image = renaming.image(Kind.CONTINUE, plain) or plain
    elif name == "hash":
        image = renaming.modified.get((path, hash_key(plain)), plain)
    else:
        image = renaming.text(plain)
    return part if image == plain else f"{name}={quote(image, safe='')}"


def rename_headers(renaming: Renaming, target: str, headers: Headers) -> Headers:
    """Headers of a request for `target` whose values may name what the server chose."""
    if not _asks_if_modified(headers) and (
        not renaming.changes_texts or all(renaming.text(value) == value for _, value in headers)
    ):
        return headers
    path = target.partition("?")[0]
    return tuple(
        (name, renaming.modified.get((path, value), value))
        if name.lower() == _CONDITION
        else (name, renaming.text(value))
        for name, value in headers
    )


@lru_cache(maxsize=256)  # most requests' heads are as another one's
def _asks_if_modified(headers: Headers) -> bool:
    return any(name.lower() == _CONDITION for name, _ in headers)


def rename_body(renaming: Renaming, media_type: str, data: bytes) -> bytes:
    """A body in its own media type; the same bytes when it names nothing that the server chose.

    What cannot be decoded (text, unknown types) is renamed as text where it is UTF-8, and left as it is elsewhere.
    """
    if not data or renaming.blank:
        return data
    try:
        value = decode(media_type, data)
    except ContentError:
        return _rename_bytes(renaming, data)
    renamed = rename_json(renaming, value, Place())
    if renamed == value:
        return data
    return edit(media_type, data, lambda _: renamed) if isinstance(renamed, dict) else encode(media_type, renamed)


def _rename_bytes(renaming: Renaming, data: bytes) -> bytes:
    try:
        return renaming.text(data.decode()).encode()
    except UnicodeDecodeError:
        return data


def rename_json(renaming: Renaming, value: JSON, place: Place) -> JSON:
    """A value at its place, whose owner is the baseline's object."""
    if isinstance(value, dict):
        return _object(renaming, value, place)
    if isinstance(value, list):
        return [rename_json(renaming, each, place) for each in value]
    if not isinstance(value, str):
        return value
    if is_time(value):
        return renaming.times.image(place, value) or value
    return renaming.text(value)


def _object(renaming: Renaming, value: JSONObject, place: Place) -> JSONObject:
    metadata = value.get("metadata")
    own = owner_of(metadata, place.owner) if isinstance(metadata, dict) else None
    owner, fields = (own, ()) if own is not None else (place.owner, place.fields)
    return {
        renaming.text(name): _field(renaming, each, Place(name, value, {}, owner, "", (*fields, name)))
        for name, each in value.items()
    }


def _field(renaming: Renaming, value: JSON, place: Place) -> JSON:
    name = place.key
    patched = name == "value" and place.baseline.get("path") == "/metadata/resourceVersion"  # of a JSON patch
    if (name == "resourceVersion" or patched) and isinstance(value, str):
        return _revision(renaming, place.revision_scope(), value, place.owner.resource)
    if name in {"nodePort", "healthCheckNodePort"} and type(value) is int:
        image = renaming.image(Kind.NODE_PORT, str(value))
        return int(image) if image is not None else value
    return rename_json(renaming, value, place)


def _revision(renaming: Renaming, uid: str, value: str, resource: str) -> str:
    if value in _NOT_A_REVISION or not is_revision(value):
        return value
    return renaming.revisions.image(uid, value, resource) or value
