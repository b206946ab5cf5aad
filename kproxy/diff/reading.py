"""Both recordings read side by side, a bounded part of them at a time."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from kproxy.diff.pairing import Pairing
from kproxy.diff.sides import Comparison, Pair
from kproxy.model.exchange import Body, Digest, Exchange, Seq
from kproxy.model.recording import Recording

_HELD = 2048
"""Exchanges of the replay that are kept until the baseline comes to those beside them; others are asked for again."""
_TOGETHER = 128
"""Pairs whose bodies are read at once,"""
_TOGETHER_BYTES = 1 << 21
"""and about as many bytes of them."""

type Item = Pair | Exchange
"""Two exchanges, or one of the baseline's that stands alone."""


def side_by_side(of: Comparison, pairing: Pairing, alone: list[Exchange] | None = None) -> Iterator[Item]:
    """All pairs and what stands alone, in the baseline's order, with their bodies at hand.

    `alone` gets the replay's exchanges that stand beside none, once all is read: as many as there are differences.
    """
    replayed = _Ahead(of.replayed.recording, pairing)
    yield from _with_bodies(of, _paired(of, pairing, replayed))
    if alone is not None:
        replayed.finish()
        alone += replayed.alone


def pairs_of(of: Comparison, pairing: Pairing, seqs: Iterable[int]) -> Iterator[Pair]:
    """The pairs of these exchanges of the baseline."""
    for seq in seqs:
        image = pairing.image(Seq(seq))
        first = of.baseline.recording.exchange(Seq(seq))
        second = of.replayed.recording.exchange(image) if image is not None else None
        if first is not None and second is not None:
            yield Pair(first, second)


def _paired(of: Comparison, pairing: Pairing, replayed: "_Ahead") -> Iterator[Item]:
    for exchange in of.baseline.recording.exchanges():
        image = pairing.image(exchange.seq)
        other = replayed.exchange(image) if image is not None else None
        yield exchange if other is None else Pair(exchange, other)


def _with_bodies(of: Comparison, items: Iterator[Item]) -> Iterator[Item]:
    together: list[Item] = []
    size = 0
    for item in items:
        together.append(item)
        if isinstance(item, Pair):
            size += sum(body.size for exchange in (item.baseline, item.replayed) for body in _bodies(exchange))
        if len(together) == _TOGETHER or size > _TOGETHER_BYTES:
            yield from _read(of, together)
            together, size = [], 0
    yield from _read(of, together)


def _read(of: Comparison, items: list[Item]) -> list[Item]:
    pairs = [item for item in items if isinstance(item, Pair)]
    of.baseline.documents.expect(_digests(pair.baseline for pair in pairs))
    of.replayed.documents.expect(_digests(pair.replayed for pair in pairs))
    return items


def _bodies(exchange: Exchange) -> Iterator[Body]:
    yield exchange.request.body
    if exchange.answer is not None:
        yield exchange.answer.body


def _digests(exchanges: Iterable[Exchange]) -> Iterator[Digest]:
    return (body.digest for each in exchanges for body in _bodies(each) if body.digest is not None)


class _Ahead:
    """The replay's exchanges, read in their order while the baseline's are: the two orders are much the same."""

    def __init__(self, recording: Recording, pairing: Pairing) -> None:
        self._recording = recording
        self._pairing = pairing
        self._rest = recording.exchanges()
        self._last = -1
        self._asked = bytearray(len(pairing))
        self._held: OrderedDict[Seq, Exchange] = OrderedDict()
        self.alone: list[Exchange] = []

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them; None if the recording does not have it."""
        self._asked[self._pairing.place(seq)] = 1
        if (found := self._held.pop(seq, None)) is not None:
            return found
        while self._last < seq and (following := next(self._rest, None)) is not None:
            self._last = following.seq
            if following.seq == seq:
                return following
            self._take(following)
        return self._recording.exchange(seq)

    def finish(self) -> None:
        """Read what is left, and what was promised to an exchange that the baseline does not have."""
        for exchange in self._rest:
            self._take(exchange)
        for place, asked in enumerate(self._asked):
            if not asked and (found := self._recording.exchange(self._pairing.at(place))) is not None:
                self.alone.append(found)

    def _take(self, exchange: Exchange) -> None:
        if self._pairing.back(exchange.seq) is None:
            self.alone.append(exchange)
            return
        self._held[exchange.seq] = exchange
        if len(self._held) > _HELD:
            self._held.popitem(last=False)
