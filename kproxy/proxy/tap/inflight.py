"""The exchanges of one connection that are not over: their order, and what is recorded of each."""

from collections import deque
from dataclasses import dataclass

from kproxy.model.exchange import End
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.handover.held import Held
from kproxy.proxy.status import OwnAnswer
from kproxy.proxy.tap.tunnel import UpgradedConnection
from kproxy.wire.handoff import RecordType


@dataclass(slots=True, eq=False)
class _InflightExchange:
    """One of them."""

    held: Held
    method: bytes
    upgrade: bytes  # the target, where the request asks for an upgrade
    asked: bool = False  # the request is complete
    answering: bool = False  # the answer's head has come
    answered: bool = False  # the answer is complete
    left: bool = False  # the client closed while the answer was coming
    own: OwnAnswer | None = None
    own_end: End = End.REFUSED


class Inflight:
    """In the order of their requests: the first is being answered, `asking` is the one whose request is being read."""

    def __init__(self, backlog: Backlog, exec_content: int = 0) -> None:
        self.open: deque[_InflightExchange] = deque()
        self.asking: _InflightExchange | None = None
        self._backlog = backlog
        self._exec_content = exec_content
        self._upgraded: UpgradedConnection | None = None

    @property
    def answering(self) -> bool:
        """Whether the client has got the beginning of an answer that is not complete."""
        return bool(self.open) and self.open[0].answering and not self.open[0].answered

    @property
    def seq(self) -> int:
        """The number of the last one, as `begin` told it."""
        return self.open[-1].held.seq

    @property
    def awaits_upgrade(self) -> bool:
        """Whether the last request asks for an upgrade that the server has not yet answered."""
        return bool(self.open) and bool(self.open[-1].upgrade) and not self.open[-1].answering

    @property
    def overflowing(self) -> bool:
        """Whether an exchange that begins now is not recorded, for want of room."""
        return self._backlog.overflowing

    def begin(self, payload: bytes, method: bytes, now: int, *, upgrade: bytes = b"", recorded: bool = True) -> int:
        """A request's head; `upgrade`: its target, if it asks for one. Its number, 0: nobody wants it recorded."""
        held = self._backlog.begin(payload, now) if recorded else self._backlog.leave_out()
        self.asking = _InflightExchange(held, method, upgrade)
        self.open.append(self.asking)
        return held.seq

    def asking_with(self, kind: RecordType, payload: bytes, now: int) -> None:
        """More of the request that is being read."""
        if self.asking is not None:
            self._backlog.add(self.asking.held, kind, payload, now)

    def asked(self, now: int) -> None:
        """The request that is being read is complete."""
        exchange, self.asking = self.asking, None
        if exchange is not None:
            exchange.asked = True
            if exchange.answered:
                self._complete(now)

    def answer_with(self, kind: RecordType, payload: bytes, now: int) -> None:
        """More of the first one's answer."""
        exchange = self.open[0]
        exchange.answering = True
        self._backlog.add(exchange.held, kind, payload, now)

    def informed(self, raw: bytes, now: int) -> None:
        """A 1xx, which begins no answer."""
        self._backlog.add(self.open[0].held, RecordType.INFORMATIONAL, raw, now)

    def answered(self, now: int) -> None:
        """The first one's answer is complete."""
        exchange = self.open[0]
        exchange.answered = True
        if exchange.asked:
            self._complete(now)

    def fault(self, rule: str, now: int) -> None:
        """A rule of --fault has touched the first one."""
        if self.open:
            self._backlog.add(self.open[0].held, RecordType.FAULT, rule.encode(), now)

    def own_answered(self, own: OwnAnswer, now: int) -> None:
        """The first one, whose request is complete, has kproxy's answer in the server's place; others may follow."""
        exchange = self.open.popleft()
        self.asking = None
        self._answered_here(exchange, own, now)
        self._end(exchange, End.REFUSED, "answered by a rule of --fault", now)

    def left(self) -> None:
        """The client closed. A server that hears of it may end the answer in good order, as Go's does: it was cut."""
        if self.answering and self.open[0].asked:
            self.open[0].left = True
        if self._upgraded is not None:
            self._upgraded.side_ended(answer=False)

    def server_left(self) -> None:
        """The server closed its side of the upgraded connection."""
        if self._upgraded is not None:
            self._upgraded.side_ended(answer=True)

    def upgraded(self, raw: bytes, now: int) -> None:
        """The first one's answer is a 101: what goes by from now on is its connection's."""
        self.answer_with(RecordType.ANSWER_HEAD, raw, now)
        self.answer_with(RecordType.UPGRADED, b"", now)
        first = self.open[0]
        if first.held.missing:
            return
        self._upgraded = UpgradedConnection(self._backlog, first.held, first.upgrade, raw, self._exec_content, now)

    def tunnel(self, data: bytes, now: int, *, answer: bool) -> None:
        """Bytes of the upgraded connection."""
        if self._upgraded is not None:
            self._upgraded.passed(data, now, answer=answer)

    def farewell(self) -> bytes:
        """What tells the client of an upgraded connection that it ends now."""
        return self._upgraded.farewell() if self._upgraded is not None else b""

    def last_gets(self, own: OwnAnswer, end: End) -> None:
        """The last one is answered by kproxy."""
        self.open[-1].own, self.open[-1].own_end = own, end
        self.asking = None

    def all_get(self, own: OwnAnswer, end: End) -> None:
        """They all end like this: the first one with kproxy's answer, the others without any."""
        for exchange in self.open:
            exchange.own, exchange.own_end = own, end
        self.asking = None

    def own_turn(self, now: int) -> bytes | None:
        """What kproxy has to answer now, recorded, or None if it is not the time."""
        if not self.open or self.open[0].own is None:
            return None
        exchange = self.open.popleft()
        own = exchange.own
        if own is None or exchange.answering:
            self._end(exchange, exchange.own_end, own.message if own else "", now)
            return b""
        self._answered_here(exchange, own, now)
        self._end(exchange, exchange.own_end, own.message, now)
        return own.wire

    def finish(self, end: End, detail: str, now: int) -> None:
        """All that are left end like this, or as had been decided for them."""
        if self._upgraded is not None:
            end, detail = self._upgraded.ended(end, detail, now)
            self._upgraded = None
        for exchange in self.open:
            if exchange.answered:
                self._end(exchange, End.COMPLETE, "the answer came before the request was complete", now)
            elif exchange.own is not None:
                self._end(exchange, exchange.own_end, exchange.own.message, now)
            else:
                self._end(exchange, end, detail, now)
        self.open.clear()
        self.asking = None

    def _answered_here(self, exchange: _InflightExchange, own: OwnAnswer, now: int) -> None:
        self._backlog.add(exchange.held, RecordType.ANSWER_HEAD, own.head, now)
        if own.body:
            self._backlog.add(exchange.held, RecordType.ANSWER_BODY, own.body, now)

    def _complete(self, now: int) -> None:
        exchange = self.open.popleft()
        if exchange.left:
            self._end(exchange, End.CLIENT_GONE, "the client closed before the answer's end", now)
        else:
            self._end(exchange, End.COMPLETE, "", now)

    def _end(self, exchange: _InflightExchange, end: End, detail: str, now: int) -> None:
        self._backlog.end(exchange.held, end, detail, now)
