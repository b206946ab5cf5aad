"""Polling loops: the same client repeats the same read until its answer changes.

How often it asks is the machine's business, and what it waits for is its answer's states: each distinct state is sent
once, and awaited where it came by itself; what repeats a state is folded into the request that showed it first.

A loop ends with what may be the cause of another state: a write by its own client, or of what it reads. After that a
read is a plain one again, and must be answered at once as it was.
"""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from kproxy.model.exchange import Exchange, Nanos, Seq, header
from kproxy.model.recording import Recording
from kproxy.replay.effects import agent_of, group_of, writes
from kproxy.replay.slices import Part, Seqs
from kproxy.replay.states import state_of

_TURNS = 4
"""So many reads make a loop."""

_PAUSE = 50_000_000
"""Nanoseconds that lie between two of them, most of the time: a loop sleeps. Who repeats reads without is at work."""

_REGULAR = 4
"""No pause is so many times as long as most: a person who looks again and again is no loop."""

_LONGEST_PAUSE = 60_000_000_000
_MOST_RUNS = 4_096
_LONGEST_RUN = 1_024
"""Reads of a run that are looked at together."""

_READS = frozenset({"get", "list"})
_THROTTLED = 429
_ERROR = 500
_HEALTH = ("/healthz", "/livez", "/readyz")
_NOT_STATES = frozenset({"log", "exec", "attach", "portforward", "proxy"})

type _Client = tuple[str, str]
type _Key = tuple[_Client, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """What is known of a session's loops.

    `folded`: what is not sent, and the request that showed its state first. `awaited`: requests whose state came by
    itself. `members`: all that are sent of a loop.
    """

    folded: "Mapping[Seq, Seq]"
    awaited: Container[int]
    members: Container[int]


NO_LOOPS = Loops(folded={}, awaited=(), members=())


class Folded(Mapping[Seq, Seq]):
    """What was folded into what, in sixteen bytes each."""

    def __init__(self, pairs: list[tuple[int, int]]) -> None:
        pairs.sort()
        self._seqs = array("Q", (seq for seq, _ in pairs))
        self._into = array("Q", (into for _, into in pairs))

    def __getitem__(self, seq: Seq) -> Seq:
        """KeyError for what was not folded."""
        place = bisect_left(self._seqs, seq)
        if place == len(self._seqs) or self._seqs[place] != seq:
            raise KeyError(seq)
        return Seq(self._into[place])

    def __iter__(self) -> Iterator[Seq]:
        """In the order of seq."""
        return map(Seq, self._seqs)

    def __len__(self) -> int:
        """How many were folded."""
        return len(self._seqs)


@dataclass(frozen=True, slots=True)
class Without(Container[Exchange]):
    """All exchanges but those that were folded: what a replay is compared with."""

    folded: Mapping[Seq, Seq]

    def __contains__(self, exchange: object) -> bool:
        return isinstance(exchange, Exchange) and exchange.seq not in self.folded


def find_loops(recording: Recording, see: Callable[[Exchange], None] = lambda _: None) -> Loops:
    """The loops of a session: one pass; bodies are read only where one read was answered in two ways.

    Of a part the whole's writes count: what they changed did not come by itself. `see` is shown the recording's own
    exchanges on the way.
    """
    finder = _Finder(recording)
    whole, part = (recording.whole, recording) if isinstance(recording, Part) else (recording, None)
    for exchange in whole.exchanges():
        own = part is None or exchange in part
        if own:
            see(exchange)
        if own or writes(exchange):
            finder.see(exchange)
    finder.end_all()
    return Loops(folded=Folded(finder.folded), awaited=Seqs(finder.awaited), members=Seqs(finder.members))


@dataclass(slots=True)
class _Finder:
    recording: Recording
    runs: "OrderedDict[_Key, list[Exchange]]" = field(default_factory=OrderedDict)
    by_client: dict[_Client, set[_Key]] = field(default_factory=dict)
    by_resource: dict[tuple[str, str], set[_Key]] = field(default_factory=dict)
    folded: list[tuple[int, int]] = field(default_factory=list)
    awaited: "array[int]" = field(default_factory=lambda: array("Q"))
    members: "array[int]" = field(default_factory=lambda: array("Q"))
    heads: dict[Seq, Seq] = field(default_factory=dict)
    """Of a run that was judged and goes on the first read, and which request showed its state first."""

    def see(self, exchange: Exchange) -> None:
        """One more exchange, in the order of seq."""
        if writes(exchange):
            for key in self._touched(exchange):
                self._end(key)
        elif _may_loop(exchange):
            self._read(exchange)

    def _touched(self, exchange: Exchange) -> set[_Key]:
        """The runs that a write ends."""
        own = self.by_client.get(_client(exchange), set())
        same = self.by_resource.get((group_of(exchange), exchange.info.resource), set())
        return own | {key for key in same if _concerns(exchange, self.runs[key][0])}

    def _read(self, exchange: Exchange) -> None:
        accept = header(exchange.request.headers, "accept")
        key = (_client(exchange), f"{exchange.request.method} {exchange.request.target} {accept}")
        run = self.runs.get(key)
        if run is not None and not _follows(run[-1], exchange):
            self._end(key)
            run = None
        if run is None:
            run = self.runs[key] = []
            self.by_client.setdefault(key[0], set()).add(key)
            self.by_resource.setdefault((group_of(exchange), exchange.info.resource), set()).add(key)
        run.append(exchange)
        self.runs.move_to_end(key)
        if len(run) >= _LONGEST_RUN:
            shown = self._judge(run)
            del run[:-1]
            self.heads[run[0].seq] = shown
        if len(self.runs) > _MOST_RUNS:
            self._end(next(iter(self.runs)))

    def _end(self, key: _Key) -> None:
        run = self.runs.pop(key)
        _drop(self.by_client, key[0], key)
        _drop(self.by_resource, (group_of(run[0]), run[0].info.resource), key)
        self._judge(run)

    def end_all(self) -> None:
        """The session is over."""
        for key in list(self.runs):
            self._end(key)

    def _judge(self, run: list[Exchange]) -> Seq:
        """What of a run is folded, and what is awaited; the request that showed its last state first."""
        shown = self.heads.pop(run[0].seq, run[0].seq)
        if len(run) < 2:
            return shown
        states = self._states(run)
        loops = _is_regular(run)
        if not loops and len(set(states)) == 1:
            return run[-1].seq
        self.members.append(shown)
        for (_, before), (exchange, state) in pairwise(zip(run, states, strict=True)):
            if state == before and loops:
                self.folded.append((exchange.seq, shown))
                continue
            shown = exchange.seq
            self.members.append(shown)
            if state != before:
                self.awaited.append(shown)
        return shown

    def _states(self, run: list[Exchange]) -> list[str]:
        """The state that each of a run shows; what is the same to the byte is not read."""
        seen = [_bytes_of(exchange) for exchange in run]
        if len(set(seen)) == 1:
            return [seen[0][1]] * len(run)
        known = {said: recorded_state(self.recording, exchange) for said, exchange in zip(seen, run, strict=True)}
        return [known[said] for said in seen]


def _is_regular(run: list[Exchange]) -> bool:
    """Whether a run is a loop's: often enough, and at about the same pauses."""
    pauses = [_pause(*pair) for pair in pairwise(run)]
    most = median(pauses)
    return len(run) >= _TURNS and most >= _PAUSE and max(pauses) <= _REGULAR * most


def _drop[K](index: dict[K, set[_Key]], place: K, key: _Key) -> None:
    index[place].discard(key)
    if not index[place]:
        del index[place]


def recorded_state(recording: Recording, exchange: Exchange) -> str:
    """The state that a recorded answer shows."""
    answer = exchange.answer
    if answer is None:
        return ""
    data = recording.body(answer.body.digest) if answer.body.digest is not None else b""
    return state_of(answer.status, header(answer.headers, "content-type"), data)


def _bytes_of(exchange: Exchange) -> tuple[int, str]:
    answer = exchange.answer
    return (answer.status, answer.body.digest or "") if answer is not None else (0, "")


def _may_loop(exchange: Exchange) -> bool:
    """Whether it is a read with an answer that shows a state: of objects, or whether the server is well."""
    info, answer = exchange.info, exchange.answer
    if answer is None or exchange.ended is None or answer.status == _THROTTLED:
        return False
    shows = answer.status < _ERROR if info.is_resource else info.path.startswith(_HEALTH)
    return info.verb in _READS and info.subresource not in _NOT_STATES and shows


def _client(exchange: Exchange) -> _Client:
    return exchange.caller, agent_of(exchange)


def _follows(before: Exchange, exchange: Exchange) -> bool:
    """Whether a read came after the one before, and not too long after it."""
    return 0 <= _pause(before, exchange) <= _LONGEST_PAUSE


def _pause(before: Exchange, after: Exchange) -> int:
    return after.started - (before.ended if before.ended is not None else Nanos(after.started + 1))


def _concerns(write: Exchange, read: Exchange) -> bool:
    """Whether a write may have changed what a read of its resource shows."""
    asked, changed = read.info, write.info
    if asked.namespace and changed.namespace and asked.namespace != changed.namespace:
        return False
    return not asked.name or not changed.name or asked.name == changed.name
