"""Requests that mostly fail."""

from collections import Counter
from dataclasses import dataclass, field

from kproxy.insight.check.finding import MAX_GROUPS, Finding, Seen, Thresholds
from kproxy.insight.clients import Client
from kproxy.insight.stats import resource_of
from kproxy.model.exchange import Seq

_SHARE = 0.5


@dataclass(slots=True)
class _Requests:
    first: Seq | None = None
    count: int = 0
    errors: Counter[int] = field(default_factory=Counter)


class Failing:
    """One kind of request of a client, half of which or more the server refuses: what it does is of no use."""

    name = "failing"
    explains = "requests that mostly fail"

    def __init__(self, thresholds: Thresholds) -> None:
        self._least = thresholds.failing
        self._requests: dict[tuple[Client, str, str], _Requests] = {}

    def see(self, seen: Seen) -> None:
        """Count it, and its error."""
        exchange = seen.exchange
        key = (seen.client, exchange.info.verb, resource_of(exchange.info))
        if exchange.answer is None or (key not in self._requests and len(self._requests) >= MAX_GROUPS):
            return
        requests = self._requests.setdefault(key, _Requests())
        requests.count += 1
        if exchange.answer.status >= 400:
            requests.errors[exchange.answer.status] += 1
            requests.first = requests.first or exchange.seq

    def findings(self) -> list[Finding]:
        """Those with many errors."""
        found = []
        for (client, verb, resource), requests in self._requests.items():
            errors = requests.errors.total()
            if requests.first is None or errors < self._least or errors < _SHARE * requests.count:
                continue
            says = f"{errors} of {requests.count} requests ({verb} {resource}) failed, mostly with "
            says += str(requests.errors.most_common(1)[0][0])
            found.append(Finding(rule=self.name, client=client, count=errors, says=says, first=requests.first))
        return sorted(found, key=lambda finding: -finding.count)
