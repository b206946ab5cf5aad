"""The requests of one connection, each by its head: whether it goes on, as whom, and what is recorded of that.

The entrance takes off what the way in adds, `wanted` says whether the exchange is recorded at all, and the judge sets
credentials and Host. Nothing here is sent, and no request is remembered.
"""

from kproxy.model.exchange import Altered, IdentityMode
from kproxy.proxy.identity.caller import Peer, peer_of
from kproxy.proxy.identity.judge import Admitted, Judge, Verdict
from kproxy.proxy.status import OwnAnswer
from kproxy.proxy.tap.entrance import Entrance
from kproxy.proxy.tap.wanted import Wanted
from kproxy.wire.handoff import IDENTITY_NUMBER, pack_head
from kproxy.wire.http1 import RequestHead
from kproxy.wire.tracecontext import Tracer

_NOT_JUDGED = IDENTITY_NUMBER[IdentityMode.NONE]
_H2C = int(Altered.HOP_BY_HOP)
_TRACEPARENT = int(Altered.TRACEPARENT)


class Admission:
    """See the module. `connection`: its number; `tls`: whether its client's leg is TLS."""

    def __init__(  # noqa: PLR0913 - what is asked of a request, all named
        self,
        judge: Judge,
        connection: int,
        *,
        tls: bool,
        entrance: Entrance | None = None,
        wanted: Wanted | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._judge = judge
        self._mode = IDENTITY_NUMBER[judge.mode]
        self._connection = connection
        self._tls = tls
        self._entrance = entrance
        self._wanted = wanted
        self._tracer = tracer
        self._altered = int(entrance.altered) if entrance is not None else 0
        self._altered |= _TRACEPARENT if tracer is not None else 0
        self._peer: Peer | None = None
        self.refused = judge.refused
        """To be told when the server refuses what the judge set; whether this connection is of no more use."""

    def shown(self, certificate: bytes) -> None:
        """The client has shown a certificate (DER) that TLS has checked."""
        self._peer = peer_of(certificate)

    def of(self, head: RequestHead) -> tuple[RequestHead, Verdict, bool]:
        """The head without what the way in adds, the verdict on it, and whether its exchange is recorded."""
        if self._entrance is not None:
            entered = self._entrance.enter(head)
            if isinstance(entered, OwnAnswer):
                return head, entered, True
            head = entered
        recorded = self._wanted is None or self._wanted.wants(head)
        return head, self._judge.judge(head, self._peer), recorded

    def record(self, head: RequestHead, verdict: Admitted, altered: int = 0) -> bytes:
        """What the recording gets of a head that goes on; `altered`: what else is changed of its exchange."""
        return pack_head(
            self._connection,
            verdict.altered | self._altered | altered | (_H2C if head.h2c else 0),
            tls=self._tls,
            caller=verdict.caller,
            raw=head.raw,
            identity=self._mode,
            forwarded=verdict.forwarded,
        )

    def record_unjudged(self, raw: bytes) -> bytes:
        """The same of one that was not judged, or not admitted."""
        return pack_head(
            self._connection, Altered.NOTHING, tls=self._tls, caller=b"client", raw=raw, identity=_NOT_JUDGED
        )

    def onward(self, head: RequestHead, verdict: Admitted, seq: int) -> bytes:
        """An admitted head as it goes to the server; `seq`: its exchange's number, 0: it is not recorded."""
        if self._tracer is None or not seq:
            return verdict.head
        return self._tracer.onward(head.fields, verdict.head, seq)
