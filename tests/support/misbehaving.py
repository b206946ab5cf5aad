"""A replay as another server would have given it: the same recording with one behaviour changed wherever it shows."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus

from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Answer, Body, BodyState, Exchange, Seq, header
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.content import decode, encode
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.storage import decode_value, value_media_type
from tests.support.memory import MemoryRecording

type Change = Callable[[JSONObject], None]
"""Changes an object of the API in place."""

_WATCHED = ("type", "object")


def everywhere(recording: MemoryRecording, change: Change) -> MemoryRecording:
    """Each object that the server shows or keeps, changed: in answers, lists, events and etcd."""
    made = recording.copy()
    made.exchange_list = [_changed_answer(made, each, change) for each in made.exchange_list]
    made.frame_list = [
        replace(
            each, body=_changed(made, each.body, JSON_TYPE, lambda value: _each_object(value.get("object"), change))
        )
        for each in made.frame_list
    ]
    made.change_list = [
        replace(each, value=_stored(made, each.value, change), previous=_stored(made, each.previous, change))
        for each in made.change_list
    ]
    return made


def answered(recording: MemoryRecording, seqs: Iterable[int], status: int, reason: str) -> MemoryRecording:
    """These exchanges answered with a refusal."""
    made = recording.copy()
    for seq in seqs:
        exchange = made.exchange_list[seq - 1]
        assert exchange.answer
        body = made.keep(
            json.dumps(
                {
                    "kind": "Status",
                    "apiVersion": "v1",
                    "metadata": {},
                    "status": "Failure",
                    "message": f"{reason}: no",
                    "reason": reason,
                    "code": status,
                }
            ).encode()
        )
        changed = {"content-type": JSON_TYPE, "content-length": str(body.size)}
        headers = tuple((name, changed.get(name.lower(), value)) for name, value in exchange.answer.headers)
        phrase = HTTPStatus(status).phrase
        answer = replace(exchange.answer, status=status, reason=phrase, headers=headers, body=body)
        made.exchange_list[seq - 1] = replace(exchange, answer=answer)
    return made


def without_key(recording: MemoryRecording, key: str) -> MemoryRecording:
    """A key that was never written."""
    made = recording.copy()
    made.change_list = [each for each in made.change_list if each.key != EtcdKey(key.encode())]
    return made


def without_header(recording: MemoryRecording, name: str) -> MemoryRecording:
    """A header that no answer has."""
    made = recording.copy()
    made.exchange_list = [_without(each, name) for each in made.exchange_list]
    return made


def without_events(recording: MemoryRecording, seq: int, *indexes: int) -> MemoryRecording:
    """A watch that some events did not come to."""
    made = recording.copy()
    kept = [each for each in made.frame_list if each.seq == seq and each.index not in indexes]
    others = [each for each in made.frame_list if each.seq != seq]
    made.frame_list = others + [replace(each, index=number) for number, each in enumerate(kept)]
    return made


def no_dns_policy(value: JSONObject) -> None:
    """A server that does not default a pod's dnsPolicy."""
    spec = value.get("spec")
    if value.get("kind") == "Pod" and isinstance(spec, dict):
        spec.pop("dnsPolicy", None)


def refused_deployment(recording: MemoryRecording) -> MemoryRecording:
    """A server that refuses the deployment of tests/diff/pair: all that came after finds none."""
    made = answered(recording, (Seq(17),), 500, "InternalError")
    made = answered(made, (Seq(18), Seq(19), Seq(35)), 404, "NotFound")
    return without_key(made, "/registry/deployments/default/hello-web")


def misbehaving(recording: MemoryRecording) -> MemoryRecording:
    """All of it at once: what docs/reports.md shows."""
    return without_header(refused_deployment(everywhere(recording, no_dns_policy)), "audit-id")


def _without(exchange: Exchange, name: str) -> Exchange:
    if exchange.answer is None:
        return exchange
    headers = tuple(pair for pair in exchange.answer.headers if pair[0].lower() != name)
    return replace(exchange, answer=replace(exchange.answer, headers=headers))


def _changed_answer(recording: MemoryRecording, exchange: Exchange, change: Change) -> Exchange:
    answer = exchange.answer
    if answer is None or not exchange.info.is_resource:
        return exchange
    media_type = header(answer.headers, "content-type")
    body = _changed(recording, answer.body, media_type, lambda value: _each_object(value, change))
    headers = tuple(
        (name, str(body.size)) if name.lower() == "content-length" else (name, value) for name, value in answer.headers
    )
    return replace(exchange, answer=_with(answer, body, headers))


def _with(answer: Answer, body: Body, headers: tuple[tuple[str, str], ...]) -> Answer:
    return replace(answer, body=body, headers=headers)


def _changed(recording: MemoryRecording, body: Body, media_type: str, change: Callable[[JSONObject], None]) -> Body:
    if body.digest is None or body.state is not BodyState.KEPT:
        return body
    value = decode(media_type, recording.body(body.digest))
    before = json.dumps(value)
    if isinstance(value, dict):
        change(value)
    return body if json.dumps(value) == before else recording.keep(encode(media_type, value))


def _stored(recording: MemoryRecording, body: Body | None, change: Change) -> Body | None:
    if body is None or body.digest is None:
        return body
    data = recording.body(body.digest)
    value = decode_value(data)
    before = json.dumps(value)
    change(value)
    return body if json.dumps(value) == before else recording.keep(encode(value_media_type(data), value))


def _each_object(value: JSON, change: Change) -> None:
    if not isinstance(value, dict):
        return
    items = value.get("items")
    for each in items if isinstance(items, list) else [value]:
        if isinstance(each, dict):
            change(each)
