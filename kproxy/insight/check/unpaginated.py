"""Large lists in one piece."""

from dataclasses import dataclass

from kproxy.insight.check.finding import MAX_GROUPS, Finding, Seen, Thresholds
from kproxy.insight.clients import Client
from kproxy.insight.stats import resource_of
from kproxy.model.exchange import Seq
from kproxy.wire.requestinfo import first_values


@dataclass(slots=True)
class _Lists:
    first: Seq
    count: int = 0
    largest: int = 0
    from_etcd: int = 0


class UnpaginatedLists:
    """Lists without `limit` whose answer is large: the server builds it whole in memory."""

    name = "unpaginated-list"
    explains = "large lists without a limit"

    def __init__(self, thresholds: Thresholds) -> None:
        self._least = thresholds.large_list
        self._lists: dict[tuple[Client, str], _Lists] = {}

    def see(self, seen: Seen) -> None:
        """Look at a list's size and query."""
        exchange = seen.exchange
        if exchange.info.verb != "list" or exchange.answer is None or exchange.answer.body.size < self._least:
            return
        asked = first_values(exchange.request.target.partition("?")[2])
        if asked.get("limit", "0") != "0" or asked.get("continue"):
            return
        key = (seen.client, resource_of(exchange.info))
        if key in self._lists or len(self._lists) < MAX_GROUPS:
            lists = self._lists.setdefault(key, _Lists(exchange.seq))
            lists.count += 1
            lists.largest = max(lists.largest, exchange.answer.body.size)
            lists.from_etcd += seen.cost.lists > 0

    def findings(self) -> list[Finding]:
        """All of them."""
        return [
            Finding(rule=self.name, client=client, count=lists.count, says=_says(resource, lists), first=lists.first)
            for (client, resource), lists in sorted(self._lists.items(), key=lambda item: -item[1].count)
        ]


def _says(resource: str, lists: _Lists) -> str:
    where = f", {lists.from_etcd} of them read from etcd" if lists.from_etcd else ""
    return f"{lists.count} lists of {resource} without a limit, up to {lists.largest / 2**20:.1f} MiB{where}"
