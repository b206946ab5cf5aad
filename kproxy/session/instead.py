"""What a replay sends in place of the session's own requests: those that name webhooks which are not there."""

import json
from functools import partial

from kproxy.model.api import ObjectRef, RequestInfo
from kproxy.model.exchange import Seq, header
from kproxy.model.jsontypes import JSONObject
from kproxy.model.recording import Recording
from kproxy.replay.webhookpatch import adapted_operations
from kproxy.replay.webhooks import Handling, named_in
from kproxy.wire.content import ContentError, decode, edit

_CHANGING = frozenset({"create", "update", "patch"})


def requests_instead(recording: Recording, handling: Handling) -> dict[Seq, bytes]:
    """What is sent in place of the session's own requests whose bodies name webhooks that are not there."""
    found: dict[Seq, bytes] = {}
    for exchange in recording.exchanges(_CHANGING):
        body = exchange.request.body
        if not handling.concerns(exchange.info.group, exchange.info.resource) or body.digest is None:
            continue
        media_type, data = header(exchange.request.headers, "content-type"), recording.body(body.digest)
        try:
            changed = _instead(handling, exchange.info, media_type, data)
        except ContentError:
            continue
        if changed != data:
            found[exchange.seq] = changed
    return found


def _instead(handling: Handling, info: RequestInfo, media_type: str, data: bytes) -> bytes:
    """A request's body as it is to be sent; ContentError for one that cannot be read."""
    document = decode(media_type, data)
    ref = named_in(document) or _patched(info)
    if ref is None:
        return data
    adapt = partial(_adapted, handling, ref)
    if isinstance(document, list):  # a JSON patch
        operations = adapted_operations(document, adapt)
        return data if operations == document else json.dumps(operations).encode()
    return edit(media_type, data, adapt) if isinstance(document, dict) else data


def _patched(info: RequestInfo) -> ObjectRef | None:
    """What a patch is for: it need not say its kind, and its URL says all."""
    if info.verb != "patch" or info.subresource:
        return None
    return info.named()


def _adapted(handling: Handling, ref: ObjectRef, value: JSONObject) -> JSONObject:
    return handling.adapt(ref, value) or value
