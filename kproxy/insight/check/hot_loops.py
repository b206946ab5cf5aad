"""The same request, again and again."""

from collections import Counter

from kproxy.insight.check.bursts import Bursts
from kproxy.insight.check.finding import HOT_SECONDS, Finding, Seen, Tallies, Thresholds
from kproxy.insight.clients import Client
from kproxy.insight.stats import resource_of
from kproxy.model.exchange import Digest

type _Same = tuple[Client, str, str, Digest | None]
type _Kind = tuple[Client, str, str]


class HotLoops:
    """Equal requests (method, target, body) of one client at a high rate, whether they fail or not.

    Not watches, which have a rule of their own, and not creates that make an object each: with a generateName they are
    equal.
    """

    name = "hot-loop"
    explains = "the same request again and again"

    def __init__(self, thresholds: Thresholds) -> None:
        self._bursts: Bursts[_Same] = Bursts(thresholds.hot_loop, HOT_SECONDS)
        self._hot: Tallies[_Kind] = Tallies()
        self._answers: dict[_Kind, Counter[str]] = {}

    def see(self, seen: Seen) -> None:
        """Look at its rate."""
        exchange = seen.exchange
        made = exchange.info.verb == "create" and exchange.answer is not None and exchange.answer.status == 201
        if made or exchange.info.verb == "watch":
            return
        request = exchange.request
        hits = self._bursts.hits((seen.client, request.method, request.target, request.body.digest), exchange.started)
        if hits:
            kind = (seen.client, exchange.info.verb or request.method, resource_of(exchange.info))
            self._hot.add(kind, exchange.seq, hits)
            answers = self._answers.setdefault(kind, Counter())
            answers[str(exchange.answer.status) if exchange.answer else "none"] += 1

    def findings(self) -> list[Finding]:
        """All of them, with what was answered."""
        return [
            tally.finding(
                self.name,
                kind[0],
                f"{tally.count} equal requests at a high rate ({kind[1]} {kind[2]}), "
                f"mostly answered {self._answers[kind].most_common(1)[0][0]}",
            )
            for kind, tally in self._hot.items()
        ]
