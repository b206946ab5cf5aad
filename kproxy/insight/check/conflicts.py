"""Conflicts in great numbers."""

from kproxy.insight.check.bursts import Bursts
from kproxy.insight.check.finding import CONFLICT_SECONDS, Finding, Seen, Tallies, Thresholds
from kproxy.insight.clients import Client
from kproxy.insight.stats import resource_of

_MAY_CONFLICT = frozenset({"update", "patch", "delete"})


class Conflicts:
    """409 answers to updates: somebody else writes the same objects, or the client's copy is old.

    A create's 409 says that the object exists, and is none.
    """

    name = "conflict-storm"
    explains = "many conflicts (409) in a short time"

    def __init__(self, thresholds: Thresholds) -> None:
        self._bursts: Bursts[tuple[Client, str]] = Bursts(thresholds.conflicts, CONFLICT_SECONDS)
        self._storms: Tallies[tuple[Client, str]] = Tallies()
        self._writes: Tallies[tuple[Client, str]] = Tallies()

    def see(self, seen: Seen) -> None:
        """Look at writes."""
        exchange = seen.exchange
        if exchange.info.verb not in _MAY_CONFLICT or exchange.answer is None:
            return
        key = (seen.client, resource_of(exchange.info))
        self._writes.add(key, exchange.seq)
        if exchange.answer.status == 409 and (hits := self._bursts.hits(key, exchange.started)):
            self._storms.add(key, exchange.seq, hits)

    def findings(self) -> list[Finding]:
        """All of them."""
        return [
            tally.finding(self.name, key[0], f"{tally.count} conflicts in {self._writes.count(key)} writes of {key[1]}")
            for key, tally in self._storms.items()
        ]
