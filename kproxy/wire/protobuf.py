"""The api-server's protobuf (being built)."""

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.contenterror import ContentError


def decode_watch_event(data: bytes) -> JSONObject:
    raise ContentError("protobuf cannot be read yet")


def decode_protobuf(data: bytes) -> JSON:
    raise ContentError("protobuf cannot be read yet")


def encode_protobuf(value: JSON) -> bytes:
    raise ContentError("protobuf cannot be written yet")
