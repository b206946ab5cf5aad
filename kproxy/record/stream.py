"""A watch while it goes on: its events are cut out and stored as they come, and none of it is held."""

from collections.abc import Iterator
from dataclasses import dataclass

from kproxy.record.coding import CodingError, Decoder, decoder
from kproxy.wire.content import ContentError
from kproxy.wire.watch import WatchCutter

MAX_STREAM = 1 << 62
"""Bytes: a watch has no end; its events are bounded instead."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One event without the stream's framing, and its place among the stream's events."""

    index: int
    data: bytes


class Stream:
    """Cuts one watch. After a failure it only counts: `failure` says why."""

    def __init__(self, media_type: str, coding: str) -> None:
        self.media_type = media_type
        self.size = 0  # bytes of content so far, in their content coding
        self.frames = 0  # events so far
        self.safe = 0  # the content's offset behind the last event, if it has no content coding
        self.failure = ""
        self._base = 0  # where the cutter's first byte is
        self._cutter: WatchCutter | None = None
        self._decoder: Decoder | None = None
        try:
            self._cutter = WatchCutter(media_type)
            self._decoder = decoder(coding, MAX_STREAM)
        except (ContentError, CodingError) as error:
            self._fail(str(error))

    def resume(self, offset: int, frames: int) -> None:
        """What follows begins at this offset of the content, behind this many events."""
        self.size = self.safe = self._base = offset
        self.frames = frames

    def feed(self, data: bytes) -> Iterator[Cut]:
        """The events that `data` completes."""
        self.size += len(data)
        if self._cutter is None:
            self.safe = self.size
            return
        try:
            plain = data if self._decoder is None else self._decoder.feed(data)
            events = self._cutter.feed(plain)
        except (ContentError, CodingError) as error:
            self._fail(str(error))
            return
        for event, end in events:
            yield Cut(self.frames, event)
            self.frames += 1
            if self._decoder is None:
                self.safe = self._base + end

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
        return f"its last {pending} bytes are no whole event" if pending else ""

    @property
    def checkpoint(self) -> bool:
        """Whether the proxy may forget what was committed: not while a coding needs its beginning."""
        return self._decoder is None

    def _fail(self, reason: str) -> None:
        self.failure = self.failure or reason
        self._cutter = None
        self._decoder = None
        self.safe = self.size
