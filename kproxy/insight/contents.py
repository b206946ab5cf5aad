"""What bodies say, for whoever only reads."""

from kproxy.model.exchange import Body, Headers, header
from kproxy.model.jsontypes import JSONObject, mapping
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError, decode

LARGEST = 4 * 1024 * 1024
"""Bytes of content that are read; an object of etcd has 1.5 MiB at most."""


def object_in(recording: Recording, headers: Headers, body: Body) -> JSONObject:
    """A body's object; {} where there is none, or none that can be read."""
    if body.digest is None or body.size > LARGEST:
        return {}
    try:
        value = decode(header(headers, "content-type"), recording.body(body.digest))
    except ContentError:
        return {}
    return mapping(value)
