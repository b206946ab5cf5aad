"""All Secrets of a cluster."""

from kproxy.insight.check.finding import Finding, Seen, Tallies
from kproxy.insight.clients import Client


class AllSecrets:
    """Lists and watches of Secrets in all namespaces: whoever takes that client over has them all."""

    name = "all-secrets"
    explains = "secrets read in the whole cluster"

    def __init__(self) -> None:
        self._read: Tallies[Client] = Tallies()

    def see(self, seen: Seen) -> None:
        """Look at reads of secrets."""
        info, answer = seen.exchange.info, seen.exchange.answer
        secrets = (info.group, info.resource, info.namespace, info.name) == ("", "secrets", "", "")
        if secrets and info.verb in {"list", "watch"} and answer is not None and answer.status == 200:
            self._read.add(seen.client, seen.exchange.seq)

    def findings(self) -> list[Finding]:
        """All of them."""
        return [
            tally.finding(self.name, client, f"{tally.count} lists or watches of the secrets of all namespaces")
            for client, tally in self._read.items()
        ]
