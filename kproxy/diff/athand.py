"""One recording's bodies and streams, decoded: those of the last exchanges are at hand."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from kproxy.diff.items import metadata_shown
from kproxy.model.exchange import Body, BodyState, Exchange, Frame, Headers, Seq, header
from kproxy.model.jsontypes import JSON, JSONObject, mapping
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError, decode
from kproxy.wire.watchevents import decode_event

_HELD = 64
"""Decoded bodies and streams that are at hand: differences come exchange by exchange."""


@dataclass(slots=True)
class Documents:
    """One recording's bodies, those of the last exchanges at hand."""

    recording: Recording
    _held: OrderedDict[tuple[Seq, str], JSON] = field(default_factory=OrderedDict)

    def answer(self, exchange: Exchange) -> JSON:
        """What an answer's body says, None where it says nothing that can be read."""
        if exchange.answer is None:
            return None
        return self._kept(exchange.seq, "answer", exchange.answer.headers, exchange.answer.body)

    def request(self, exchange: Exchange) -> JSON:
        """What a request's body says, None where it says nothing that can be read."""
        return self._kept(exchange.seq, "request", exchange.request.headers, exchange.request.body)

    def _kept(self, seq: Seq, part: str, headers: Headers, body: Body) -> JSON:
        if body.digest is None or body.state is not BodyState.KEPT:
            return None
        media_type, data = header(headers, "content-type"), self.recording.body
        digest = body.digest
        return self._once((seq, part), lambda: _decoded(media_type, data(digest)))

    def events(self, exchange: Exchange) -> JSONObject:
        """A stream's times and objects by their index: `{"0": [nanoseconds, type, metadata]}`."""
        return mapping(self._once((exchange.seq, "frames"), lambda: self._events(exchange)))

    def _events(self, exchange: Exchange) -> JSON:
        media_type = header(exchange.answer.headers, "content-type") if exchange.answer else ""
        return {str(frame.index): self._event(media_type, frame) for frame in self.recording.frames(exchange.seq)}

    def _event(self, media_type: str, frame: Frame) -> JSON:
        nothing: list[JSON] = [frame.at, "", {}]
        if frame.body.digest is None:
            return nothing
        try:
            event = decode_event(media_type, self.recording.body(frame.body.digest))
        except ContentError:
            return nothing
        return [frame.at, event.type, dict(metadata_shown(event.object))]

    def _once(self, key: tuple[Seq, str], make: Callable[[], JSON]) -> JSON:
        if key in self._held:
            return self._held[key]
        self._held[key] = found = make()
        if len(self._held) > _HELD:
            self._held.popitem(last=False)
        return found


def _decoded(media_type: str, data: bytes) -> JSON:
    try:
        return decode(media_type, data)
    except ContentError:
        return None
