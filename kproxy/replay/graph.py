"""The graph: which earlier steps a step of the plan waits for, and why. Pure; small whatever the recording's length.

Four grounds, each in a file of its own: what requests meet in (touches.py, barriers.py, by scopes.py), values that an
answer told (values.py), what one client had been answered on a connection, and which events its program's watches had
delivered. A step whose ground lies more than `reach` steps back waits for nothing there: that is done (plan.py).
"""

from collections import deque
from dataclasses import dataclass, field

from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.replay.effects import Effect, program_of
from kproxy.replay.ownchanges import Settle
from kproxy.replay.read_ahead import Looked
from kproxy.replay.recent import Recent
from kproxy.replay.scopes import Mode, Scope, Scopes, Touch
from kproxy.replay.touches import Touches, client_scope, connection_scope, list_scope, settled, stream_scope
from kproxy.replay.values import Values

_MOST_PROGRAMS = 1_024
_READS = 32
"""A uid that nobody is known to have told was told by one of its program's last reads."""

_REDUCED = 64
"""Of how many waits those are left out that another one of them implies."""

_NEVER = Nanos(1 << 70)

type Waits = dict[int, Scope]
"""The steps that a step waits for, each with its ground: a kind, and what of it."""


@dataclass(slots=True)
class Graph:
    """Grows step by step, in the plan's order."""

    reach: int | None
    scopes: Scopes = field(init=False)
    touches: Touches = field(default_factory=Touches)
    values: Values = field(default_factory=Values)
    awaited: Recent[str, int] = field(default_factory=lambda: Recent(_MOST_PROGRAMS))
    """Of each program the last step that awaited events for it."""
    shown: dict[Seq, int] = field(default_factory=dict)
    """Of each open watch the step that opened it, or that awaited its events last."""
    streams: dict[int, Nanos] = field(default_factory=dict)
    """Of what goes on for long: until when it did."""
    reads: Recent[str, deque[int]] = field(default_factory=lambda: Recent(_MOST_PROGRAMS))
    waits: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """What the steps within reach wait for."""

    def __post_init__(self) -> None:
        self.scopes = Scopes(self.reach)

    def send(self, number: int, looked: Looked, *, loops: bool = False) -> Waits:
        """A request; `loops`: one of a polling loop, which goes on with the next state only behind this one."""
        effect = looked.effect
        exchange = effect.exchange
        touches = self.touches.of(effect)
        tellers, unknown = self.values.used(effect, looked.sent)
        found: Waits = {step: ("value", value) for step, value in tellers.items()}
        if (step := self.awaited.get(program_of(exchange))) is not None:
            found.setdefault(step, ("events",))
        if effect.connects:
            found = self.scopes.look(touches) | found
            if effect.ref is not None:
                self.scopes.take(number, [Touch(stream_scope(effect.ref), Mode.READ)])
                self.streams[number] = _NEVER if exchange.ended is None else exchange.ended
        else:
            told = self.scopes.look([Touch(client_scope(exchange), Mode.READ)]) if loops else {}
            found = told | self.scopes.take(number, [*touches, *self._clients(effect, loops=loops)]) | found
        if unknown:
            for step in self.reads.get(program_of(exchange)) or ():
                found.setdefault(step, ("seen", program_of(exchange)))
            self.values.assume(number, unknown)
        self._learn(number, looked)
        return self._kept(number, found, exchange.started)

    def opened(self, number: int, exchange: Exchange) -> None:
        """The step was a watch's opening."""
        self.shown[exchange.seq] = number

    def await_events(self, number: int, exchange: Exchange, program: str) -> Waits:
        """Events of an open watch: what may have caused them is done, and so is what was awaited before."""
        found = self._shown(exchange, self.scopes.look([list_scope(exchange)]))
        self.shown[exchange.seq] = number
        if (before := self.awaited.get(program)) is not None:
            found[before] = ("events",)
        self.awaited.put(program, number)
        return self._kept(number, found, _NEVER)

    def close(self, number: int, exchange: Exchange) -> Waits:
        """A watch's end: after what it showed, before what it did not live to see."""
        found = self._shown(exchange, self.scopes.take(number, [list_scope(exchange)]))
        self.shown.pop(exchange.seq, None)
        return self._kept(number, found, _NEVER)

    def settle(self, number: int, what: Settle) -> Waits:
        """What the api-server does by itself with the definition of an API group."""
        return self._kept(number, self.scopes.take(number, settled(what)), _NEVER)

    def _shown(self, exchange: Exchange, found: Waits) -> Waits:
        """What a watch may show since it was opened, or its events were awaited last, and that step."""
        last = self.shown.get(exchange.seq, 0)
        return {step: ground for step, ground in found.items() if step > last} | {last: ("watch",)}

    def _clients(self, effect: Effect, *, loops: bool) -> list[Touch]:
        """A connection's own order: reads may overlap, a write stands between those before and those after.

        What a client opens a connection for comes after its writes, and what it had polled for, on its others.
        """
        exchange = effect.exchange
        connection, client = connection_scope(exchange), client_scope(exchange)
        mode = Mode.WHOLE if effect.writes else Mode.READ
        touches = [Touch(client, Mode.PART)] if effect.writes or loops else []
        if not self.scopes.knows(connection) and self.scopes.look([Touch(client, Mode.READ)]):
            touches, mode = [Touch(client, Mode.PART if loops else Mode.READ)], Mode.WHOLE
        if loops:
            touches.append(Touch(("loop", *client[1:], exchange.request.target), Mode.WHOLE))
        return [Touch(connection, mode), *touches]

    def _learn(self, number: int, looked: Looked) -> None:
        effect = looked.effect
        if looked.told:
            self.values.told(number, effect, looked.sent, looked.told)
        self.values.page(number, effect)
        if not effect.writes and effect.exchange.info.verb in {"get", "list"}:
            program = program_of(effect.exchange)
            reads = self.reads.get(program)
            if reads is None:
                reads = deque(maxlen=_READS)
            reads.append(number)
            self.reads.put(program, reads)

    def _kept(self, number: int, found: Waits, began: Nanos) -> Waits:
        """Those within reach that another one does not imply; of what goes on for long only what was over by then."""
        floor = 0 if self.reach is None else number - self.reach
        kept = {
            step: ground
            for step, ground in found.items()
            if step >= floor and step != number and not (step in self.streams and self.streams[step] > began)
        }
        if len(kept) <= _REDUCED:
            implied = {earlier for step in kept for earlier in self.waits.get(step, ())}
            kept = {step: ground for step, ground in kept.items() if step not in implied}
        self.waits[number] = tuple(kept)
        if self.reach is not None:
            self.waits.pop(number - self.reach - 1, None)
            self.streams.pop(number - self.reach - 1, None)
        return kept
