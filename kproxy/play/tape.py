"""Which recorded exchange answers a request: the same method, path and query, each once and in its order. Pure.

What a server or a client draws anew (resourceVersion, continue, timeouts) is left out of the comparison. A read that
was asked more often than it was recorded gets its last answer again: a client that polls asks as often as it likes. A
write does not: what it would have done is not known.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kproxy.model.api import WRITE_VERBS
from kproxy.model.exchange import Answer, BodyState, End, Exchange, Headers, Nanos, Seq, header
from kproxy.model.recording import Recording
from kproxy.renaming.target import DRAWN_ANEW, SELECTORS, path_of, query_of, requirements

_READS = frozenset({"GET", "HEAD"})


type Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""Method, path, and the query that counts, in the order of names."""


def key_of(method: str, target: str) -> Key:
    """What a request is recognised by."""
    told = (
        (name, ",".join(requirements(value)) if name in SELECTORS else value)  # Go's maps have no order
        for name, value in query_of(target)
        if name not in DRAWN_ANEW
    )
    return method.upper(), path_of(target), tuple(sorted(told))


@dataclass(frozen=True, slots=True)
class Episode:
    """A recorded exchange, and the recording that it is in. `again`: it was played before."""

    recording: Recording
    exchange: Exchange
    answer: Answer
    again: bool = False

    @property
    def is_watch(self) -> bool:
        """Whether it is a stream of events, though there may be none."""
        return self.exchange.info.verb == "watch" and self.answer.status == 200


@dataclass(slots=True)
class _Track:
    """The exchanges of one key: (recording's index, seq, Accept)."""

    waiting: deque[tuple[int, Seq, str]] = field(default_factory=deque)
    last: tuple[int, Seq] | None = None


@dataclass(slots=True)
class _Gate:
    """The writes of a recording, in their order, and which of them were played, or waited for in vain."""

    writes: list[tuple[Nanos, Seq]] = field(default_factory=list)
    done: set[Seq] = field(default_factory=set)


class Tape:
    """Recordings, one after the other, to be played. `played` counts exchanges, `missing` names what none of them has.

    `repeat`: a read beyond those that were recorded gets the last one's answer.
    """

    MOST_MISSING = 1000

    def __init__(self, recordings: Sequence[Recording], *, repeat: bool = True) -> None:
        self._recordings = recordings
        self._repeat = repeat
        self._tracks: dict[Key, _Track] = defaultdict(_Track)
        self._gates = [_Gate() for _ in recordings]
        self.recorded = self.played = 0
        self.missing: list[str] = []
        for index, recording in enumerate(recordings):
            for exchange in recording.exchanges():
                self._add(index, exchange)

    def _add(self, index: int, exchange: Exchange) -> None:
        if exchange.answer is None or exchange.end is End.REFUSED:
            return
        self.recorded += 1
        key = key_of(exchange.request.method, exchange.request.target)
        self._tracks[key].waiting.append((index, exchange.seq, header(exchange.request.headers, "accept")))
        if exchange.info.verb in WRITE_VERBS:
            self._gates[index].writes.append((exchange.started, exchange.seq))

    def next(self, method: str, target: str, headers: Headers) -> Episode | None:
        """The exchange that answers a request, None if there is none. One that asks for the same form goes first."""
        track = self._tracks.get(key_of(method, target))
        if track is None:
            return None
        if track.waiting:
            wanted = header(headers, "accept")
            at = next((at for at, each in enumerate(track.waiting) if each[2] == wanted), 0)
            index, seq, _ = track.waiting[at]
            del track.waiting[at]
            track.last = index, seq
            self.played += 1
            self._gates[index].done.add(seq)
            return self._episode(index, seq, again=False)
        if self._repeat and track.last is not None and method.upper() in _READS:
            return self._episode(*track.last, again=True)
        return None

    def _episode(self, index: int, seq: Seq, *, again: bool) -> Episode | None:
        exchange = self._recordings[index].exchange(seq)
        if exchange is None or exchange.answer is None:
            return None
        return Episode(self._recordings[index], exchange, exchange.answer, again)

    def miss(self, method: str, target: str) -> None:
        """A request that nothing answered."""
        if len(self.missing) < self.MOST_MISSING:
            self.missing.append(f"{method} {target}")

    def left(self) -> Iterator[tuple[int, Seq]]:
        """What was not played, by recording and seq."""
        return ((index, seq) for track in self._tracks.values() for index, seq, _ in track.waiting)

    def is_due(self, recording: Recording, at: Nanos) -> bool:
        """Whether all writes that were made before a moment were played: what came of them may be shown."""
        return not self._awaited(self._gates[self._index(recording)], at)

    def give_up(self, recording: Recording, at: Nanos) -> None:
        """Whoever made the writes before a moment is not here: nothing waits for them any more."""
        gate = self._gates[self._index(recording)]
        gate.done.update(self._awaited(gate, at))

    def _index(self, recording: Recording) -> int:
        return next(index for index, each in enumerate(self._recordings) if each is recording)

    @staticmethod
    def _awaited(gate: _Gate, at: Nanos) -> list[Seq]:
        return [seq for started, seq in gate.writes if started < at and seq not in gate.done]


def why_not(episode: Episode) -> str:
    """Why an exchange's answer cannot be played, "" if it can."""
    if episode.exchange.upgrade:
        return f"it was an upgrade to {episode.exchange.upgrade}, and those are not played"
    body = episode.answer.body
    if body.state in {BodyState.TOO_LARGE, BodyState.OPAQUE, BodyState.LOST, BodyState.COUNTED}:
        return f"its answer's body is {body.state.value}" + (f" ({body.reason})" if body.reason else "")
    return ""
