"""Load on an etcd: puts, one revision each, many at once over one HTTP/2 connection; some 15 µs of CPU a put.

`python -m tests.support.etcd_load URL COUNT RATE SIZE KEYS` puts COUNT values of SIZE bytes to KEYS keys, RATE a
second, and prints how long it took.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass, field
from struct import Struct
from urllib.parse import urlsplit

from kproxy.etcd.messages import request

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS = bytes.fromhex("00000c040000000000" + "00030001ffff" + "00047fffffff")
_WORD = Struct(">I")
_TICK = 0.005  # seconds
_AT_ONCE = 500  # puts without an answer, at most
_OVERHEAD = 200  # bytes of a put beside its value, at most


@dataclass(slots=True)
class Load:
    """Puts, and what came of them."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    authority: str
    sent: int = 0
    answered: int = 0
    window: int = 65_535  # bytes that etcd takes now
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def put(self, count: int, rate: float, value: bytes, keys: int) -> None:
        """So many puts, all answered at the end."""
        head = self._head()
        self.writer.write(_PREFACE + _SETTINGS + _frame(8, 0, 0, _WORD.pack(1 << 30)))
        reading = asyncio.create_task(self._read())
        began = time.monotonic()
        try:
            while self.sent < count:
                due = min(count, int((time.monotonic() - began) * rate) + 1) - self.sent
                room = min(due, _AT_ONCE - (self.sent - self.answered), self.window // (len(value) + _OVERHEAD))
                numbers = range(self.sent, self.sent + max(0, room))
                self.writer.write(b"".join(self._put(head, number, value, keys) for number in numbers))
                self.sent += len(numbers)
                await asyncio.sleep(_TICK)
            while self.answered < count:
                self.moved.clear()
                await self.moved.wait()
        finally:
            reading.cancel()
            self.writer.close()

    def _put(self, head: bytes, number: int, value: bytes, keys: int) -> bytes:
        key = b"/load/%08d" % (number % keys)
        message = request("PutRequest", key=key, value=b"%08d" % number + value).SerializeToString()
        self.window -= len(message) + 5
        stream = 2 * number + 1
        return _frame(1, 4, stream, head) + _frame(0, 1, stream, b"\0" + _WORD.pack(len(message)) + message)

    def _head(self) -> bytes:
        """A header block without indexing: the same bytes for each stream."""
        fields = {
            ":method": "POST",
            ":scheme": "http",
            ":path": "/etcdserverpb.KV/Put",
            ":authority": self.authority,
            "te": "trailers",
            "content-type": "application/grpc",
        }
        texts = [text.encode() for pair in fields.items() for text in pair]
        parts = [bytes([len(text)]) + text for text in texts]
        return b"".join(b"\0" + name + text for name, text in zip(parts[::2], parts[1::2], strict=True))

    async def _read(self) -> None:
        rest = b""
        while data := await self.reader.read(1 << 20):
            rest += data
            place, received = 0, 0
            while (end := place + 9 + int.from_bytes(rest[place : place + 3])) <= len(rest):
                received += end - place - 9 if rest[place + 3] == 0 else 0
                self._frame(rest[place + 3], rest[place + 4], rest[place + 5 : place + 9], rest[place + 9 : end])
                place = end
            rest = rest[place:]
            if received:
                self.writer.write(_frame(8, 0, 0, _WORD.pack(received)))
            self.moved.set()

    def _frame(self, kind: int, flags: int, stream: bytes, payload: bytes) -> None:
        if kind == 1 and flags & 1:
            self.answered += 1
        elif kind == 8 and stream == bytes(4):
            self.window += _WORD.unpack(payload)[0]
        elif kind in {4, 6} and not flags & 1:
            self.writer.write(_frame(kind, 1, 0, payload if kind == 6 else b""))


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes((kind, flags)) + _WORD.pack(stream) + payload


async def put_load(url: str, count: int, rate: float, value: bytes, keys: int) -> float:
    """`count` puts to `keys` keys of a plain etcd, `rate` a second; seconds from the first to the last answer."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=1 << 20)
    began = time.monotonic()
    await Load(reader, writer, place.netloc).put(count, rate, value, keys)
    return time.monotonic() - began


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    parser.add_argument("rate", type=float)
    parser.add_argument("size", type=int)
    parser.add_argument("keys", type=int)
    asked = parser.parse_args()
    seconds = asyncio.run(put_load(asked.url, asked.count, asked.rate, b"." * asked.size, asked.keys))
    sys.stdout.write(f"{asked.count} puts in {seconds:.2f} s: {asked.count / seconds:.0f}/s\n")


if __name__ == "__main__":
    main()
