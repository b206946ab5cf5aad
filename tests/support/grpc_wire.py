"""gRPC calls to etcd as bytes of an HTTP/2 connection, made by the library h2."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from google.protobuf.message import Message

from kproxy.model.etcd import EtcdCall
from kproxy.wire.etcdtraffic import EtcdTraffic
from kproxy.wire.http2 import PREFACE
from tests.support.h2_pair import Pair

MAX_DATA = 16_000


def framed(message: Message | bytes, *, compressed: bool = False) -> bytes:
    """A gRPC message with its prefix."""
    content = message if isinstance(message, bytes) else message.SerializeToString()
    return struct.pack("!BI", compressed, len(content)) + content


@dataclass
class GrpcWire:
    """Calls over one connection; `wire` is what went over it."""

    pair: Pair = field(default_factory=Pair)

    def open(self, path: str, **metadata: str) -> int:
        """A call begins; its stream."""
        client = self.pair.client
        stream = client.get_next_available_stream_id()
        head = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "127.0.0.1:2379"}
        head |= {"content-type": "application/grpc", "te": "trailers", **metadata}
        client.send_headers(stream, [(name.encode(), value.encode()) for name, value in head.items()])
        return self._gone(stream)

    def ask(self, stream: int, *messages: Message | bytes, end: bool = True) -> int:
        """The client's messages, as they are or framed already."""
        self._send(self.pair.client, stream, messages)
        if end:
            self.pair.client.end_stream(stream)
        return self._gone(stream)

    def head(self, stream: int) -> int:
        """The answer's head."""
        self.pair.server.send_headers(stream, [(b":status", b"200"), (b"content-type", b"application/grpc")])
        return self._gone(stream)

    def tell(self, stream: int, *messages: Message | bytes) -> int:
        """The server's messages."""
        self._send(self.pair.server, stream, messages)
        return self._gone(stream)

    def finish(self, stream: int, status: int = 0) -> int:
        """The trailers."""
        self.pair.server.send_headers(
            stream, [(b"grpc-status", b"%d" % status), (b"grpc-message", b"")], end_stream=True
        )
        return self._gone(stream)

    def refuse(self, stream: int, status: int) -> int:
        """An answer of trailers alone."""
        self.pair.server.send_headers(stream, [(b":status", b"200"), (b"grpc-status", b"%d" % status)], end_stream=True)
        return self._gone(stream)

    def unary(self, path: str, request: Message | bytes, answer: Message | bytes, **metadata: str) -> int:
        """A whole call."""
        stream = self.ask(self.open(path, **metadata), request)
        return self.finish(self.tell(self.head(stream), answer))

    def _gone(self, stream: int) -> int:
        assert self.pair.exchange()
        return stream

    def _send(self, end: object, stream: int, messages: Iterable[Message | bytes]) -> None:
        sender = self.pair.client if end is self.pair.client else self.pair.server
        taker = self.pair.server if end is self.pair.client else self.pair.client
        for message in messages:
            data = message if isinstance(message, bytes) else framed(message)
            for start in range(0, len(data), MAX_DATA):
                piece = data[start : start + MAX_DATA]
                sender.send_data(stream, piece)
                assert self.pair.exchange()
                taker.acknowledge_received_data(len(piece), stream)
                assert self.pair.exchange()


def numbers() -> Iterator[int]:
    """From 1 on."""
    number = 0
    while True:
        number += 1
        yield number


def read(wire: GrpcWire, traffic: EtcdTraffic | None = None, *, step: int = 0) -> list[EtcdCall]:
    """What is read of it, at times 1, 2, …; `step`: in pieces of so many bytes."""
    count = numbers()
    reader = traffic or EtcdTraffic(1, count.__next__)
    calls: list[EtcdCall] = []
    for at, (answer, data) in enumerate(wire.pair.wire, 1):
        size = step or len(data)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            calls += reader.answer(piece, at) if answer else reader.request(piece, at)
    wire.pair.wire.clear()
    return calls


def both_directions(wire: GrpcWire) -> tuple[bytes, bytes]:
    """All that the client sent behind the preface, and all that the server sent."""
    sent, told = (b"".join(data for answer, data in wire.pair.wire if answer is side) for side in (False, True))
    return sent.removeprefix(PREFACE), told
