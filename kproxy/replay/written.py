"""Which revision each exchange made, as far as the ledger proves it: what the order of a replay stands on."""

from collections.abc import Iterable

from kproxy.model.attribution import Attribution, Basis, Ledger
from kproxy.model.etcd import ClusterId, Revision
from kproxy.model.exchange import Seq

_OF_THE_REQUEST = frozenset({Basis.TRACED, Basis.OTLP, Basis.REVISION})
"""Grounds of what was written while the request went on."""


def written_revisions(ledger: Ledger, cluster: ClusterId | None) -> dict[Seq, Revision]:
    """The revision that each exchange made last while it went on, in the main etcd: `cluster` (None: in any).

    A guess (window, lease) orders nothing. By the ground `object` alone it is the first one: the later ones may be the
    end of what it began, a deletion that waited.
    """
    found: dict[Seq, Revision] = {}
    for seq, claims in ledger.by_seq.items():
        revision = _revision(claim for claim in claims if cluster is None or claim.cluster == cluster)
        if revision is not None:
            found[seq] = revision
    return found


def _revision(claims: Iterable[Attribution]) -> Revision | None:
    by_object: list[Revision] = []
    at_once: list[Revision] = []
    for claim in claims:
        if claim.basis in _OF_THE_REQUEST:
            at_once.append(claim.revision)
        elif claim.basis is Basis.OBJECT:
            by_object.append(claim.revision)
    return max(at_once) if at_once else min(by_object, default=None)
