"""Writes that change nothing."""

from kproxy.insight.check.finding import Finding, Seen, Tallies, Thresholds
from kproxy.insight.clients import Client
from kproxy.insight.stats import resource_of

_WRITES = frozenset({"update", "patch", "delete", "deletecollection", "create"})


class NoOpWriters:
    """A client that writes again and again what is there already: it could compare first."""

    name = "no-op-writer"
    explains = "writes that changed nothing in etcd"

    def __init__(self, thresholds: Thresholds) -> None:
        self._least = thresholds.no_ops
        self._writes: Tallies[tuple[Client, str, str]] = Tallies()
        self._no_ops: Tallies[tuple[Client, str, str]] = Tallies()

    def see(self, seen: Seen) -> None:
        """Count writes and those without effect."""
        verb = seen.exchange.info.verb
        if verb in _WRITES:
            key = (seen.client, verb, resource_of(seen.exchange.info))
            self._writes.add(key, seen.exchange.seq)
            if seen.no_op:
                self._no_ops.add(key, seen.exchange.seq)

    def findings(self) -> list[Finding]:
        """Those with many."""
        return [
            tally.finding(
                self.name,
                client,
                f"{tally.count} of {self._writes.count((client, verb, resource))} requests "
                f"({verb} {resource}) wrote nothing",
            )
            for (client, verb, resource), tally in self._no_ops.items()
            if tally.count >= self._least
        ]
