"""Retry-After that nobody waits for."""

from collections import OrderedDict

from kproxy.insight.check.finding import SECOND, Finding, Seen, Tallies
from kproxy.insight.clients import Client
from kproxy.insight.stats import resource_of
from kproxy.model.exchange import Exchange, header

_KEPT = 20_000
_ASKED_TO_WAIT = frozenset({429, 503})
_LONGEST_WAIT = 3600

type _Same = tuple[Client, str, str]


class IgnoredRetryAfter:
    """A request that is sent again before the time is over that a 429 or 503 had named in Retry-After."""

    name = "retry-too-early"
    explains = "requests sent again before Retry-After had passed"

    def __init__(self) -> None:
        self._until: OrderedDict[_Same, int] = OrderedDict()
        self._early: Tallies[tuple[Client, str]] = Tallies()

    def see(self, seen: Seen) -> None:
        """Whether it should have waited, and whether the next one should."""
        exchange = seen.exchange
        key = (seen.client, exchange.request.method, exchange.request.target)
        until = self._until.pop(key, None)
        if until is not None and exchange.started < until:
            self._early.add((seen.client, resource_of(exchange.info)), exchange.seq)
        if (wait := _wait(exchange)) is not None:
            self._until[key] = wait
            if len(self._until) > _KEPT:
                self._until.popitem(last=False)

    def findings(self) -> list[Finding]:
        """All of them."""
        return [
            tally.finding(
                self.name,
                client,
                f"{tally.count} requests of {resource} came again before their answer's Retry-After had passed",
            )
            for (client, resource), tally in self._early.items()
        ]


def _wait(exchange: Exchange) -> int | None:
    """Until when its answer asks to wait; seconds only, as the api-server says it."""
    answer = exchange.answer
    if answer is None or answer.status not in _ASKED_TO_WAIT or exchange.answered is None:
        return None
    seconds = header(answer.headers, "retry-after").strip()
    if not (seconds.isascii() and seconds.isdigit()) or len(seconds) > 6:
        return None
    return exchange.answered + min(int(seconds), _LONGEST_WAIT) * SECOND
