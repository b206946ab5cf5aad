"""What may have caused what an exchange was answered, from close by to far away: where bisecting begins. Pure.

The plan's graph (graph.py) says what must go before what, and a client's own order is in it: behind a single client's
request stands all that it ever did. Here only that counts which the server may have looked at. A read changes nothing,
so nothing that a later one was answered comes of it.

Three rings, each with all of the one before:

- what a request cannot do without: who made its object, its namespace, its group's definition, who told the values that
  it names;
- what else was done to its object, or to those that it lists or watches;
- whatever the api-server looks at while it serves it (barriers.py), and owners.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.replay.barriers import defines
from kproxy.replay.effects import Effect
from kproxy.replay.read_ahead import Looked, looked_at
from kproxy.replay.scopes import Mode, Scope, Touch
from kproxy.replay.touches import Touches
from kproxy.replay.values import Values

type Links = Mapping[int, Sequence[int]]
"""Of each node those that it directly needs: exchanges by their number, links of a scope's chain by negative ones."""

_CLOSE = frozenset({"object", "list", "bulk"})


@dataclass(frozen=True, slots=True)
class Causes:
    """The causes of a session's exchanges.

    `needs`, `close`, `all`: what each directly stands on, ring by ring. `lives`: of each exchange where the life of its
    object began, so that what is of one object can be taken together.
    """

    needs: Links
    close: Links
    all: Links
    lives: Mapping[Seq, Seq]

    def rings(self, seq: Seq) -> Iterator[frozenset[Seq]]:
        """An exchange with its causes: those that it cannot do without, the close ones, all."""
        for links in (self.needs, self.close, self.all):
            yield closure(links, [seq])


def closure(links: Links, of: Iterable[int]) -> frozenset[Seq]:
    """These exchanges and all that they need, directly or not."""
    found: set[int] = set()
    left = list(of)
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += links.get(node, ())
    return frozenset(Seq(node) for node in found if node >= 0)


def causes_of(recording: Recording) -> Causes:
    """Go through a session once; what is remembered grows with it."""
    search = _Search()
    for looked in looked_at(recording, recording.exchanges()):
        search.take(looked)
    search.end()
    return Causes(needs=search.needs, close=search.close.links, all=search.all.links, lives=search.lives)


class _Chains:
    """Of each scope its changes so far, linked one to the one before: who sees the last link sees them all."""

    def __init__(self) -> None:
        self.links: dict[int, tuple[int, ...]] = {}
        self._last: dict[Scope, int] = {}
        self._whole: dict[Scope, int] = {}
        self._next = -1

    def take(self, seq: Seq, touches: Iterable[Touch], *, changes: bool, others: Iterable[int]) -> None:
        """An exchange; `others`: what it needs besides."""
        touches = tuple(touches)
        seen = {self._seen(scope, mode) for scope, mode in touches} | set(others)
        self.links[seq] = tuple(each for each in seen if each is not None and each != seq)
        for scope, mode in touches if changes else ():
            if mode is not Mode.READ:
                self._put(scope, mode, seq)

    def _seen(self, scope: Scope, mode: Mode) -> int | None:
        """The last link; who changes a part sees nothing of the other parts."""
        return (self._whole if mode is Mode.PART else self._last).get(scope)

    def _put(self, scope: Scope, mode: Mode, seq: Seq) -> None:
        link = self._next
        self._next -= 1
        before = self._last.get(scope) if mode is Mode.PART else None
        self.links[link] = (seq,) if before is None else (seq, before)
        self._last[scope] = link
        if mode is Mode.WHOLE:
            self._whole[scope] = link


@dataclass(slots=True)
class _Search:
    needs: dict[int, tuple[int, ...]] = field(default_factory=dict)
    close: _Chains = field(default_factory=_Chains)
    all: _Chains = field(default_factory=_Chains)
    lives: dict[Seq, Seq] = field(default_factory=dict)
    _touches: Touches = field(default_factory=Touches)
    _values: Values = field(default_factory=Values)
    _made: dict[ObjectRef, Seq] = field(default_factory=dict)
    _began: dict[ObjectRef, Seq] = field(default_factory=dict)
    _defined: defaultdict[str, list[Seq]] = field(default_factory=lambda: defaultdict(list))
    _streams: dict[Seq, tuple[Nanos | None, list[Touch]]] = field(default_factory=dict)

    def take(self, looked: Looked) -> None:
        effect = looked.effect
        exchange = effect.exchange
        self._end_streams(exchange.started)
        touches = self._touches.of(effect)
        self.needs[exchange.seq] = tuple(self._needed(looked))
        self._learn(looked)
        if exchange.info.verb == "watch" and not effect.changes:
            self._streams[exchange.seq] = exchange.ended, touches
        else:
            self._link(exchange.seq, touches, changes=effect.changes)

    def end(self) -> None:
        for seq, (_, touches) in self._streams.items():
            self._link(seq, touches, changes=False)
        self._streams.clear()

    def _end_streams(self, now: Nanos) -> None:
        """A watch shows what is changed as long as it is open."""
        over = [seq for seq, (ended, _) in self._streams.items() if ended is not None and ended < now]
        for seq in over:
            self._link(seq, self._streams.pop(seq)[1], changes=False)

    def _link(self, seq: Seq, touches: list[Touch], *, changes: bool) -> None:
        needed = self.needs[seq]
        near = [touch for touch in touches if touch.scope[0] in _CLOSE]
        self.close.take(seq, near, changes=changes, others=needed)
        self.all.take(seq, touches, changes=changes, others=needed)

    def _needed(self, looked: Looked) -> Iterator[int]:
        effect = looked.effect
        info = effect.exchange.info
        tellers, _ = self._values.used(effect, looked.sent)
        yield from tellers
        yield from self._defined.get(info.group, ()) if info.group else ()
        namespace = ObjectRef(group="", resource="namespaces", namespace="", name=info.namespace)
        for ref in (namespace, None if _makes(effect) else effect.ref):
            if ref is not None and (maker := self._made.get(ref)) is not None:
                yield maker

    def _learn(self, looked: Looked) -> None:
        effect = looked.effect
        exchange, ref = effect.exchange, effect.ref
        if looked.told:
            self._values.told(exchange.seq, effect, looked.sent, looked.told)
        self._values.page(exchange.seq, effect)
        if defines(effect) is not None and effect.makes:
            self._defined[str(defines(effect))].append(exchange.seq)
        if ref is None:
            self.lives[exchange.seq] = exchange.seq
            return
        if _makes(effect):
            self._made[ref] = self._began[ref] = exchange.seq
        self.lives[exchange.seq] = self._began.setdefault(ref, exchange.seq)


def _makes(effect: Effect) -> bool:
    """Whether an object's life began with it: a creation, or an apply or an update that made what was not there."""
    answer = effect.exchange.answer
    made = answer is not None and answer.status == 201 and not effect.exchange.info.subresource
    return effect.changes and (effect.makes or made)
