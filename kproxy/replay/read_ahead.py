"""Exchanges with those of their bodies that the plan looks at, read some at a time."""

from collections.abc import Iterable, Iterator
from itertools import batched

from kproxy.model.api import metadata_of
from kproxy.model.exchange import Body, Digest, Exchange, Headers, header
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.many import frozen_by_type
from kproxy.model.recording import Recording
from kproxy.replay.effects import Effect, changes, ref_of, writes
from kproxy.wire.content import ContentError, decode

_SOME = 16
"""Exchanges whose bodies are read at a time: of 64 creations that took 6 ms, in which no answer was heard."""


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Looked:
    """An exchange as the plan sees it: what it does, and the bytes that values are looked for in."""

    effect: Effect
    sent: bytes
    told: bytes


def looked_at(recording: Recording, exchanges: Iterable[Exchange]) -> Iterator[Looked]:
    """The exchanges in their order. Only of writes bodies are read, and only creations are decoded."""
    for some in batched(exchanges, _SOME):
        wanted: dict[Digest, None] = {}
        for exchange in some:
            if writes(exchange):
                wanted.update(dict.fromkeys(_digests(exchange)))
        bodies = recording.bodies(wanted) if wanted else {}
        for exchange in some:
            yield _looked(exchange, bodies)


def _digests(exchange: Exchange) -> Iterator[Digest]:
    if exchange.request.body.digest is not None:
        yield exchange.request.body.digest
    if _tells(exchange) and exchange.answer is not None and exchange.answer.body.digest is not None:
        yield exchange.answer.body.digest


def _tells(exchange: Exchange) -> bool:
    """Whether the answer of a write shows what it made."""
    answer = exchange.answer
    return answer is not None and (answer.status == 201 or (exchange.info.verb == "create" and answer.status < 300))


def _looked(exchange: Exchange, bodies: dict[Digest, bytes]) -> Looked:
    if not writes(exchange):
        single = exchange.info.verb not in {"list", "watch", "deletecollection"}
        return Looked(effect=_effect(exchange, exchange.info.name if single else "", {}, {}), sent=b"", told=b"")
    sent, told = _bytes(exchange.request.body, bodies), b""
    if exchange.answer is not None and _tells(exchange):
        told = _bytes(exchange.answer.body, bodies)
    asked: JSONObject = {}
    shown: JSONObject = {}
    if exchange.info.verb == "create" and not exchange.info.subresource:
        shown = _document(exchange.answer.headers, told) if exchange.answer is not None else {}
        if not shown or exchange.info.resource == "services":
            asked = _document(exchange.request.headers, sent)
    name = exchange.info.name or text(metadata_of(shown or asked).get("name"))
    return Looked(effect=_effect(exchange, name, asked, shown), sent=sent, told=told)


def _effect(exchange: Exchange, name: str, asked: JSONObject, shown: JSONObject) -> Effect:
    return Effect(
        exchange=exchange,
        ref=ref_of(exchange, name),
        writes=writes(exchange),
        changes=changes(exchange),
        sent=asked,
        told=shown,
    )


def _bytes(body: Body, bodies: dict[Digest, bytes]) -> bytes:
    return bodies.get(body.digest, b"") if body.digest is not None else b""


def _document(headers: Headers, data: bytes) -> JSONObject:
    if not data:
        return {}
    try:
        document = decode(header(headers, "content-type"), data)
    except ContentError:
        return {}
    return document if isinstance(document, dict) else {}
