"""How durations are spread, in bounded memory."""

from collections import Counter

_BITS = 6
"""Significant bits of a value that are kept: a quantile is right to 1.6 %."""


class Spread:
    """Counts values of at least 0 in buckets whose width grows with the value; at most some 2,000 buckets."""

    __slots__ = ("buckets", "count")

    def __init__(self) -> None:
        self.buckets: Counter[int] = Counter()
        self.count = 0

    def add(self, value: int) -> None:
        """Count one; what is below 0 (a clock that was set) counts as 0."""
        value = max(value, 0)
        exponent = max(value.bit_length() - _BITS, 0)
        self.buckets[exponent << _BITS | value >> exponent] += 1
        self.count += 1

    def merge(self, other: "Spread") -> None:
        """Count all that another has counted."""
        self.buckets.update(other.buckets)
        self.count += other.count

    def quantile(self, share: float) -> float | None:
        """The value that `share` (0 to 1) of all values do not exceed, None of none."""
        rank = max(1, -int(-share * self.count // 1))
        for bucket in sorted(self.buckets):
            rank -= self.buckets[bucket]
            if rank <= 0:
                exponent = bucket >> _BITS
                low = (bucket & (1 << _BITS) - 1) << exponent
                return low + ((1 << exponent) - 1) / 2
        return None
