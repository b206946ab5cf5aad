"""What open watches had delivered by some time of the recording: read along, as time goes on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import batched

from kproxy.model.exchange import WATCH_EVENT, Exchange, Nanos, Seq, header
from kproxy.model.recording import Recording
from kproxy.replay.effects import program_of
from kproxy.replay.watched import counts
from kproxy.wire.content import ContentError
from kproxy.wire.watchevents import decode_event

_SOME = 64
"""Frames of one watch that are read at a time."""


def _event_times(recording: Recording, exchange: Exchange) -> Iterator[Nanos]:
    """When each event of a recorded watch came that counts; what was not kept is left out."""
    media_type = header(exchange.answer.headers, "content-type") if exchange.answer else ""
    frames = (each for each in recording.frames(exchange.seq) if each.kind == WATCH_EVENT)
    for some in batched(frames, _SOME):
        bodies = recording.bodies(each.body.digest for each in some if each.body.digest is not None)
        for frame in some:
            if frame.body.digest in bodies and _counts(media_type, bodies[frame.body.digest]):
                yield frame.at


def _counts(media_type: str, data: bytes) -> bool:
    if b"BOOKMARK" not in data and b"apiserver-" not in data:
        return True
    try:
        return counts(decode_event(media_type, data))
    except ContentError:
        return False


@dataclass(slots=True)
class _Watch:
    exchange: Exchange
    left: Iterator[Nanos]
    upcoming: Nanos | None = None
    came: int = 0

    def advance(self, when: Nanos | None) -> None:
        """Count what came by then (None: all)."""
        while self.upcoming is not None and (when is None or self.upcoming <= when):
            self.came += 1
            self.upcoming = next(self.left, None)


@dataclass(slots=True)
class Deliveries:
    """The watches that are open, in the order of the plan."""

    recording: Recording
    _open: dict[Seq, _Watch] = field(default_factory=dict)
    _ends: list[tuple[Nanos, Seq]] = field(default_factory=list)
    _upcoming: dict[str, list[tuple[Nanos, Seq]]] = field(default_factory=dict)
    """Of each program's watches when the next event comes."""

    def open(self, exchange: Exchange) -> None:
        """One more watch."""
        watch = _Watch(exchange, _event_times(self.recording, exchange))
        watch.upcoming = next(watch.left, None)
        self._open[exchange.seq] = watch
        if exchange.ended is not None:
            heappush(self._ends, (exchange.ended, exchange.seq))
        self._expect(watch)

    def _expect(self, watch: _Watch) -> None:
        if watch.upcoming is not None:
            heap = self._upcoming.setdefault(program_of(watch.exchange), [])
            heappush(heap, (watch.upcoming, watch.exchange.seq))

    def over(self, when: Nanos | None) -> Iterator[tuple[Exchange, int]]:
        """The watches that were over by then (None: all that are left), each with the number of its events."""
        while self._ends and (when is None or self._ends[0][0] <= when):
            yield self._closed(self._open.pop(heappop(self._ends)[1]))
        if when is None:
            while self._open:
                yield self._closed(self._open.pop(next(iter(self._open))))

    @staticmethod
    def _closed(watch: _Watch) -> tuple[Exchange, int]:
        watch.advance(None)
        return watch.exchange, watch.came

    def new(self, program: str, when: Nanos) -> list[tuple[Exchange, int]]:
        """A program's watches that delivered something since they were asked last, each with the number of events."""
        heap = self._upcoming.get(program, [])
        found: list[tuple[Exchange, int]] = []
        while heap and heap[0][0] <= when:
            watch = self._open.get(heappop(heap)[1])
            if watch is not None:
                watch.advance(when)
                found.append((watch.exchange, watch.came))
                self._expect(watch)
        if not heap:
            self._upcoming.pop(program, None)
        return sorted(found, key=lambda each: each[0].seq)
