"""What rises in two orders at once: the heaviest part of it that does, and what is out of order with that. Pure."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from operator import itemgetter

_BEYOND = 1 << 62
"""More than any value, or weight."""


def crossing(rising: Sequence[tuple[int, int]], pair: tuple[int, int]) -> tuple[int, int]:
    """From where to where pairs that rise on both sides are out of order with another one; they stand together."""
    first, second = pair
    earlier = bisect_right(rising, second, key=itemgetter(1)), bisect_left(rising, first, key=itemgetter(0))
    later = bisect_right(rising, first, key=itemgetter(0)), bisect_left(rising, second, key=itemgetter(1))
    return earlier if earlier[0] < earlier[1] else later


def heaviest_rising(values: list[int], weights: list[int]) -> set[int]:
    """The positions of a heaviest subsequence that never falls.

    `tops` are the values that a subsequence may end with, each with the weight of the best one, rising in both.
    """
    tops: list[tuple[int, int, int]] = []  # value, weight, position
    before: list[int] = []
    for position, value in enumerate(values):
        at = bisect_right(tops, (value, _BEYOND, 0))
        weight, last = (tops[at - 1][1], tops[at - 1][2]) if at else (0, -1)
        before.append(last)
        weight += weights[position]
        while at < len(tops) and tops[at][1] <= weight:
            del tops[at]
        if at and tops[at - 1][0] == value:
            at -= 1
            del tops[at]
        insort(tops, (value, weight, position))
    kept: set[int] = set()
    position = tops[-1][2] if tops else -1
    while position >= 0:
        kept.add(position)
        position = before[position]
    return kept
