"""Both recordings read side by side, a bounded part of them at a time."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from kproxy.diff.pairing import Pairing
from kproxy.diff.short import InPart, InShort, Kept, Spool
from kproxy.diff.sides import Comparison, Pair
from kproxy.model.exchange import EMPTY_BODY, Body, Digest, Exchange, Seq
from kproxy.model.recording import Recording

_HELD = 2048
"""Exchanges of the replay that are kept until the baseline comes to those beside them; others are asked for again."""
_TOGETHER = 128
"""Pairs whose bodies are read at once,"""
_TOGETHER_BYTES = 1 << 21
"""and about as many bytes of them."""

_FEW = 8
"""One of so many that has to be read again is looked up: it takes longer than to read it in its turn."""

type Item = Pair | Exchange
"""Two exchanges, or one of the baseline's that stands alone."""

type Needs = Callable[[Pair], Iterable[tuple[Body, Body]]]


def side_by_side(
    of: Comparison, pairing: Pairing, alone: "array[int] | None" = None, needs: Needs | None = None
) -> Iterator[Item]:
    """All pairs and what stands alone, in the baseline's order, with their bodies at hand.

    `alone` gets the numbers of the replay's exchanges that stand beside none, once all is read. `needs`: which bodies
    are needed of a pair.
    """
    replayed = _Ahead(of.replayed.recording, pairing)
    yield from _with_bodies(of, _paired(of, pairing, replayed), needs or _all_bodies)
    if alone is not None:
        replayed.finish(of.baseline.recording)
        alone.extend(replayed.alone)


def pairs_of(of: Comparison, pairing: Pairing, seqs: Iterable[int], needs: Needs | None = None) -> Iterator[Pair]:
    """The pairs of these exchanges of the baseline; `needs`: which of their bodies are to be at hand."""
    items = (item_of(of, pairing, Seq(seq)) for seq in seqs)
    pairs = (item for item in items if isinstance(item, Pair))
    return pairs if needs is None else _with_bodies(of, pairs, needs)


def item_of(of: Comparison, pairing: Pairing, seq: Seq) -> Item | None:
    """An exchange of the baseline's with the one beside it; None if the recording does not have it."""
    image = pairing.image(seq)
    first = of.baseline.recording.exchange(seq)
    second = of.replayed.recording.exchange(image) if image is not None else None
    return first if first is None or second is None else Pair(first, second)


def once_more(of: Comparison, pairing: Pairing, spool: Spool) -> Iterator[Item | InShort]:
    """What was put into the spool, in its order: in short, or with its bodies at hand."""
    if spool.whole == spool.pairs:
        return side_by_side(of, pairing)
    few = spool.whole * _FEW < spool.pairs
    items = _looked_up(of, pairing, spool) if few else _beside(of, pairing, spool)
    return _with_bodies(of, items, _all_bodies)


def _looked_up(of: Comparison, pairing: Pairing, spool: Spool) -> Iterator[Item | InShort]:
    for kept in spool:
        if isinstance(kept, InShort):
            yield kept
            continue
        seq = kept.short.moments.seq if isinstance(kept, InPart) else kept
        if (item := item_of(of, pairing, seq)) is not None:
            yield _with_part(item, kept)


def _beside(of: Comparison, pairing: Pairing, spool: Spool) -> Iterator[Item | InShort]:
    items = _paired(of, pairing, _Ahead(of.replayed.recording, pairing))
    together = zip(items, spool, strict=False)
    return (kept if isinstance(kept, InShort) else _with_part(item, kept) for item, kept in together)


def _with_part(item: Item, kept: Kept) -> Item:
    if isinstance(kept, InPart) and isinstance(item, Pair):
        item.in_part = kept
    return item


def _paired(of: Comparison, pairing: Pairing, replayed: "_Ahead") -> Iterator[Item]:
    for exchange in of.baseline.recording.exchanges():
        image = pairing.image(exchange.seq)
        other = replayed.exchange(image) if image is not None else None
        yield exchange if other is None else Pair(exchange, other)


def _with_bodies[T: Item | InShort](of: Comparison, items: Iterable[T], needs: Needs) -> Iterator[T]:
    together: list[T] = []
    digests: tuple[list[Digest], list[Digest]] = [], []
    size = 0
    for item in items:
        together.append(item)
        if isinstance(item, Pair):
            size += item.in_part.size if item.in_part is not None else 0
            for first, second in needs(item):
                for body, own in ((first, digests[0]), (second, digests[1])):
                    if body.digest is not None:
                        size += body.size
                        own.append(body.digest)
        if len(together) == _TOGETHER or size > _TOGETHER_BYTES:
            yield from _read(of, together, digests)
            together, digests, size = [], ([], []), 0
    yield from _read(of, together, digests)


def _read[T](of: Comparison, items: list[T], digests: tuple[list[Digest], list[Digest]]) -> list[T]:
    of.baseline.documents.expect(digests[0])
    of.replayed.documents.expect(digests[1])
    return items


def _all_bodies(pair: Pair) -> Iterator[tuple[Body, Body]]:
    first, second = pair.baseline.answer, pair.replayed.answer
    yield pair.baseline.request.body, pair.replayed.request.body
    yield first.body if first is not None else EMPTY_BODY, second.body if second is not None else EMPTY_BODY


class _Ahead:
    """The replay's exchanges, read in their order while the baseline's are: the two orders are much the same."""

    def __init__(self, recording: Recording, pairing: Pairing) -> None:
        self._recording = recording
        self._pairing = pairing
        self._rest = recording.exchanges()
        self._last = -1
        self._asked = 0
        self._held: OrderedDict[Seq, Exchange] = OrderedDict()
        self.alone = array("q")

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them; None if the recording does not have it."""
        self._asked += 1
        if (found := self._held.pop(seq, None)) is not None:
            return found
        while self._last < seq and (following := next(self._rest, None)) is not None:
            self._last = following.seq
            if following.seq == seq:
                return following
            self._take(following)
        return self._recording.exchange(seq)

    def finish(self, baseline: Recording) -> None:
        """Read what is left, and what was promised to an exchange that the baseline does not have."""
        for exchange in self._rest:
            self._take(exchange)
        if self._asked == len(self._pairing):
            return  # all were asked for, as nearly always
        for seq, promised in self._pairing.replayed:
            if baseline.exchange(promised) is None and self._recording.exchange(seq) is not None:
                self.alone.append(seq)

    def _take(self, exchange: Exchange) -> None:
        if self._pairing.back(exchange.seq) is None:
            self.alone.append(exchange.seq)
            return
        self._held[exchange.seq] = exchange
        if len(self._held) > _HELD:
            self._held.popitem(last=False)
