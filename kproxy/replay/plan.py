"""The plan: what is done, and what each step waits for: a graph, in an order that a single client could take. Pure.

The order is the server's, as far as the recording tells it (order.py). What a step waits for is what it causally needs
(graph.py), so independent ones may go at the same time.

A request stands behind the ends of the watches that had ended by then, and behind the events that its own program's
watches had delivered: it may have been made for any of them. And it waits for what the api-server had done by itself
with the definitions that it depends on (ownchanges.py).

A plan is a stream: steps are made as they are asked for, from what of the recording overlaps or lies within reach.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kproxy.model.api import WRITE_VERBS
from kproxy.model.exchange import BodyState, End, Exchange, Nanos, Seq
from kproxy.model.many import frozen_by_type
from kproxy.model.recording import Recording
from kproxy.replay.barriers import defines
from kproxy.replay.delivered import Deliveries
from kproxy.replay.effects import program_of
from kproxy.replay.graph import Graph, Waits
from kproxy.replay.lasting import ends_by_itself, seconds_of
from kproxy.replay.loops import NO_LOOPS, Loops, find_loops
from kproxy.replay.order import in_order
from kproxy.replay.ownchanges import OwnChanges, Settle
from kproxy.replay.plain import stays_as_it_is, tells_of_itself
from kproxy.replay.read_ahead import Looked, looked_at
from kproxy.replay.slices import Part
from kproxy.replay.upgradable import why_not as why_not_upgraded

_REACH = 2048
"""Steps back that a plan's waits are told: far more than ever go on at a time, few enough to be remembered."""

_AT_HAND = 1 << 14
"""Bytes of a body that is kept with its step: thousands of steps may be read before they are taken."""

_NOT_KEPT = frozenset({BodyState.PARTIAL, BodyState.TOO_LARGE, BodyState.OPAQUE, BodyState.LOST, BodyState.COUNTED})

_CLIENT_LEFT = frozenset({End.CLIENT_GONE, End.STOPPED, End.UNKNOWN})


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Send:
    """Send an exchange's request.

    `watch`: its answer is a stream that stays open. `leave_after`: bytes of the answer after which the client left.
    `polls`: the state that it was answered with came by itself; it is sent again until the answer shows that state
    (states.py), as long as the replay's patience lasts.
    `upgrades`: it asks for another protocol.
    What the plan knows of it already: `exchange`; `sent`, a write's body, b"": it is read when it is sent; `plain`:
    while no name has another image it goes out as it was recorded; `own_only`: its answer tells of its own object only,
    None: nobody looked.
    """

    seq: Seq
    watch: bool = False
    leave_after: int | None = None
    polls: bool = False
    upgrades: bool = False
    exchange: Exchange | None = field(default=None, compare=False, repr=False)
    sent: bytes = field(default=b"", compare=False, repr=False)
    plain: bool = field(default=False, compare=False, repr=False)
    own_only: bool | None = field(default=None, compare=False, repr=False)

    @property
    def stays(self) -> bool:
        """Whether it is a stream: others do not wait until there is room for them beside it."""
        return self.watch or self.upgrades or self.leave_after is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Await:
    """Wait until an open watch has delivered this many events (bookmarks not counted)."""

    seq: Seq
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A watch ends: by us after `events` events (`by_client`), or by the server, which is awaited for `seconds`."""

    seq: Seq
    events: int
    by_client: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveOut:
    """An exchange is not sent, and why."""

    seq: Seq
    reason: str


type Action = Send | Await | Close | LeaveOut | Settle


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Step:
    """An action, and the steps that must be done before it.

    A step is done when its request was answered (of a watch: when its answer's head came), its events or its key had
    come, its watch was closed. `number` counts from 0 in the plan's order; `after` names smaller ones only, so taking
    the steps one after the other in that order is always right. It names none that lies more than the plan's `reach`
    before: whoever takes steps out of order does not begin one before all that lie farther back are done.
    """

    number: int
    after: tuple[int, ...]
    action: Action


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Grounded:
    """A step with the ground of each wait: the kind of scope where the two meet, and what of it (grounds.py)."""

    step: Step
    waits: Waits


class Plan:
    """The steps, made anew each time that one goes through them, and what they come to."""

    def __init__(
        self, recording: Recording, written: Mapping[Seq, int], reach: int | None, *, fold: bool = True
    ) -> None:
        self.reach = reach
        self._recording = recording
        self._written = written
        self._fold = fold

    @cached_property
    def _first_look(self) -> "tuple[Loops, _Counted]":
        """One pass that plans nothing."""
        counted = _Counted(self._recording)
        if self._fold:
            return find_loops(self._recording, counted.see), counted
        for exchange in self._recording.exchanges():
            counted.see(exchange)
        return NO_LOOPS, counted

    @property
    def _loops(self) -> Loops:
        return self._first_look[0]

    @property
    def folded(self) -> Mapping[Seq, Seq]:
        """What repeats the state that another request showed first, and is not sent; and that request."""
        return self._loops.folded

    @property
    def steps(self) -> Iterable[Step]:
        """The steps in their order: as often as one likes, and never all of them in memory."""
        return _Steps(self)

    def grounded(self) -> Iterator[Grounded]:
        """The steps with the grounds of their waits."""
        return _Planning(self._recording, self._written, self.reach, self._loops).all()

    @cached_property
    def _counts(self) -> tuple[int, int, dict[Seq, str]]:
        """Requests, writes, and what is left out and why. What is folded is neither sent nor left out."""
        folded, counted = self.folded, self._first_look[1]
        sent_by_nobody = sum(seq in folded for seq in counted.passed_over)
        left_out = {seq: reason for seq, reason in counted.passed_over.items() if reason and seq not in folded}
        return counted.requests - (len(folded) - sent_by_nobody), counted.writes, left_out

    @property
    def requests(self) -> int:
        """How many requests are sent."""
        return self._counts[0]

    @property
    def writes(self) -> int:
        """How many of them write."""
        return self._counts[1]

    @property
    def left_out(self) -> dict[Seq, str]:
        """What is not sent, and why."""
        return self._counts[2]


@dataclass(slots=True)
class _Counted:
    """Exchanges that can be sent, those of them that write, and why others cannot; folded ones, which read, too.

    `passed_over`: why, "" for what kproxy itself had refused, which is not told.
    """

    recording: Recording
    requests: int = 0
    writes: int = 0
    passed_over: dict[Seq, str] = field(default_factory=dict)

    def see(self, exchange: Exchange) -> None:
        """One more."""
        reason = "" if exchange.end is End.REFUSED else _why_not(self.recording, exchange)
        if reason is not None:
            self.passed_over[exchange.seq] = reason
            return
        self.requests += 1
        self.writes += exchange.info.verb in WRITE_VERBS


class _Steps:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def __iter__(self) -> Iterator[Step]:
        return (each.step for each in self._plan.grounded())


def make_plan(
    recording: Recording,
    written: Mapping[Seq, int] | None = None,
    *,
    reach: int | None = _REACH,
    fold: bool = True,
) -> Plan:
    """Plan a recorded session; nothing is read before one asks for the steps.

    `written`: the revision that a write made, if known. `reach`: how many steps back a step's waits are told; None: all
    of them, which takes memory for each object of the session. `fold`: polling loops are folded (loops.py).
    """
    return Plan(recording, written or {}, reach, fold=fold)


class _Planning:
    """One way through a recording."""

    def __init__(self, recording: Recording, written: Mapping[Seq, int], reach: int | None, loops: Loops) -> None:
        self._recording = recording
        self._written = written
        self._loops = loops
        self._graph = Graph(reach)
        self._watches = Deliveries(recording)
        self._own = OwnChanges.of(recording)
        self._defined: set[str] | None = set() if isinstance(recording, Part) else None
        self._number = 0

    def all(self) -> Iterator[Grounded]:
        """The steps in their order."""
        exchanges = in_order(self._recording, self._written)
        for looked in looked_at(self._recording, exchanges):
            exchange = looked.effect.exchange
            if exchange.end is End.REFUSED or exchange.seq in self._loops.folded:
                continue  # kproxy's own answer: no server ever saw it; or said already
            yield from self._ended(exchange.started)
            yield from self._settled([*self._own.until(exchange.started), *self._own.found(self._recording, exchange)])
            if (reason := _why_not(self._recording, exchange)) is not None:
                yield self._step(LeaveOut(seq=exchange.seq, reason=reason), {})
                continue
            yield from self._delivered(program_of(exchange), exchange.started)
            yield self._send(looked)
        yield from self._ended(None)

    def _step(self, action: Action, waits: Waits) -> Grounded:
        number = self._number
        self._number += 1
        return Grounded(step=Step(number=number, after=tuple(sorted(waits)), action=action), waits=waits)

    def _ended(self, when: Nanos | None) -> Iterator[Grounded]:
        for watch, events in self._watches.over(when):
            yield self._step(_close(watch, events), self._graph.close(self._number, watch))

    def _settled(self, actions: Iterable[Settle]) -> Iterator[Grounded]:
        for action in actions:
            if self._defined is not None and action.defines not in self._defined:
                continue  # who defined it is outside the slice: nothing of it comes
            yield self._step(action, self._graph.settle(self._number, action))

    def _delivered(self, program: str, when: Nanos) -> Iterator[Grounded]:
        for watch, events in self._watches.new(program, when):
            waits = self._graph.await_events(self._number, watch, program)
            yield self._step(Await(seq=watch.seq, events=events), waits)

    def _send(self, looked: Looked) -> Grounded:
        exchange = looked.effect.exchange
        waits = self._graph.send(self._number, looked, loops=exchange.seq in self._loops.members)
        if self._defined is not None and (defined := defines(looked.effect)) is not None:
            self._defined.add(defined)
        if not is_watch(exchange):
            polls = exchange.seq in self._loops.awaited
            left = _left_after(exchange)
            upgrade = bool(exchange.upgrade)
            action = Send(
                seq=exchange.seq,
                leave_after=left,
                polls=polls,
                upgrades=upgrade,
                exchange=exchange,
                sent=looked.sent if len(looked.sent) <= _AT_HAND else b"",
                plain=stays_as_it_is(exchange, looked.sent),
                own_only=tells_of_itself(exchange, looked.told) if looked.told else None,
            )
            return self._step(action, waits)
        self._graph.opened(self._number, exchange)
        self._watches.open(exchange)
        return self._step(Send(seq=exchange.seq, watch=True, exchange=exchange), waits)


def is_watch(exchange: Exchange) -> bool:
    """Whether an exchange's answer is a stream of events, one without any event too."""
    if exchange.answer is None:
        return False
    state = exchange.answer.body.state
    silent = exchange.info.verb == "watch" and exchange.answer.status == 200 and state is BodyState.EMPTY
    return (state is BodyState.FRAMES and not exchange.info.is_log) or silent


def _close(exchange: Exchange, events: int) -> Close:
    return Close(
        seq=exchange.seq,
        events=events,
        by_client=exchange.end in _CLIENT_LEFT or not ends_by_itself(exchange),
        seconds=seconds_of(exchange),
    )


def _left_after(exchange: Exchange) -> int | None:
    """Where the client left a plain answer before its end (logs -f), in bytes; None: it read it all."""
    if exchange.upgrade:
        return None
    if exchange.answer is None:
        return 0
    return exchange.answer.body.size if exchange.end is End.CLIENT_GONE else None


def _why_not(recording: Recording, exchange: Exchange) -> str | None:
    if exchange.end is End.UNREACHABLE:
        return "it never reached the recorded server"
    if exchange.upgrade:
        return why_not_upgraded(recording, exchange)
    body = exchange.request.body
    if body.state in _NOT_KEPT:
        return f"its request's body is {body.state.value}" + (f" ({body.reason})" if body.reason else "")
    return None
