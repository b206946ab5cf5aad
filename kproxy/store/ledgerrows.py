"""The ledger that a recording keeps, as rows of the tables, and back."""

from kproxy.model.attribution import Attribution, Basis, Consequence, LedgerEntry, NoOpWrite, Standing
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Seq
from kproxy.store.cells import Columns, Row, dump, texts_of


def entry_row(entry: LedgerEntry) -> Row:
    """In the order of schema.ledger's columns."""
    change, ground, link = entry.change, entry.attribution, entry.consequence
    return (
        change.cluster,
        change.revision,
        change.key,
        entry.standing.value,
        *((None, None, None) if ground is None else (ground.seq, ground.basis.value, ground.evidence)),
        entry.background,
        *((None, None) if link is None else (link.seq, link.evidence)),
        dump(entry.contradictions),
        entry.reason,
    )


def entry_of(row: Columns, change: KeyChange) -> LedgerEntry:
    """What entry_row made of this change's entry."""
    return LedgerEntry(
        change=change,
        standing=Standing(row["standing"]),
        attribution=None if row["seq"] is None else attribution_of(row, change.type),
        background=row["background"],
        consequence=None
        if row["consequence_seq"] is None
        else Consequence(seq=Seq(row["consequence_seq"]), evidence=row["consequence_evidence"]),
        contradictions=texts_of(row["contradictions"]),
        reason=row["reason"],
    )


def attribution_of(row: Columns, kind: ChangeType) -> Attribution:
    """The attribution in what entry_row made; `kind`: its change's type."""
    return Attribution(
        cluster=ClusterId(row["cluster"]),
        revision=Revision(row["revision"]),
        key=EtcdKey(row["key"]),
        type=kind,
        seq=Seq(row["seq"]),
        basis=Basis(row["basis"]),
        evidence=row["evidence"],
    )


def no_op_row(write: NoOpWrite) -> Row:
    """In the order of schema.no_op_writes's columns."""
    return (write.seq, write.key, write.revision)


def no_op_of(row: Columns) -> NoOpWrite:
    """What no_op_row made."""
    return NoOpWrite(seq=Seq(row["seq"]), key=EtcdKey(row["key"]), revision=Revision(row["revision"]))
