"""A watch or a log while it goes on, without its coding: each event, or line, is stored as it comes; none is held.

Where one ends is decided elsewhere: `WatchCutter` (kproxy.wire.watchevents), `LineCutter` (kproxy.wire.lines).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kproxy.model.exchange import LOG_LINE, NO_WHOLE_EVENT, WATCH_EVENT
from kproxy.wire.coding import CodingError, Decoder, decoder
from kproxy.wire.content import ContentError
from kproxy.wire.lines import LineCutter
from kproxy.wire.watchevents import WatchCutter

_MAX_STREAM = 1 << 62
"""Bytes: a stream has no end; its events are bounded instead."""


@dataclass(frozen=True, slots=True)
class StreamPart:
    """One event without the stream's framing, or one line; and its place among them."""

    index: int
    data: bytes


class Stream:
    """The events of one watch, or the lines of one log (`kind` LOG_LINE). After a failure it only counts: `failure`."""

    def __init__(self, media_type: str, coding: str, kind: str = WATCH_EVENT) -> None:
        self.media_type = media_type
        self.kind = kind
        self.size = 0  # bytes of content so far, in their content coding
        self.frames = 0  # events so far
        self.safe = 0  # the content's offset behind an event, from which on it can be read by itself
        self.safe_frames = 0  # events before it
        self.failure = ""
        self._base = 0  # where the cutter's first byte is
        self._cutter: WatchCutter | LineCutter | None = None
        self._decoder: Decoder | None = None
        try:
            self._cutter = LineCutter() if kind == LOG_LINE else WatchCutter(media_type)
            self._decoder = decoder(coding, _MAX_STREAM)
        except (ContentError, CodingError) as error:
            self._fail(str(error))

    def resume(self, offset: int, frames: int) -> None:
        """What follows begins at this offset of the content, behind this many events."""
        self.size = self.safe = self._base = offset
        self.frames = self.safe_frames = frames

    def feed(self, data: bytes) -> Iterator[StreamPart]:
        """The events that `data` completes."""
        self.size += len(data)
        if self._cutter is None:
            self._settle(self.size)
            return
        try:
            for plain in (data,) if self._decoder is None else self._decoder.pieces(data):
                for event, end in self._cutter.feed(plain):
                    yield self._numbered(event)
                    if self._decoder is None:
                        self._settle(self._base + end)
            if self._decoder is not None and self._decoder.whole and not self._cutter.pending:
                self._settle(self.size)
        except (ContentError, CodingError) as error:
            self._fail(str(error))

    def finish(self) -> Iterator[StreamPart]:
        """A log's last line, which has no end."""
        if self.kind == LOG_LINE and self._cutter is not None and (last := self._cutter.pending):
            yield self._numbered(last)
            self._cutter = LineCutter()

    def interrupt(self, missing: int, reason: str) -> None:
        """So many bytes of it never came: what follows cannot be cut."""
        self.size += missing
        self._fail(reason)

    @property
    def rest(self) -> str:
        """What it broke off with, in a sentence."""
        if self.failure:
            return self.failure
        pending = len(self._cutter.pending) if self._cutter is not None else 0
        return f"its last {pending} bytes {NO_WHOLE_EVENT}" if pending else ""

    @property
    def checkpoint(self) -> bool:
        """Whether the proxy may forget what was committed: with a coding only behind a place where it begins anew."""
        return self._decoder is None or self.safe > 0

    def _settle(self, offset: int) -> None:
        self.safe, self.safe_frames = offset, self.frames

    def _numbered(self, event: bytes) -> StreamPart:
        self.frames += 1
        return StreamPart(self.frames - 1, event)

    def _fail(self, reason: str) -> None:
        self.failure = self.failure or reason
        self._cutter = None
        self._decoder = None
        self._settle(self.size)
