"""Who asked for a change: enough of each exchange to tell one client from another."""

from array import array
from bisect import bisect_left
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from kproxy.model.exchange import Exchange, Seq, header


class Actor(NamedTuple):
    """A client and the kind of its request: its field manager, as whom it called, verb and subresource."""

    manager: str
    caller: str
    verb: str
    subresource: str

    def is_same(self, other: "Actor") -> bool:
        """Whether it is one client."""
        return (self.manager, self.caller) == (other.manager, other.caller)


class Actors:
    """The actors of a recording's writing exchanges, in the order of seq."""

    def __init__(self) -> None:
        self._seqs, self._ids = array("q"), array("i")
        self._known: dict[Actor, int] = {}
        self._actors: list[Actor] = []

    def add(self, exchange: Exchange) -> None:
        """One that comes later than those before."""
        actor = actor_of(exchange)
        number = self._known.setdefault(actor, len(self._known))
        if number == len(self._actors):
            self._actors.append(actor)
        self._seqs.append(exchange.seq)
        self._ids.append(number)

    def get(self, seq: Seq) -> Actor | None:
        """Who an exchange is by."""
        index = bisect_left(self._seqs, seq)
        found = index < len(self._seqs) and self._seqs[index] == seq
        return self._actors[self._ids[index]] if found else None

    def managers(self) -> frozenset[str]:
        """The field managers of all of them."""
        return frozenset(actor.manager for actor in self._actors)


def actor_of(exchange: Exchange) -> Actor:
    """The api-server's own rule for a request without fieldManager: the User-Agent up to its first slash.

    Source: apiserver/pkg/endpoints/handlers/create.go (managerOrUserAgent).
    """
    target = exchange.request.target
    named = parse_qs(urlsplit(target).query).get("fieldManager", [""])[0] if "fieldManager=" in target else ""
    agent = header(exchange.request.headers, "user-agent")
    info = exchange.info
    return Actor(named or agent.partition("/")[0], exchange.forwarded or exchange.caller, info.verb, info.subresource)
