"""The exchanges of the addon lane: what was begun, and ends exactly once. Free of mitmproxy.

mitmproxy may fall silent on a flow (it fails on HTTP/1 trailers, say): then the client's leaving ends it, `leave`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kproxy.model.exchange import Altered, End, IdentityMode
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.handover.held import Held
from kproxy.proxy.tap.tunnel import UpgradedConnection
from kproxy.wire.handoff import IDENTITY_NUMBER, RecordType, pack_head

EARLY = "the answer came before the request was complete"
_NONE = IDENTITY_NUMBER[IdentityMode.NONE]
_PASS = IDENTITY_NUMBER[IdentityMode.PASS]


@dataclass(slots=True, eq=False)
class FlowExchange:
    """One flow's."""

    flow: str  # its id
    client: str  # its connection's id
    held: Held
    asked: bool = False  # the request is complete
    answered: bool = False  # the answer is
    request_streamed: bool = False  # its content is recorded as it comes
    answer_streamed: bool = False
    tunnel: UpgradedConnection | None = None  # after a 101


class FlowExchanges:
    """All that are not over, by their flows' ids.

    `limit`: bytes beyond which even `block` gives a stream up; `keep`: of each channel frame's content.
    """

    def __init__(self, backlog: Backlog, clock: Callable[[], int], *, limit: int, keep: int) -> None:
        self._backlog = backlog
        self._clock = clock
        self._limit = limit
        self._keep = keep
        self._open: dict[str, FlowExchange] = {}
        self._clients: dict[str, int] = {}  # a connection's number
        self._numbers = 0

    def __len__(self) -> int:
        return len(self._open)

    def find(self, flow: str) -> FlowExchange | None:
        """A flow's exchange, if it goes on."""
        return self._open.get(flow)

    def tunnel_of(self, client: str) -> FlowExchange | None:
        """The exchange that made this connection a tunnel."""
        return next((each for each in self._open.values() if each.tunnel is not None and each.client == client), None)

    def begin(  # noqa: PLR0913 - what a head's record says
        self, flow: str, client: str, raw: bytes, altered: Altered, *, tls: bool, refused: bool
    ) -> FlowExchange:
        """A request's head has come. `refused`: mitmproxy will not let it through."""
        if client not in self._clients:
            self._numbers += 1
            self._clients[client] = self._numbers
        payload = pack_head(
            self._clients[client], altered, tls=tls, caller=b"client", raw=raw, identity=_NONE if refused else _PASS
        )
        exchange = FlowExchange(flow, client, self._backlog.begin(payload, self._clock()))
        self._open[flow] = exchange
        return exchange

    def add(self, exchange: FlowExchange, kind: RecordType, payload: bytes) -> None:
        """One more record; what a flow says after its end is nobody's."""
        if exchange.flow not in self._open:
            return
        if self._backlog.pending_bytes > self._limit:  # a callable of mitmproxy's cannot be made to wait
            exchange.held.given_up = True
        self._backlog.add(exchange.held, kind, payload, self._clock())

    def upgraded(self, exchange: FlowExchange, target: bytes, answer: bytes) -> None:
        """The answer was a 101 with this head: what follows belongs to another protocol."""
        now = self._clock()
        self.add(exchange, RecordType.UPGRADED, b"")
        exchange.tunnel = UpgradedConnection(self._backlog, exchange.held, target, answer, self._keep, now)

    def passed(self, exchange: FlowExchange, data: bytes, *, answer: bool) -> None:
        """Bytes of an upgraded connection."""
        if exchange.tunnel is not None:
            exchange.tunnel.passed(data, self._clock(), answer=answer)

    def asked(self, exchange: FlowExchange) -> None:
        """The request is complete."""
        exchange.asked = True
        if exchange.answered and exchange.tunnel is None:
            self.end(exchange, End.COMPLETE)

    def answered(self, exchange: FlowExchange) -> None:
        """The answer is complete."""
        exchange.answered = True
        if exchange.asked and exchange.tunnel is None:
            self.end(exchange, End.COMPLETE)

    def end(self, exchange: FlowExchange, end: End, detail: str = "") -> None:
        """It is over, unless it was before."""
        if self._open.pop(exchange.flow, None) is None:
            return
        now = self._clock()
        if exchange.tunnel is not None:
            end, detail = exchange.tunnel.ended(end, detail, now)
        elif exchange.answered and end is not End.COMPLETE:
            end, detail = End.COMPLETE, EARLY
        self._backlog.end(exchange.held, end, detail, now)

    def leave(self, client: str, detail: str) -> None:
        """This client's connection is over, and so is whatever mitmproxy says no more of."""
        self._clients.pop(client, None)
        for exchange in [each for each in self._open.values() if each.client == client]:
            self.end(exchange, End.CLIENT_GONE if exchange.tunnel is None else End.COMPLETE, detail)

    def stop(self, detail: str) -> None:
        """The recording ends."""
        for exchange in list(self._open.values()):
            self.end(exchange, End.STOPPED, detail)
