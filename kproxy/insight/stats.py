"""`kproxy stats`: who asked for what how often, what it changed, and what it cost."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from kproxy.insight.clients import OTHERS, Client, client_of
from kproxy.insight.cost import Cost, cost_of
from kproxy.insight.figures import Figures
from kproxy.insight.frequent import Frequent
from kproxy.insight.joined import is_stream, served
from kproxy.insight.noops import NoOps
from kproxy.insight.rewrites import is_rewrite
from kproxy.model.api import WRITE_VERBS, RequestInfo
from kproxy.model.attribution import Ledger, Standing
from kproxy.model.etcd import ClusterId, EtcdCall, EtcdKey, key_text
from kproxy.model.exchange import WATCH_EVENT, Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.wire.storage import key_object

MAX_GROUPS = 10_000
"""Groups of requests that are told apart; what more there are is counted together."""
_HOT_KEYS = 50
"""Keys that are listed, of those that changed most."""
_WRITERS = 10
_MAX_PATH = 60

type Dimension = Literal["client", "verb", "resource"]
DIMENSIONS: tuple[Dimension, ...] = ("client", "verb", "resource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What is counted together; "" where it is not told apart."""

    client: Client | None = None
    verb: str = ""
    resource: str = ""  # deployments.apps/status; of other paths the first segment


@dataclass(frozen=True, slots=True, kw_only=True)
class HotKey:
    """A key that changed often, and whose requests did it; what nobody laid claim to is not there."""

    cluster: ClusterId
    key: EtcdKey
    revisions: int
    writers: tuple[tuple[str, int], ...]

    def as_json(self) -> JSONObject:
        """Its keys."""
        by: list[JSON] = [{"client": client, "revisions": count} for client, count in self.writers]
        return {"cluster": self.cluster, "key": key_text(self.key), "revisions": self.revisions, "by": by}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCalls:
    """Calls to etcd that belong to no request: the api-server's own loops."""

    method: str
    keys: str
    calls: int
    read_bytes: int
    sent_bytes: int

    def as_json(self) -> JSONObject:
        """Its keys."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """A session in figures. `with_etcd`: key changes were recorded; `with_calls`: the calls to etcd, too.

    `groups` and `own_calls` come with the most first; `hot_keys_error`: their counts may be too low by this much.
    """

    groups: tuple[tuple[Group, Figures], ...]
    total: Figures
    hot_keys: tuple[HotKey, ...]
    hot_keys_error: int
    own_calls: tuple[OwnCalls, ...]
    seconds: float | None
    gaps: int
    with_etcd: bool
    with_calls: bool

    def as_json(self) -> JSONObject:
        """The document of `stats --json`."""
        return {
            "seconds": self.seconds,
            "gaps": self.gaps,
            "with_etcd": self.with_etcd,
            "with_calls": self.with_calls,
            "total": self.total.as_json(),
            "groups": [{**_named(group), **figures.as_json()} for group, figures in self.groups],
            "hot_keys": [each.as_json() for each in self.hot_keys],
            "hot_keys_error": self.hot_keys_error,
            "own_calls": [each.as_json() for each in self.own_calls],
        }


def _named(group: Group) -> JSONObject:
    client = group.client
    return {
        "user": client.user if client else None,
        "user_agent": client.agent if client else None,
        "verb": group.verb or None,
        "resource": group.resource or None,
    }


def statistics(recording: Recording, ledger: Ledger, by: Iterable[Dimension] = DIMENSIONS) -> Statistics:
    """Count a recording, its requests grouped `by` these."""
    count = _Count(frozenset(by), ledger, NoOps(recording, ledger))
    count.changes(recording)
    for each in served(recording):
        if each.exchange is None:
            count.own(each.calls, recording.session.etcd_prefix)
        else:
            count.exchange(recording, each.exchange, cost_of(each.exchange, each.calls))
    session = recording.session
    return Statistics(
        groups=tuple(sorted(count.groups.items(), key=lambda item: -item[1].exchanges)),
        total=count.total(),
        hot_keys=count.hot_keys(),
        hot_keys_error=count.keys.error,
        own_calls=count.own_calls(),
        seconds=session.ended / 1e9 if session.ended is not None else None,
        gaps=sum(1 for _ in recording.gaps()),
        with_etcd=session.etcd_start is not None or bool(ledger.entries),
        with_calls=count.with_calls,
    )


type _HotKey = tuple[ClusterId, EtcdKey]


@dataclass(slots=True)
class _Own:
    calls: int = 0
    read_bytes: int = 0
    sent_bytes: int = 0


@dataclass(slots=True)
class _Count:
    """The counts so far."""

    by: frozenset[Dimension]
    ledger: Ledger
    no_ops: NoOps
    groups: dict[Group, Figures] = field(default_factory=dict)
    keys: Frequent[_HotKey] = field(default_factory=Frequent)
    with_calls: bool = False
    _rewrites: Counter[Seq] = field(default_factory=Counter)
    _hot: dict[_HotKey, int] = field(default_factory=dict)
    _writers: dict[_HotKey, Frequent[str]] = field(default_factory=dict)
    _own: dict[tuple[str, str], _Own] = field(default_factory=dict)

    def changes(self, recording: Recording) -> None:
        """What the ledger tells before the requests are gone through."""
        for entry in self.ledger.entries:
            if entry.standing is Standing.BEFORE:
                continue
            self.keys.add((entry.change.cluster, entry.change.key))
            if entry.attribution is not None and is_rewrite(recording, entry.change):
                self._rewrites[entry.attribution.seq] += 1
        self._hot = dict(self.keys.most(_HOT_KEYS))
        self._writers = {key: Frequent() for key in self._hot}

    def exchange(self, recording: Recording, exchange: Exchange, cost: Cost) -> None:
        """One request and what came of it."""
        client = client_of(exchange)
        figures = self._figures(client, exchange.info)
        figures.count(exchange, _latency(exchange))
        figures.cost(cost)
        claims = self.ledger.by_seq.get(exchange.seq, ()) if exchange.info.verb in WRITE_VERBS else ()
        figures.changed += bool(claims)
        figures.no_ops += self.no_ops.is_no_op(exchange, cost)
        figures.rewrites += self._rewrites[exchange.seq]
        if exchange.info.verb == "watch":
            figures.events += sum(frame.kind == WATCH_EVENT for frame in recording.frames(exchange.seq))
        for claim in claims:
            if (key := (claim.cluster, claim.key)) in self._writers:
                self._writers[key].add(str(client))
        self.with_calls |= cost.calls > 0

    def own(self, calls: Iterable[EtcdCall], prefix: str) -> None:
        """Calls that belong to no request."""
        self.with_calls = True
        for call in calls:
            name = call.method, _keys_of(call, prefix)
            if name not in self._own and len(self._own) >= MAX_GROUPS:
                name = call.method, "(others)"
            own = self._own.setdefault(name, _Own())
            own.calls += 1
            own.read_bytes += call.answer_size
            own.sent_bytes += call.request_size

    def total(self) -> Figures:
        """Of all groups."""
        total = Figures()
        for figures in self.groups.values():
            total.merge(figures)
        return total

    def hot_keys(self) -> tuple[HotKey, ...]:
        """The keys that changed most."""
        return tuple(
            HotKey(cluster=key[0], key=key[1], revisions=count, writers=tuple(self._writers[key].most(_WRITERS)))
            for key, count in self._hot.items()
        )

    def own_calls(self) -> tuple[OwnCalls, ...]:
        """The api-server's own, the most first."""
        return tuple(
            OwnCalls(method=method, keys=keys, calls=own.calls, read_bytes=own.read_bytes, sent_bytes=own.sent_bytes)
            for (method, keys), own in sorted(self._own.items(), key=lambda item: -item[1].calls)
        )

    def _figures(self, client: Client, info: RequestInfo) -> Figures:
        group = Group(
            client=client if "client" in self.by else None,
            verb=info.verb if "verb" in self.by else "",
            resource=resource_of(info) if "resource" in self.by else "",
        )
        if group not in self.groups and len(self.groups) >= MAX_GROUPS:
            group = Group(client=OTHERS)
        return self.groups.setdefault(group, Figures())


def resource_of(info: RequestInfo) -> str:
    """`pods`, `deployments.apps/status`; of another path its first segment."""
    if not info.is_resource:
        return f"/{info.path.strip('/').partition('/')[0]}"[:_MAX_PATH]
    name = f"{info.resource}.{info.group}" if info.group else info.resource
    return f"{name}/{info.subresource}" if info.subresource else name


def _latency(exchange: Exchange) -> Nanos | None:
    end = exchange.answered if is_stream(exchange) else exchange.ended
    return None if end is None or exchange.answer is None else Nanos(end - exchange.started)


def _keys_of(call: EtcdCall, prefix: str) -> str:
    """Which keys a call is about: a resource, or what follows the prefix."""
    key = next((op.keys.key for op in call.operations), None) or next((each.key for each in call.compares), None)
    if key is None:
        return "-"
    ref = key_object(key, prefix)
    if ref is not None:
        return f"{ref.resource}.{ref.group}" if ref.group else ref.resource
    parts = key_text(key).removeprefix(prefix).strip("/").split("/")
    return parts[0][:_MAX_PATH] or "/"
