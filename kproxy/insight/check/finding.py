"""A finding, and what rules find with."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from kproxy.insight.clients import Client
from kproxy.insight.cost import Cost
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.jsontypes import JSONObject

SECOND = 1_000_000_000

MAX_GROUPS = 5_000
"""Of what a rule tells apart; further ones are not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on something is worth saying."""

    no_ops: int = 10  # writes without effect by one client of one resource
    large_list: int = 1024 * 1024  # bytes of an answer
    hot_loop: int = 50  # equal requests in HOT_SECONDS
    failing: int = 100  # errors of one kind of request, when half of them or more fail
    conflicts: int = 10  # in CONFLICT_SECONDS
    short_watches: int = 10  # in CONFLICT_SECONDS, of at most SHORT_SECONDS


HOT_SECONDS = 10
CONFLICT_SECONDS = 60
SHORT_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found of a client: how many requests, one sentence, and the first of them."""

    rule: str
    client: Client
    count: int
    says: str
    first: Seq

    def as_json(self) -> JSONObject:
        """Its keys in `check --json`."""
        client: JSONObject = {"user": self.client.user, "user_agent": self.client.agent}
        return {"rule": self.rule, **client, "count": self.count, "says": self.says, "first": self.first}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One exchange as the rules see it."""

    exchange: Exchange
    client: Client
    cost: Cost
    no_op: bool


class Rule(Protocol):
    """Sees all exchanges in the order of their heads, and tells afterwards."""

    name: str
    explains: str

    def see(self, seen: Seen) -> None:
        """One more."""

    def findings(self) -> list[Finding]:
        """What it found."""


@dataclass(slots=True)
class Tally:
    """How often, and when first."""

    first: Seq
    count: int = 0

    def finding(self, rule: str, client: Client, says: str) -> Finding:
        """What it comes to."""
        return Finding(rule=rule, client=client, count=self.count, says=says, first=self.first)


class Tallies[K: Hashable]:
    """A tally for each of a bounded number of things."""

    def __init__(self) -> None:
        self._tallies: dict[K, Tally] = {}

    def add(self, key: K, seq: Seq, count: int = 1) -> None:
        """Count some more of one."""
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= MAX_GROUPS:
                return
            tally = self._tallies[key] = Tally(seq)
        tally.count += count

    def count(self, key: K) -> int:
        """Of one."""
        tally = self._tallies.get(key)
        return tally.count if tally else 0

    def items(self) -> list[tuple[K, Tally]]:
        """All, the most first."""
        return sorted(self._tallies.items(), key=lambda item: -item[1].count)
