"""Which upgraded connections can be sent again: those whose frames are all recorded, with their content. Pure."""

from collections.abc import Iterator

from kproxy.model.exchange import CHANNEL, Direction, Exchange, Frame, header
from kproxy.model.recording import Recording
from kproxy.wire.channels_out import ChannelWriter, channel_writer
from kproxy.wire.stretch import StreamError

CLOSE = "close"
"""The channel of a frame that ends a connection."""

_LARGEST = 16 * 1024 * 1024
"""Bytes of one frame that are sent again."""


def why_not(recording: Recording, exchange: Exchange) -> str | None:
    """Why an upgrade cannot be sent again; None: it can."""
    if exchange.answer is None:
        return f"it is an upgrade to {exchange.upgrade} without an answer"
    try:
        writer, known = writer_of(exchange), False
        for frame in frames_of(recording, exchange):
            known = True
            if frame.channel != CLOSE and frame.body.size and _is_lost(frame):
                return f"it is an upgrade to {exchange.upgrade}, whose content is not kept"
            if frame.direction is Direction.REQUEST:
                writer.frame(frame.channel, b"")
        if not known:
            return f"it is an upgrade to {exchange.upgrade}, whose content is not kept"
    except StreamError as error:
        return f"it is an upgrade to {exchange.upgrade} that cannot be sent again: {error}"
    gaps = any(gap.kind == "body" and gap.first_seq == exchange.seq for gap in recording.gaps())
    return f"it is an upgrade to {exchange.upgrade}, whose frames are not all recorded" if gaps else None


def _is_lost(frame: Frame) -> bool:
    return frame.body.digest is None or bool(frame.body.reason) or frame.body.size > _LARGEST


def frames_of(recording: Recording, exchange: Exchange) -> Iterator[Frame]:
    """An upgraded connection's frames."""
    return (frame for frame in recording.frames(exchange.seq) if frame.kind == CHANNEL)


def writer_of(exchange: Exchange) -> ChannelWriter:
    """What writes them as the recorded client did. StreamError for a protocol that is not known."""
    fields = exchange.answer.headers if exchange.answer is not None else ()
    return channel_writer(exchange.upgrade, header(fields, "sec-websocket-protocol"))
