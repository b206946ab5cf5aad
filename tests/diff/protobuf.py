"""A session whose client and server say in protobuf what they said in JSON."""

from dataclasses import replace

from kproxy.model.exchange import Body, Exchange, Headers, header
from kproxy.wire.content import decode, encode
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.mediatype import PROTOBUF
from tests.support.memory import MemoryRecording

_STREAM = f"{PROTOBUF};stream=watch"


def in_protobuf(recording: MemoryRecording) -> MemoryRecording:
    """The session, with all bodies but patches, and what does not say its kind, in protobuf."""
    made = replace(recording, body_bytes=dict(recording.body_bytes))
    made.frame_list = [replace(each, body=_turned(made, each.body, _STREAM)) for each in recording.frame_list]
    streams = {each.seq for each in recording.frame_list}
    made.exchange_list = [_exchange(made, each, watch=each.seq in streams) for each in recording.exchange_list]
    return made


def _exchange(made: MemoryRecording, exchange: Exchange, *, watch: bool) -> Exchange:
    request, answer = exchange.request, exchange.answer
    if header(request.headers, "content-type") == JSON_TYPE and _has_kind(made, request.body):
        body = _turned(made, request.body, PROTOBUF)
        request = replace(request, headers=_said(request.headers, PROTOBUF, body.size), body=body)
    if answer is not None:
        body = answer.body if watch else _turned(made, answer.body, PROTOBUF)
        headers = _said(answer.headers, _STREAM if watch else PROTOBUF, body.size)
        answer = replace(answer, headers=headers, body=body)
    return replace(exchange, request=request, answer=answer)


def _has_kind(made: MemoryRecording, body: Body) -> bool:
    value = decode(JSON_TYPE, made.body(body.digest)) if body.digest is not None else None
    return isinstance(value, dict) and "kind" in value


def _said(headers: Headers, media_type: str, size: int) -> Headers:
    said = {"content-type": media_type, "content-length": str(size)}
    return tuple((name, said.get(name.lower(), value)) for name, value in headers)


def _turned(made: MemoryRecording, body: Body, media_type: str) -> Body:
    if body.digest is None:
        return body
    return made.keep(encode(media_type, decode(JSON_TYPE, made.body(body.digest))))
