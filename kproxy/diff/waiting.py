"""Which pairs are learned from later than in their turn, and when.

Names that lists and events show are told by answers: objects that were made at once are not mixed up so. What need not
wait for that is learned from in its turn, or a stream when it is over: what it shows was told lately, and is at hand.
"""

from collections.abc import Iterator
from contextlib import closing
from enum import Enum, auto
from heapq import heappop, heappush

from kproxy.diff.learning import is_stream
from kproxy.diff.sides import Pair
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.renaming.rows import Rows

_MOST_OPEN = 256
"""Streams that are kept at hand until they are over."""
_LARGEST = 1 << 19
"""Bytes of one of them: a larger one shows more than stays at hand, and hardly ever only what was told."""


class Turn(Enum):
    """What is learned from after all others, in this order."""

    LIST = auto()
    STREAM = auto()


def turn_of(exchange: Exchange) -> Turn | None:
    """After which others an exchange is learned from, unless all that it shows was told before; None: in its turn."""
    if is_stream(exchange):
        return Turn.STREAM
    return Turn.LIST if exchange.info.verb == "list" else None


class Waiting:
    """Those whose turn has not come."""

    def __init__(self) -> None:
        self._open: list[tuple[Nanos, Seq, Pair]] = []
        self._rest = {turn: Rows(1) for turn in Turn}

    def open(self, pair: Pair) -> None:
        """Two streams, which may be over before the end."""
        ended, answer = pair.baseline.ended, pair.baseline.answer
        small = answer is not None and answer.body.size <= _LARGEST
        if ended is not None and pair.replayed.ended is not None and small and len(self._open) < _MOST_OPEN:
            heappush(self._open, (ended, pair.baseline.seq, pair))
        else:
            self.until(Turn.STREAM, pair.baseline.seq)

    def over(self, now: Pair) -> Iterator[Pair]:
        """Streams that ended before these exchanges began, in both recordings."""
        while self._open and self._open[0][0] <= now.baseline.started:
            _, seq, pair = heappop(self._open)
            if pair.replayed.ended is not None and pair.replayed.ended <= now.replayed.started:
                yield pair
            else:
                self.until(Turn.STREAM, seq)

    def until(self, turn: Turn, seq: Seq) -> None:
        """One that has to wait."""
        self._rest[turn].put((seq,))

    def taken(self, turn: Turn) -> Iterator[int]:
        """The numbers of those whose turn has come."""
        if turn is Turn.STREAM:
            for _, open_one, _ in self._open:
                self.until(turn, open_one)
            self._open.clear()
        with closing(self._rest[turn]) as rest:
            for (seq,) in rest:
                yield seq
