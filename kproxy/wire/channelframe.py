"""A frame of a channel, what reads them off a connection, and what is told of one that is still coming."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from kproxy.wire.stretch import Stretch

COMMAND = ("stdin", "stdout", "stderr", "error", "resize")
"""The channels of exec and attach, by their numbers."""


class ChannelFrame(NamedTuple):
    """One frame. `size`: its payload's bytes; `content`: as much of them as was asked for, None if nothing was."""

    answer: bool  # it comes from the server
    channel: str
    size: int
    content: bytes | None


class Channels(Protocol):
    """Reads both directions of one upgraded connection."""

    def feed(self, data: bytes, *, answer: bool) -> Iterator[ChannelFrame]:
        """The frames that these bytes complete. StreamError: nothing more can be read."""

    def rest(self) -> Iterator[ChannelFrame]:
        """What there is of frames that broke off."""

    def farewell(self) -> bytes:
        """What tells the client that its server goes away, b"" where that cannot be said here."""


@dataclass(slots=True)
class Coming:
    """A frame while it comes."""

    keep: int
    channel: str = ""
    size: int = 0
    kept: list[bytes] = field(default_factory=list)

    def add(self, stretch: Stretch) -> None:
        """More of its payload."""
        if self.size < self.keep:
            self.kept.append(stretch.read(0, self.keep - self.size))
        self.size += len(stretch)

    def done(self, *, answer: bool) -> ChannelFrame:
        """As it is now."""
        return ChannelFrame(answer, self.channel, self.size, b"".join(self.kept) if self.keep else None)


def digits(raw: bytes) -> str:
    """Digits only: a name is made of what the client says, and nothing else of it may come into a recording."""
    return raw.decode() if raw.isdigit() and len(raw) <= 10 else ""
