"""The plan: what is done, and what each step waits for: a graph, in an order that a single client could take. Pure.

The order is the server's, as far as the recording tells it (order.py).

Each step waits for the one before it. A step that stands at an exchange first closes the watches that had ended by
then, and waits until every open watch has delivered as many events as it had when the exchange was recorded: a client
may have acted on any of them. And it waits for what the api-server had done by itself by then (settle.py).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kproxy.model.exchange import BodyState, End, Exchange, Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.renaming.target import parameter
from kproxy.replay.order import WRITES, in_order
from kproxy.replay.settle import OwnChanges, Settle

_NOT_KEPT = frozenset({BodyState.PARTIAL, BodyState.TOO_LARGE, BodyState.OPAQUE, BodyState.LOST, BodyState.COUNTED})
_SERVERS_OWN = 1800
"""Seconds after which a server ends a watch by itself at the earliest (--min-request-timeout)."""

_CLIENT_LEFT = frozenset({End.CLIENT_GONE, End.STOPPED, End.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send an exchange's request.

    `watch`: its answer is a stream that stays open. `leave_after`: bytes of the answer after which the client left.
    """

    seq: Seq
    watch: bool = False
    leave_after: int | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An action, and the steps that must be done before it.

    A step is done when its request was answered (of a watch: when its answer's head came), its events or its key had
    come, its watch was closed. `number` counts from 0 in the plan's order; `after` names smaller ones only, so taking
    the steps one after the other in that order is always right.
    """

    number: int
    after: tuple[int, ...]
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps, and what they come to."""

    steps: tuple[Step, ...]
    writes: int

    @property
    def requests(self) -> int:
        """How many requests are sent."""
        return sum(isinstance(step.action, Send) for step in self.steps)

    @property
    def left_out(self) -> dict[Seq, str]:
        """What is not sent, and why."""
        actions = (step.action for step in self.steps)
        return {action.seq: action.reason for action in actions if isinstance(action, LeaveOut)}


@dataclass(slots=True)
class _Watch:
    """A watch as it was recorded: when each event that counts came."""

    exchange: Exchange
    times: list[Nanos]

    def delivered(self, when: Nanos) -> int:
        return bisect_right(self.times, when)

    def over(self, when: Nanos) -> bool:
        return self.exchange.ended is not None and self.exchange.ended <= when


def make_plan(
    recording: Recording, event_times: Mapping[Seq, list[Nanos]], written: Mapping[Seq, int] | None = None
) -> Plan:
    """Plan a recorded session.

    `event_times`: of each watch, when the events that count came; `written`: the revision that a write made, if known.
    """
    actions: list[Action] = []
    open_watches: dict[Seq, _Watch] = {}
    awaited: dict[Seq, int] = {}
    own = OwnChanges.of(recording)
    writes = 0
    for exchange in in_order(recording, written or {}):
        if exchange.end is End.REFUSED:
            continue  # kproxy's own answer: no server ever saw it
        if (reason := _why_not(exchange)) is not None:
            actions.append(LeaveOut(seq=exchange.seq, reason=reason))
            continue
        actions += _catch_up(open_watches, awaited, exchange.started)
        actions += own.until(exchange.started)
        writes += exchange.info.verb in WRITES
        if is_watch(exchange):
            open_watches[exchange.seq] = _Watch(exchange, event_times.get(exchange.seq, []))
            actions.append(Send(seq=exchange.seq, watch=True))
        else:
            actions.append(Send(seq=exchange.seq, leave_after=_left_after(exchange)))
    actions += [_close(watch) for watch in open_watches.values()]
    return Plan(steps=_chain(actions), writes=writes)


def _chain(actions: Iterable[Action]) -> tuple[Step, ...]:
    """Each one after the one before."""
    return tuple(
        Step(number=number, after=(number - 1,) if number else (), action=action)
        for number, action in enumerate(actions)
    )


def is_watch(exchange: Exchange) -> bool:
    """Whether an exchange's answer is a stream of events, one without any event too."""
    if exchange.answer is None:
        return False
    state = exchange.answer.body.state
    silent = exchange.info.verb == "watch" and exchange.answer.status == 200 and state is BodyState.EMPTY
    return (state is BodyState.FRAMES and not exchange.info.is_log) or silent


def _catch_up(watches: dict[Seq, _Watch], awaited: dict[Seq, int], when: Nanos) -> list[Action]:
    steps: list[Action] = []
    for seq, watch in list(watches.items()):
        if watch.over(when):
            steps.append(_close(watch))
            del watches[seq]
        elif (count := watch.delivered(when)) > awaited.get(seq, 0):
            awaited[seq] = count
            steps.append(Await(seq=seq, events=count))
    return steps


def _close(watch: _Watch) -> Close:
    exchange = watch.exchange
    return Close(
        seq=exchange.seq,
        events=len(watch.times),
        by_client=exchange.end in _CLIENT_LEFT or not _timed_out(exchange),
        seconds=((exchange.ended or exchange.started) - exchange.started) / 1e9,
    )


def _timed_out(exchange: Exchange) -> bool:
    """Whether a watch went on until the time that its request gave it.

    One that is complete before was left by its client: the server then still ends the stream in good order, and the
    proxy sees that end.
    """
    asked = parameter(exchange.request.target, "timeoutSeconds") or ""
    lasted = ((exchange.ended or exchange.started) - exchange.started) / 1e9
    return lasted >= (int(asked) if asked.isdecimal() and len(asked) < 10 else _SERVERS_OWN)


def _left_after(exchange: Exchange) -> int | None:
    """Where the client left a plain answer before its end (logs -f), in bytes; None: it read it all."""
    if exchange.answer is None:
        return 0
    return exchange.answer.body.size if exchange.end is End.CLIENT_GONE else None


def _why_not(exchange: Exchange) -> str | None:
    if exchange.end is End.UNREACHABLE:
        return "it never reached the recorded server"
    if exchange.upgrade:
        return f"it is an upgrade to {exchange.upgrade}, whose content is not kept"
    body = exchange.request.body
    if body.state in _NOT_KEPT:
        return f"its request's body is {body.state.value}" + (f" ({body.reason})" if body.reason else "")
    return None
