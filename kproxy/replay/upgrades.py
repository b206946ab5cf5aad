"""Upgraded connections sent again: exec, attach and port-forward, whose content was kept (`record --exec-content`).

What the recorded client said goes out frame by frame, in its order: each one when the server has said as much on each
channel as it had before. Nothing is known of what runs at the other end; a server that says less is given the replay's
patience, and then the client goes on. At the end whatever the server still had to say is awaited, and the connection is
closed by whoever closed it in the recording.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from kproxy.errors import ReplayError
from kproxy.model.exchange import Direction, End, Exchange
from kproxy.model.recording import Recording
from kproxy.replay.transport import Reply
from kproxy.replay.upgradable import CLOSE, frames_of, writer_of
from kproxy.wire.channels import channels_of
from kproxy.wire.channels_out import ChannelWriter
from kproxy.wire.stretch import StreamError
from kproxy.wire.websocket import PING, WebSocketReader

_ABOUT = ("open:", "close:", "reset:")
_GOODBYE_SECONDS = 2.0
"""For the server to close when all was said."""


@dataclass(slots=True)
class Upgraded:
    """An upgraded connection that is open, with the recorded one beside it.

    `vain`: a wait was in vain: `came` bytes had come of those that were `awaited`.
    """

    recording: Recording
    exchange: Exchange
    reply: Reply
    patience: float
    vain: bool = False
    came: int = 0
    awaited: int = 0
    said: Counter[str] = field(default_factory=Counter)
    """Bytes that the server said, by channel."""
    over: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def drive(self) -> None:
        """All of it, to its end. ReplayError if the connection breaks, or its frames cannot be read."""
        exchange = self.exchange
        writer = writer_of(exchange)
        protocol = self.reply.field(b"sec-websocket-protocol")
        channels = channels_of(exchange.request.target, self.reply.field(b"upgrade"), protocol, 0)
        if channels is None:
            raise ReplayError("The target upgraded a connection that is none of exec, attach or port-forward.")

        async def hear() -> None:
            pings = WebSocketReader() if self.reply.field(b"upgrade").lower() == "websocket" else None
            try:
                async for data in self.reply.pieces():
                    for frame in channels.feed(data, answer=True):
                        self._heard(frame.channel, frame.size)
                    for payload in _pings(pings, data):
                        await self.reply.connection.link.send(writer.pong(payload))
            except StreamError as error:
                raise ReplayError(f"The target's frames cannot be read: {error}.") from error
            finally:
                self.over = True
                self._changed.set()

        hearing = asyncio.create_task(hear())
        try:
            await self._say(writer, lambda data: [*channels.feed(data, answer=False)])
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await asyncio.shield(hearing)
        except OSError as error:
            raise ReplayError(f"The target closed an upgraded connection: {error}.") from error
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
            self.reply.leave()

    async def _say(self, writer: ChannelWriter, note: Callable[[bytes], object]) -> None:
        """The recorded client's frames, each in its time; then what the server still had to say is awaited."""
        before: Counter[str] = Counter()
        for frame in frames_of(self.recording, self.exchange):
            if frame.direction is not Direction.REQUEST:
                if _counts(frame.channel):
                    before[frame.channel] += frame.body.size
                continue
            await self._until(before)
            content = self.recording.body(frame.body.digest) if frame.body.digest is not None else b""
            data = writer.frame(frame.channel, content)
            if self.over:
                return
            note(data)
            await self.reply.connection.link.send(data)
        await self._until(before)
        if self.exchange.end is End.CLIENT_GONE:
            self.reply.leave()

    async def _until(self, said: Counter[str]) -> None:
        """Until the server has said as much on each channel."""
        try:
            async with asyncio.timeout(self.patience):
                while not self.over and any(self.said[channel] < size for channel, size in said.items()):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            self.vain, self.awaited, self.came = True, said.total(), self.said.total()

    def _heard(self, channel: str, size: int) -> None:
        if _counts(channel):
            self.said[channel] += size
            self._changed.set()


def _counts(channel: str) -> bool:
    return channel != CLOSE and not channel.startswith(_ABOUT)


def _pings(reader: WebSocketReader | None, data: bytes) -> Iterator[bytes]:
    if reader is None:
        return
    payload = b""
    for part in reader.feed(data):
        if part.opcode == PING:
            payload += part.stretch.read(0, len(part.stretch))
            if part.last:
                yield payload
                payload = b""
