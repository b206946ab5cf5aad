"""What the engine reads of a recorded exchange while it sends it again."""

from kproxy.model.api import metadata_of
from kproxy.model.exchange import Exchange, header
from kproxy.model.recording import Recording
from kproxy.renaming.apply import rename_body, rename_headers, rename_target
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.target import parameter, prolonged
from kproxy.replay.lasting import allowed_seconds, is_left
from kproxy.replay.transport import WireRequest
from kproxy.wire.content import ContentError, decode


def follows(exchange: Exchange) -> bool:
    """Whether it is a log that goes on as its pod does."""
    return exchange.info.is_log and (parameter(exchange.request.target, "follow") or "") in {"true", "True", "1", "t"}


def stays_open(exchange: Exchange | None, lived: float) -> bool:
    """Whether a server keeps a watch open for longer than it lived (seconds), if its client does not leave it.

    What is defined (a group with a domain) is no such thing: a change of its definition ends its watches.
    """
    if exchange is None or "." in exchange.info.group.removesuffix(".k8s.io"):
        return False
    return lived < allowed_seconds(exchange)


def is_refused_watch(exchange: Exchange) -> bool:
    """Whether a watch was answered with a refusal: another server may serve it."""
    return exchange.info.verb == "watch" and exchange.answer is not None and exchange.answer.status >= 400


def failed_before(exchange: Exchange) -> bool:
    """Whether the recorded server itself answered with an error of its own, or not at all."""
    return exchange.answer is None or exchange.answer.status >= 500


def request_of(renaming: Renaming, exchange: Exchange, body: bytes) -> WireRequest:
    """A recorded request in the target's words; `body`: the one that it had, or what stands in its place.

    A watch that is left is asked for longer: however long the replay takes until then.
    """
    recorded = exchange.request
    target = prolonged(recorded.target) if is_left(exchange) else recorded.target
    return WireRequest(
        method=recorded.method,
        target=target if _too_large(exchange) else rename_target(renaming, target),
        headers=rename_headers(renaming, recorded.target, recorded.headers),
        body=rename_body(renaming, header(recorded.headers, "content-type"), body),
        upgrades=bool(exchange.upgrade),
    )


def as_it_is(exchange: Exchange, body: bytes) -> WireRequest:
    """A recorded request in the words that it had."""
    recorded = exchange.request
    return WireRequest(
        method=recorded.method,
        target=recorded.target,
        headers=recorded.headers,
        body=body,
        upgrades=bool(exchange.upgrade),
    )


def _too_large(exchange: Exchange) -> bool:
    """Whether a request named a revision that is still to come: it says nothing of the server's, here as there."""
    target, answer = exchange.request.target, exchange.answer
    return answer is not None and answer.status == 504 and parameter(target, "resourceVersion") is not None


def is_leaving(recording: Recording, exchange: Exchange) -> bool:
    """Whether a read showed one object on its way out: how long that is there is the controllers' business."""
    answer = exchange.answer
    if exchange.info.verb != "get" or answer is None or answer.status != 200 or answer.body.digest is None:
        return False
    try:
        document = decode(header(answer.headers, "content-type"), recording.body(answer.body.digest))
    except ContentError:
        return False
    return "deletionTimestamp" in metadata_of(document)
