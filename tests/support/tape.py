"""A transport that keeps what goes through it: makes a recording without a proxy, for tests of replay and diff."""

import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kproxy.config.upstream import Upstream
from kproxy.model.exchange import Answer, Body, BodyState, End, Exchange, Frame, Nanos, Request, Seq
from kproxy.model.session import Server, Session, SessionEnd
from kproxy.replay.transport import Begun, Reply, Transport, WireRequest
from kproxy.wire.http1 import parse_head
from kproxy.wire.requestinfo import request_info
from kproxy.wire.watchevents import WatchCutter
from tests.support.memory import MemoryRecording


@dataclass(slots=True)
class TapedReply(Reply):
    """An answer whose pieces are kept with their times."""

    tape: "Tape | None" = None
    seq: Seq = Seq(0)
    kept: list[tuple[Nanos, bytes]] = field(default_factory=list)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content's pieces."""
        assert self.tape is not None
        async for piece in Reply.pieces(self):
            self.kept.append((self.tape.now(), piece))
            yield piece
        self.tape.finish(self, End.COMPLETE)

    def whole(self) -> bytes | None:
        """Nothing goes by unseen."""
        return None

    def leave(self) -> None:
        """Close the connection without reading on."""
        Reply.leave(self)
        assert self.tape is not None
        self.tape.finish(self, End.CLIENT_GONE)


class Tape(Transport):
    """Sends to a target and records."""

    def __init__(self, target: Upstream, server: Server | None = None) -> None:
        super().__init__(target)
        self._start = time.monotonic_ns()
        started = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        self.recording = MemoryRecording(
            session=Session(id="1" * 32, started_at=started, server=server or Server(), end=SessionEnd.COMPLETE)
        )

    def now(self) -> Nanos:
        """Nanoseconds since the tape began."""
        return Nanos(time.monotonic_ns() - self._start)

    async def send(
        self, request: WireRequest, head: bytes = b"", *, alone: bool = False, begun: Begun = lambda _: None
    ) -> Reply:
        """Send and keep."""
        parts = parse_head(head or self.head(request))
        seq = Seq(len(self.recording.exchange_list) + 1)
        exchange = Exchange(
            seq=seq,
            connection=1,
            started=self.now(),
            request=Request(
                method=parts.start[0],
                target=request.target,
                http_version="HTTP/1.1",
                headers=parts.headers,
                body=self.recording.keep(request.body),
            ),
            info=request_info(request.method, request.target),
        )
        self.recording.exchange_list.append(exchange)
        begun(seq)
        reply = await super().send(request, head, alone=alone)
        taped = TapedReply(
            reply.status, reply.head, reply.connection, reply.ended, reply.waiting, reply.transport, self, seq
        )
        answer = Answer(status=reply.status, reason="", http_version="HTTP/1.1", headers=reply.headers)
        self._put(replace(exchange, answered=self.now(), answer=answer))
        return taped

    def _put(self, exchange: Exchange) -> None:
        self.recording.exchange_list[exchange.seq - 1] = exchange

    def finish(self, reply: TapedReply, end: End) -> None:
        """An answer is over."""
        exchange = self.recording.exchange_list[reply.seq - 1]
        if exchange.ended is not None or exchange.answer is None:
            return
        size = sum(len(piece) for _, piece in reply.kept)
        plain = _plain(reply)
        body = self.recording.keep(b"".join(piece for _, piece in plain))
        body = replace(body, size=size, state=BodyState.PARTIAL if end is End.CLIENT_GONE and size else body.state)
        if exchange.info.verb == "watch" and reply.status == 200:
            self._frames(reply, plain)
            body = Body(state=BodyState.FRAMES, size=size)
        self._put(replace(exchange, ended=self.now(), end=end, answer=replace(exchange.answer, body=body)))

    def _frames(self, reply: TapedReply, plain: list[tuple[Nanos, bytes]]) -> None:
        media_type = next(value for name, value in reply.headers if name.lower() == "content-type")
        cutter = WatchCutter(media_type)
        index = 0
        for at, piece in plain:
            for data, _ in cutter.feed(piece):
                self.recording.frame_list.append(
                    Frame(seq=reply.seq, index=index, at=at, body=self.recording.keep(data))
                )
                index += 1


def _plain(reply: TapedReply) -> list[tuple[Nanos, bytes]]:
    if not any(name.lower() == "content-encoding" and value == "gzip" for name, value in reply.headers):
        return reply.kept
    decoder = zlib.decompressobj(wbits=47)
    return [(at, decoder.decompress(piece)) for at, piece in reply.kept]
