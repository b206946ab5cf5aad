"""The events of a recorded watch: apart from what sends requests, as who only reads a recording wants none of that."""

from collections.abc import Iterator

from kproxy.model.exchange import WATCH_EVENT, Exchange, Frame, header
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError
from kproxy.wire.watchevents import WatchEvent, decode_event


def watch_events(recording: Recording, exchange: Exchange) -> Iterator[tuple[Frame, WatchEvent]]:
    """A recorded watch's events. What cannot be decoded is left out: `kproxy show` and the comparison name it."""
    if exchange.answer is None:
        return
    media_type = header(exchange.answer.headers, "content-type")
    for frame in recording.frames(exchange.seq):
        if frame.body.digest is None or frame.kind != WATCH_EVENT:
            continue
        try:
            event = decode_event(media_type, recording.body(frame.body.digest))
        except ContentError:
            continue
        yield frame, event
