"""What the server warns of."""

from kproxy.insight.check.finding import Finding, Seen, Tallies
from kproxy.insight.clients import Client
from kproxy.wire.warnings import warning_texts

_LONGEST = 300


class Deprecations:
    """Answers with a Warning that something is deprecated: a version of the API, a field, a value."""

    name = "deprecated"
    explains = "what the server's Warning headers call deprecated"

    def __init__(self) -> None:
        self._warned: Tallies[tuple[Client, str]] = Tallies()

    def see(self, seen: Seen) -> None:
        """Read its warnings."""
        if seen.exchange.answer is not None:
            for text in warning_texts(seen.exchange.answer.headers):
                if "deprecated" in text.lower():
                    self._warned.add((seen.client, text[:_LONGEST]), seen.exchange.seq)

    def findings(self) -> list[Finding]:
        """All of them."""
        return [tally.finding(self.name, client, text) for (client, text), tally in self._warned.items()]
