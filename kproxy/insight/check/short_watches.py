"""Watches that are opened and closed."""

from kproxy.insight.check.bursts import Bursts
from kproxy.insight.check.finding import (
    CONFLICT_SECONDS,
    SECOND,
    SHORT_SECONDS,
    Finding,
    Seen,
    Tallies,
    Thresholds,
)
from kproxy.insight.clients import Client
from kproxy.insight.stats import resource_of


class ShortWatches:
    """Watches of a few seconds, one after the other: each costs what a long one costs once."""

    name = "short-watches"
    explains = "watches that are opened and closed again and again"

    def __init__(self, thresholds: Thresholds) -> None:
        self._bursts: Bursts[tuple[Client, str]] = Bursts(thresholds.short_watches, CONFLICT_SECONDS)
        self._short: Tallies[tuple[Client, str]] = Tallies()

    def see(self, seen: Seen) -> None:
        """Look at how long it was."""
        exchange = seen.exchange
        if exchange.info.verb != "watch" or exchange.ended is None:
            return
        if exchange.ended - exchange.started > SHORT_SECONDS * SECOND:
            return
        key = (seen.client, exchange.info.path)
        if hits := self._bursts.hits(key, exchange.started):
            self._short.add((seen.client, resource_of(exchange.info)), exchange.seq, hits)

    def findings(self) -> list[Finding]:
        """All of them."""
        return [
            tally.finding(
                self.name,
                client,
                f"{tally.count} watches of {resource} of less than {SHORT_SECONDS} s in quick succession",
            )
            for (client, resource), tally in self._short.items()
        ]
