"""An exchange as the recording holds it, out of what was said of it."""

from kproxy.model.exchange import EMPTY_BODY, Answer, Body, BodyState, Digest, End, Exchange, Request
from kproxy.record.contents import Contents, Message
from kproxy.record.openexchange import OpenExchange, Pieces

_TUNNELLED = "all bytes of the upgraded connection; what they carried is in its frames"


def exchange_of(exchange: OpenExchange, contents: Contents, bodies: dict[Digest, bytes]) -> Exchange:
    """Its row; the bytes of its bodies are put into `bodies`."""
    facts = exchange.request
    return Exchange(
        seq=exchange.seq,
        connection=exchange.connection,
        started=exchange.started,
        answered=exchange.answered,
        ended=exchange.ended,
        request=Request(
            method=facts.method,
            target=facts.target,
            http_version=facts.http_version,
            headers=facts.headers,
            body=_request_body(exchange, contents, bodies),
            trailers=exchange.request_trailers,
        ),
        info=facts.info,
        answer=_answer(exchange, contents, bodies),
        end=exchange.end,
        end_detail=exchange.end_detail,
        altered=exchange.altered,
        upgrade=exchange.upgrade,
        caller=exchange.caller,
        identity=exchange.identity,
        forwarded=exchange.forwarded,
        fault=exchange.fault,
        trace_id=exchange.trace_id,
        parent_id=exchange.parent_id,
    )


def _answer(exchange: OpenExchange, contents: Contents, bodies: dict[Digest, bytes]) -> Answer | None:
    facts = exchange.answer
    if facts is None:
        return None
    return Answer(
        status=facts.status,
        reason=facts.reason,
        http_version=facts.http_version,
        headers=facts.headers,
        body=_answer_body(exchange, contents, bodies),
        trailers=exchange.answer_trailers,
        informational=exchange.informational,
    )


def _request_body(exchange: OpenExchange, contents: Contents, bodies: dict[Digest, bytes]) -> Body:
    if exchange.tunnel[0]:
        return Body(state=BodyState.COUNTED, size=exchange.tunnel[0], reason=_TUNNELLED)
    pieces, facts = exchange.request_body, exchange.request
    if not pieces.size and not pieces.lost and not facts.content_length and not facts.chunked:
        return EMPTY_BODY
    if exchange.ended is None:
        return _unfinished(pieces)
    whole = exchange.end is End.COMPLETE or exchange.answer is not None or exchange.request_is_whole
    message = Message(exchange.secrecy, facts.media_type, facts.coding)
    return _body(message, pieces, contents, bodies, cut="" if whole else _why(exchange))


def _answer_body(exchange: OpenExchange, contents: Contents, bodies: dict[Digest, bytes]) -> Body:
    stream, pieces, facts = exchange.stream, exchange.answer_body, exchange.answer
    if stream is not None:
        return Body(state=BodyState.FRAMES, size=stream.size, reason=stream.rest)
    if exchange.tunnel[1]:
        return Body(state=BodyState.COUNTED, size=exchange.tunnel[1], reason=_TUNNELLED)
    if exchange.ended is None:
        return _unfinished(pieces)
    whole = exchange.end is End.COMPLETE or (facts is not None and pieces.size == facts.content_length)
    message = Message(exchange.secrecy, facts.media_type if facts else "", facts.coding if facts else "")
    return _body(message, pieces, contents, bodies, cut="" if whole else _why(exchange))


def _body(message: Message, pieces: Pieces, contents: Contents, bodies: dict[Digest, bytes], *, cut: str) -> Body:
    if pieces.lost:
        return Body(state=BodyState.LOST, size=pieces.size, reason=pieces.lost)
    if pieces.too_large:
        return Body(state=BodyState.TOO_LARGE, size=pieces.size, reason=f"more than {pieces.limit} bytes")
    return contents.body(message, pieces.joined(), bodies, cut=cut)


def _unfinished(pieces: Pieces) -> Body:
    return Body(state=BodyState.LOST, size=pieces.size, reason="the recorder has not seen its end")


def _why(exchange: OpenExchange) -> str:
    return f"it broke off: {exchange.end.value}"
