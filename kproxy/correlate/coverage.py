"""The ledger in figures."""

from collections import Counter
from dataclasses import dataclass

from kproxy.model.attribution import Basis, Ledger, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many changes of keys have which ground.

    `revisions` counts changes; a change on the background list counts as background even when a request caused it.
    """

    revisions: int
    attributed: dict[str, int]
    background: int
    consequence: int
    unattributed: int


def coverage(ledger: Ledger) -> Coverage:
    """Count the ledger. Every basis is there, 0 where absent."""
    standings = Counter(entry.standing for entry in ledger.entries)
    bases = Counter(
        entry.attribution.basis
        for entry in ledger.entries
        if entry.attribution is not None and entry.standing is Standing.ATTRIBUTED
    )
    return Coverage(
        revisions=len(ledger.entries),
        attributed={basis.value: bases[basis] for basis in Basis},
        background=standings[Standing.BACKGROUND],
        consequence=0,
        unattributed=standings[Standing.UNATTRIBUTED],
    )
