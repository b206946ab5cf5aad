"""Which revision each exchange made, as far as the ledger proves it: what the order of a replay stands on."""

from collections.abc import Iterable, Iterator, Mapping

from kproxy.model.attribution import Attribution, Basis, Ledger
from kproxy.model.etcd import ClusterId, Revision
from kproxy.model.exchange import Seq

_OF_THE_REQUEST = frozenset({Basis.TRACED, Basis.OTLP, Basis.REVISION})
"""Grounds of what was written while the request went on."""

_AGAIN = 10_000
"""Who goes back this far goes through all again."""


class Written(Mapping[Seq, Revision]):
    """The revision that each exchange made last while it went on, in the main etcd: `cluster` (None: in any).

    A guess (window, lease) orders nothing. By the ground `object` alone it is the first one: the later ones may be the
    end of what it began, a deletion that waited. Asked for in the order of seq, as a plan does, a ledger of any size is
    read along.
    """

    def __init__(self, ledger: Ledger, cluster: ClusterId | None) -> None:
        self._ledger = ledger
        self._cluster = cluster
        self._start()

    def _start(self) -> None:
        self._left = iter(self._ledger.by_seq.items())
        self._passed = -1
        self._next = next(self._left, None)

    def __getitem__(self, seq: Seq) -> Revision:
        """KeyError if the exchange made none that a ground proves."""
        if (revision := self._of(self._claims(seq))) is None:
            raise KeyError(seq)
        return revision

    def _claims(self, seq: Seq) -> Iterable[Attribution]:
        if seq <= self._passed and self._passed - seq > _AGAIN:
            self._start()
        elif seq <= self._passed:
            return self._ledger.by_seq.get(seq, ())
        while self._next is not None and self._next[0] < seq:
            self._next = next(self._left, None)
        self._passed = seq
        return self._next[1] if self._next is not None and self._next[0] == seq else ()

    def _of(self, claims: Iterable[Attribution]) -> Revision | None:
        return _revision(claim for claim in claims if self._cluster is None or claim.cluster == self._cluster)

    def __iter__(self) -> Iterator[Seq]:
        """Those that made one."""
        return (seq for seq, claims in self._ledger.by_seq.items() if self._of(claims) is not None)

    def __len__(self) -> int:
        """How many made one."""
        return sum(1 for _ in self)


def _revision(claims: Iterable[Attribution]) -> Revision | None:
    by_object: list[Revision] = []
    at_once: list[Revision] = []
    for claim in claims:
        if claim.basis in _OF_THE_REQUEST:
            at_once.append(claim.revision)
        elif claim.basis is Basis.OBJECT:
            by_object.append(claim.revision)
    return max(at_once) if at_once else min(by_object, default=None)
