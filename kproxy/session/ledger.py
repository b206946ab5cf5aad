"""The ledger as the contract's `correlate --json` has it, and as people ask for it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from kproxy.correlate.coverage import Coverage, coverage
from kproxy.model.attribution import Basis, LedgerEntry, Standing
from kproxy.model.etcd import key_text
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.session.opened import Opened

ONLY = (*(each.value for each in Standing), *(each.value for each in Basis), "consequence", "contradicted")
"""What entries can be asked for by: where they stand, their ground, a link, a contradiction."""

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are shown: any of `only` (all where it is empty), the key containing `key`, caused by `seq`."""

    only: frozenset[str] = frozenset()
    key: str = ""
    seq: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.only and not self.key and self.seq is None

    def accept(self, entry: LedgerEntry) -> bool:
        """Whether an entry is shown."""
        ground, link = entry.attribution, entry.consequence
        return (
            (not self.only or not self.only.isdisjoint(_names(entry)))
            and self.key in key_text(entry.change.key)
            and (self.seq is None or self.seq in {ground.seq if ground else None, link.seq if link else None})
        )


@dataclass(slots=True)
class Reason:
    """Why changes have no ground, for those of one reason: how many, and the first of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


def entries(session: Opened, wanted: Wanted) -> Iterator[LedgerEntry]:
    """The entries that are shown, in the order of revisions."""
    return (entry for entry in session.ledger.entries if wanted.accept(entry))


def reasons(session: Opened) -> dict[str, Reason]:
    """Why changes have no ground, the most frequent first; numbers in a sentence do not make it another reason."""
    found: dict[str, Reason] = {}
    counts: Counter[str] = Counter()
    for entry in session.ledger.entries:
        if entry.standing is Standing.UNATTRIBUTED:
            kind = _without_numbers(entry.reason)
            reason = found.setdefault(kind, Reason())
            reason.count += 1
            counts[kind] += 1
            if len(reason.examples) < _EXAMPLES:
                reason.examples.append(f"{key_text(entry.change.key)}@{entry.change.revision}")
    return {kind: found[kind] for kind, _ in counts.most_common()}


def figures(session: Opened) -> Coverage:
    """The ledger in figures."""
    return coverage(session.ledger)


def figures_document(session: Opened) -> JSONObject:
    """Figures, no-op writes, and the gaps of the etcd watch, so that what is missing is seen: all but the entries."""
    found = figures(session)
    return {
        "revisions": found.revisions,
        "attributed": dict(found.attributed),
        "background": found.background,
        "consequence": found.consequence,
        "unattributed": found.unattributed,
        "before": found.before,
        "contradicted": found.contradicted,
        "no_op_writes": [
            {"seq": no_op.seq, "key": key_text(no_op.key), "revision": no_op.revision}
            for no_op in session.ledger.no_op_writes
        ],
        "gaps": [
            {
                "reason": gap.reason,
                "first_revision": gap.first_revision,
                "last_revision": gap.last_revision,
                "etcd": gap.cluster,
            }
            for gap in session.recording.gaps()
            if gap.kind == "etcd"
        ],
    }


def entry_document(entry: LedgerEntry) -> JSON:
    """One entry; `etcd` is the id of the cluster whose revision it is."""
    change, ground, link = entry.change, entry.attribution, entry.consequence
    return {
        "etcd": change.cluster,
        "revision": change.revision,
        "type": change.type.value,
        "key": key_text(change.key),
        "standing": entry.standing.value,
        "background": entry.background,
        "seq": ground.seq if ground else None,
        "basis": ground.basis.value if ground else None,
        "evidence": ground.evidence if ground else None,
        "contradictions": list(entry.contradictions),
        "consequence": {"seq": link.seq, "evidence": link.evidence} if link else None,
        "reason": entry.reason,
    }


def _names(entry: LedgerEntry) -> Iterator[str]:
    yield entry.standing.value
    if entry.attribution is not None:
        yield entry.attribution.basis.value
    if entry.consequence is not None:
        yield "consequence"
    if entry.contradictions:
        yield "contradicted"


def _without_numbers(reason: str) -> str:
    words = ("…" if word.strip("#,.:;").isdigit() else word for word in reason.split())
    return " ".join(words)
