"""A stretch of a buffer that nobody has copied or unmasked yet, and what bytes of it are when somebody has to know."""

from dataclasses import dataclass


class StreamError(Exception):
    """An upgraded connection's bytes that are not what its protocol says; one sentence without their content.

    Not a KproxyError: traffic goes on, the sentence becomes the reason why no more frames are recorded.
    """


@dataclass(frozen=True, slots=True)
class Stretch:
    """`data[start:end]`, masked with the four bytes of `key` from its byte `phase` on, where there is a key."""

    data: bytes
    start: int
    end: int
    key: bytes = b""
    phase: int = 0

    def __len__(self) -> int:
        return self.end - self.start

    def read(self, start: int, end: int) -> bytes:
        """These bytes of it, unmasked; what lies beyond its end is left out."""
        raw = self.data[self.start + start : min(self.start + end, self.end)]
        return unmask(raw, self.key, self.phase + start) if self.key else raw

    def part(self, start: int, end: int) -> "Stretch":
        """A stretch of it."""
        end = min(end, len(self))
        return Stretch(self.data, self.start + start, self.start + end, self.key, self.phase + start)


def unmask(data: bytes, key: bytes, phase: int = 0) -> bytes:
    """`data` XOR `key`, from the key's byte `phase` on (RFC 6455, 5.3); as one big number, not byte by byte."""
    size = len(data)
    at = phase % 4
    pattern = (key[at:] + key[:at]) * (size // 4 + 1)
    return (int.from_bytes(data, "little") ^ int.from_bytes(pattern[:size], "little")).to_bytes(size, "little")
