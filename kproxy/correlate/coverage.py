"""The ledger in figures."""

from collections import Counter
from dataclasses import dataclass

from kproxy.model.attribution import Basis, Ledger, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many changes of keys have which ground.

    `revisions` counts changes; a change on the background list counts as background even when a request caused it.
    `consequence` counts the entries with such a link, whatever else they are; `before` those from etcd's history.
    """

    revisions: int
    attributed: dict[str, int]
    background: int
    consequence: int
    unattributed: int
    before: int
    contradicted: int


def coverage(ledger: Ledger) -> Coverage:
    """Count the ledger. Every basis is there, 0 where absent."""
    standings: Counter[Standing] = Counter()
    bases: Counter[Basis] = Counter()
    consequence = contradicted = 0
    for entry in ledger.entries:
        standings[entry.standing] += 1
        if entry.attribution is not None and entry.standing is Standing.ATTRIBUTED:
            bases[entry.attribution.basis] += 1
        consequence += entry.consequence is not None
        contradicted += bool(entry.contradictions)
    return Coverage(
        revisions=standings.total(),
        attributed={basis.value: bases[basis] for basis in Basis},
        background=standings[Standing.BACKGROUND],
        consequence=consequence,
        unattributed=standings[Standing.UNATTRIBUTED],
        before=standings[Standing.BEFORE],
        contradicted=contradicted,
    )
