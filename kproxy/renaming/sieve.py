"""Which texts were certainly never put somewhere: a Bloom filter (Bloom, 1970, doi.org/10.1145/362686.362692)."""

from collections.abc import Iterable

_FIRST = 1 << 19
_LARGEST = 1 << 23
"""Bits: 64 KiB at first, 1 MiB at most. A full one lets more through, and is wrong in nothing else."""
_GROWTH = 4
_FOR_EACH = 8
"""Bits for each text: then one of twenty that were not put is let through."""


class Sieve:
    """Lets all through that was put, and little else; in memory of a bounded size."""

    def __init__(self, bits: int = _FIRST) -> None:
        self._mask = bits - 1
        self._bits = bytearray(bits >> 3)
        self._put = 0

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self._bits)

    @property
    def is_full(self) -> bool:
        """Whether a larger one would let less through."""
        return self._mask < _LARGEST - 1 and self._put * _FOR_EACH > self._mask

    def larger(self, texts: Iterable[str]) -> "Sieve":
        """The next larger one, with these in it."""
        made = Sieve((self._mask + 1) * _GROWTH)
        made.put(texts)
        return made

    def put(self, texts: Iterable[str]) -> None:
        """These are let through from now on."""
        bits, mask = self._bits, self._mask
        for text in texts:
            number = hash(text)
            first, second = number & mask, number >> 32 & mask
            bits[first >> 3] |= 1 << (first & 7)
            bits[second >> 3] |= 1 << (second & 7)
            self._put += 1

    def lets_through(self, text: str) -> bool:
        """False: it was never put."""
        bits, mask, number = self._bits, self._mask, hash(text)
        first, second = number & mask, number >> 32 & mask
        return bool(bits[first >> 3] >> (first & 7) & bits[second >> 3] >> (second & 7) & 1)
