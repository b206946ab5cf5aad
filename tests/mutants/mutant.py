"""A mutant: a behaviour that a server has in another way, and where a comparison must see it first."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from kproxy.lab.emulated.store import Store
from kproxy.model.exchange import Exchange
from kproxy.model.verdict import Difference
from tests.mutants.lies import Lie

type Golden = Literal["dense", "hello-demo", "hello-kubectl", "people"]


class Way(StrEnum):
    """How it is made."""

    SERVER = "mutating server"
    STORAGE = "emulated server over a bent store"
    FLAGS = "flags of kube-apiserver"
    ETCD = "edit of etcd"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the first cause stands: the exchange's method and target (whole; "" for none), where, and the path.

    `target` and `path` are regular expressions; the query belongs to the target where the expression names it.
    """

    method: str
    target: str
    where: str
    path: str

    def matches(self, difference: Difference, exchange: Exchange | None) -> bool:
        """Whether a difference, in this exchange of the golden, stands there."""
        return (
            self._of(exchange)
            and re.fullmatch(self.where, difference.where) is not None
            and re.fullmatch(self.path, difference.path) is not None
        )

    def _of(self, exchange: Exchange | None) -> bool:
        if exchange is None or not self.method:
            return exchange is None and not self.method
        path = exchange.request.target.partition("?")[0]
        named = (exchange.request.target, path)
        return re.fullmatch(self.method, exchange.request.method) is not None and any(
            re.fullmatch(self.target, each) for each in named
        )

    def __str__(self) -> str:
        """For tables."""
        return f"{self.method} {self.target}: {self.where} {self.path}".strip()


NOWHERE = None
"""The place of what must make no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One entry of the catalogue.

    `area`: what of the API it is about; `does`: the behaviour in a sentence; `first`: where the first finding must
    stand (None: there must be none). Made by one of `lie`, `store`, `flags` (lie: in front of an honest server of
    kind `server`; store: the emulated server over what it makes of its etcd; flags: kube-apiserver's, beside the
    lab's own); `way` is ETCD where a lie only edits etcd.
    """

    name: str
    area: str
    does: str
    way: Way
    first: Place | None
    golden: Golden = "dense"
    server: Literal["emulated", "kube-apiserver"] = "emulated"
    lie: Callable[[], Lie] | None = None
    store: Callable[[Store], Store] | None = None
    flags: tuple[tuple[str, str], ...] = ()
