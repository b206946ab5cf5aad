"""Many in a short time."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from kproxy.insight.check.finding import SECOND

_KEPT = 5_000
"""Things whose last times are remembered: those that came last."""


@dataclass(slots=True)
class _Times:
    last: deque[int] = field(default_factory=deque)
    hot: bool = False


class Bursts[K: Hashable]:
    """Tells what comes at least `number` times within `seconds`. Times are in nanoseconds and do not go back."""

    def __init__(self, number: int, seconds: float) -> None:
        self._number = max(number, 1)
        self._window = int(seconds * SECOND)
        self._times: OrderedDict[K, _Times] = OrderedDict()

    def hits(self, key: K, at: int) -> int:
        """How many belong to a burst that were not counted yet: all of them when it becomes one, then each."""
        times = self._times.setdefault(key, _Times())
        self._times.move_to_end(key)
        if len(self._times) > _KEPT:
            self._times.popitem(last=False)
        times.last.append(at)
        if len(times.last) > self._number:
            times.last.popleft()
        dense = len(times.last) == self._number and at - times.last[0] <= self._window
        counted = 0 if not dense else 1 if times.hot else self._number
        times.hot = dense
        return counted
