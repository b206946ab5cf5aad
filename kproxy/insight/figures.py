"""The figures of a group of requests, while they are counted."""

from dataclasses import dataclass, field

from kproxy.insight.cost import Cost
from kproxy.insight.spread import Spread
from kproxy.model.exchange import End, Exchange
from kproxy.model.jsontypes import JSONObject

_LEFT = frozenset({End.CLIENT_GONE, End.STOPPED, End.UNKNOWN})


@dataclass(slots=True)
class Figures:
    """Counts and sums; `latency` is in nanoseconds, of a stream until its answer began; sizes are bytes on the wire.

    `changed`: writes that changed a key; `no_ops`: successful writes that changed none; `conflicts`: 409 answers;
    `lost_races`: those that the api-server tried again by itself. The rest is what etcd was asked for it.
    """

    exchanges: int = 0
    errors: int = 0
    unanswered: int = 0
    request_bytes: int = 0
    answer_bytes: int = 0
    latency: Spread = field(default_factory=Spread)
    changed: int = 0
    no_ops: int = 0
    rewrites: int = 0
    conflicts: int = 0
    events: int = 0
    lost_races: int = 0
    etcd_calls: int = 0
    etcd_reads: int = 0
    etcd_read_bytes: int = 0
    etcd_sent_bytes: int = 0
    etcd_lists: int = 0
    etcd_listed: int = 0

    def count(self, exchange: Exchange, latency: int | None) -> None:
        """One exchange more."""
        answer = exchange.answer
        self.exchanges += 1
        self.request_bytes += exchange.request.body.size
        if answer is None:
            self.unanswered += 1
            self.errors += exchange.end not in _LEFT
        else:
            self.answer_bytes += answer.body.size
            self.errors += answer.status >= 400
            self.conflicts += answer.status == 409
        if latency is not None:
            self.latency.add(latency)

    def cost(self, cost: Cost) -> None:
        """What it cost in etcd."""
        self.lost_races += cost.lost_races
        self.etcd_calls += cost.calls
        self.etcd_reads += cost.reads
        self.etcd_read_bytes += cost.read_bytes
        self.etcd_sent_bytes += cost.sent_bytes
        self.etcd_lists += cost.lists > 0
        self.etcd_listed += cost.listed

    def merge(self, other: "Figures") -> None:
        """All that another group has."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Spread):
                mine.merge(theirs)
            else:
                setattr(self, name, mine + theirs)

    def as_json(self) -> JSONObject:
        """Its keys in `stats --json`; milliseconds are None where nothing was measured."""
        values: JSONObject = {name: getattr(self, name) for name in self.__slots__ if name != "latency"}
        return {**values, "p50_ms": self.milliseconds(0.5), "p99_ms": self.milliseconds(0.99)}

    def milliseconds(self, share: float) -> float | None:
        """A quantile of the latency."""
        nanos = self.latency.quantile(share)
        return None if nanos is None else round(nanos / 1e6, 3)
