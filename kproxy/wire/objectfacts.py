"""What an object says of itself in its metadata, read without decoding the rest where that can be done.

Of protobuf only metadata is read, which is field 1 of every object (a PartialObjectMetadata is just that); lists and
Tables are none, and are decoded whole. JSON is read by the interpreter's own reader, which is quick.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from google.protobuf.message import DecodeError, Message

from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.wire.content import decode
from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import ByTable, message_class
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.mediatype import PROTOBUF, MediaType, parse_media_type
from kproxy.wire.metamessages import Metadata, PartialObject, Status, Unknown
from kproxy.wire.protoenvelope import MAGIC, message_name
from kproxy.wire.protoforms import META, RUNTIME
from kproxy.wire.storage import value_media_type

_WHOLE = frozenset({"Table", "Namespace"})
"""Kinds whose facts are not in their metadata alone: a namespace has finalizers in its spec."""


@dataclass(frozen=True, slots=True)
class Owner:
    """An ownerReference."""

    uid: str
    kind: str
    name: str
    controller: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """An object's metadata, as far as its life and its writers are told by it.

    `deletion` and `grace`: deletionTimestamp (as the encoding has it, to be compared only) and its seconds of grace;
    `held`: it stays in etcd although it is being deleted, see `held`.
    """

    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""
    revision: int = 0
    generation: int = 0
    deletion: str = ""
    grace: int | None = None
    held: bool = False
    owners: tuple[Owner, ...] = ()


NO_FACTS = Facts()


def facts_of(obj: JSON) -> Facts:
    """The facts of a decoded object; of a Status the uid that its details name."""
    if not isinstance(obj, dict):
        return NO_FACTS
    if obj.get("kind") == "Status":
        details = obj.get("details")
        return Facts(kind="Status", uid=text(details.get("uid")) if isinstance(details, dict) else "")
    metadata = metadata_of(obj)
    grace, generation = metadata.get("deletionGracePeriodSeconds"), metadata.get("generation")
    references = metadata.get("ownerReferences")
    return Facts(
        kind=text(obj.get("kind")),
        name=text(metadata.get("name")),
        namespace=text(metadata.get("namespace")),
        uid=text(metadata.get("uid")),
        revision=_number(text(metadata.get("resourceVersion"))),
        generation=generation if isinstance(generation, int) else 0,
        deletion=text(metadata.get("deletionTimestamp")),
        grace=grace if isinstance(grace, int) else None,
        held=held(obj),
        owners=tuple(_owner(each) for each in references if isinstance(each, dict))
        if isinstance(references, list)
        else (),
    )


def read_facts(media_type: str, data: bytes) -> Facts | JSON:
    """The facts of a body's object; what is no object of its own (a list, a Table) comes decoded whole.

    ContentError if it cannot be read.
    """
    parsed = _parsed(media_type)
    if parsed.is_protobuf and not parsed.is_stream and data.startswith(MAGIC):
        found = _protobuf_facts(data)
        if found is not None:
            return found
    document = decode(media_type, data)
    if not isinstance(document, dict) or _is_plural(document):
        return document
    return facts_of(document)


def read_value_facts(data: bytes) -> Facts:
    """The facts of an etcd value. ContentError if it cannot be read, is encrypted or no object."""
    found = read_facts(value_media_type(data), data)
    return found if isinstance(found, Facts) else facts_of(found)


def read_text(data: bytes, *path: str) -> str:
    """A text within an etcd value, by the names of its fields; "" where it is not. ContentError."""
    media_type = value_media_type(data)
    if media_type == PROTOBUF:
        try:
            unknown = _unknown(data)
            if _is_bare(unknown):
                name = message_name(unknown.typeMeta.apiVersion, unknown.typeMeta.kind)
                return _text_in(_message(name, unknown.raw), path)
        except (DecodeError, UnicodeDecodeError):
            raise ContentError("no protobuf object") from None
    found: JSON = decode(media_type, data)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return text(found)


def _text_in(message: object, path: tuple[str, ...]) -> str:
    found = message
    for name in path:
        found = getattr(found, name, "")
    return found if isinstance(found, str) else ""


def read_managers(data: bytes) -> frozenset[tuple[str, bytes]]:
    """The managedFields of an etcd value: each entry's manager, and the entry to be compared. ContentError."""
    media_type = value_media_type(data)
    if media_type == PROTOBUF and (metadata := _partial(data)) is not None:
        return frozenset((each.manager, each.SerializeToString(deterministic=True)) for each in metadata.managedFields)
    managed = metadata_of(decode(media_type, data)).get("managedFields")
    entries = [each for each in managed if isinstance(each, dict)] if isinstance(managed, list) else []
    return frozenset((text(each.get("manager")), json.dumps(each, sort_keys=True).encode()) for each in entries)


def held(obj: JSONObject) -> bool:
    """Whether an object stays in etcd although it is being deleted: finalizers hold it, or its grace period runs.

    Source: apiserver/pkg/registry/generic/registry/store.go (ShouldDeleteDuringUpdate, deletionFinalizersForGarbage-
    Collection); a namespace has finalizers in its spec, too.
    """
    metadata, spec = metadata_of(obj), obj.get("spec")
    grace = metadata.get("deletionGracePeriodSeconds")
    in_spec = obj.get("kind") == "Namespace" and isinstance(spec, dict) and bool(spec.get("finalizers"))
    return bool(metadata.get("finalizers")) or in_spec or (isinstance(grace, int) and grace > 0)


def _is_plural(document: JSONObject) -> bool:
    return document.get("kind") == "Table" or isinstance(document.get("items"), list)


@lru_cache(maxsize=256)
def _parsed(media_type: str) -> MediaType:
    return parse_media_type(media_type)


def _protobuf_facts(data: bytes) -> Facts | None:
    """None where metadata is not all: then it is decoded whole."""
    try:
        unknown = _unknown(data)
        kind = unknown.typeMeta.kind
        if kind in _WHOLE or kind.endswith("List") or not _is_bare(unknown):
            return None
        if kind == "Status":
            status: Status = _message(f"{META}.Status", unknown.raw)
            return Facts(kind=kind, uid=status.details.uid)
        return _message_facts(kind, _metadata(unknown))
    except (DecodeError, UnicodeDecodeError):
        raise ContentError("no protobuf object") from None


def _partial(data: bytes) -> Metadata | None:
    try:
        unknown = _unknown(data)
        return _metadata(unknown) if _is_bare(unknown) else None
    except (DecodeError, UnicodeDecodeError):
        raise ContentError("no protobuf object") from None


def _message(name: str, data: bytes) -> ByTable:
    """A message of this name. DecodeError."""
    return message_class(name).FromString(data)


def _unknown(data: bytes) -> Unknown:
    unknown: Unknown = _message(f"{RUNTIME}.Unknown", data[len(MAGIC) :])
    return unknown


def _is_bare(unknown: Unknown) -> bool:
    return unknown.contentType != JSON_TYPE and not unknown.contentEncoding


def _metadata(unknown: Unknown) -> Metadata:
    message: PartialObject = _message(f"{META}.PartialObjectMetadata", unknown.raw)
    return message.metadata


def _message_facts(kind: str, metadata: Metadata) -> Facts:
    graceful = metadata.HasField("deletionGracePeriodSeconds")
    grace = metadata.deletionGracePeriodSeconds if graceful else None
    return Facts(
        kind,
        metadata.name,
        metadata.namespace,
        metadata.uid,
        _number(metadata.resourceVersion),
        metadata.generation,
        _time(metadata.deletionTimestamp) if metadata.HasField("deletionTimestamp") else "",
        grace,
        bool(metadata.finalizers) or bool(grace and grace > 0),
        tuple(Owner(each.uid, each.kind, each.name, each.controller) for each in metadata.ownerReferences),
    )


def _time(message: Message) -> str:
    return str(getattr(message, "seconds", ""))


def _owner(reference: JSONObject) -> Owner:
    return Owner(
        text(reference.get("uid")),
        text(reference.get("kind")),
        text(reference.get("name")),
        reference.get("controller") is True,
    )


def _number(revision: str) -> int:
    return int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 20 else 0
