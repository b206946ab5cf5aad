"""The ledger as the contract's `correlate --json` has it."""

from kproxy.correlate.coverage import coverage
from kproxy.model.attribution import LedgerEntry
from kproxy.model.etcd import key_text
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.session.opened import Opened


def ledger_document(session: Opened) -> JSONObject:
    """Figures, no-op writes and every entry; gaps of the etcd watch are named, so that what is missing is seen."""
    figures = coverage(session.ledger)
    return {
        "revisions": figures.revisions,
        "attributed": dict(figures.attributed),
        "background": figures.background,
        "consequence": figures.consequence,
        "unattributed": figures.unattributed,
        "no_op_writes": [
            {"seq": no_op.seq, "key": key_text(no_op.key), "revision": no_op.revision}
            for no_op in session.ledger.no_op_writes
        ],
        "entries": [_entry(entry) for entry in session.ledger.entries],
        "gaps": [
            {"reason": gap.reason, "first_revision": gap.first_revision, "last_revision": gap.last_revision}
            for gap in session.recording.gaps()
            if gap.kind == "etcd"
        ],
    }


def _entry(entry: LedgerEntry) -> JSON:
    change, ground = entry.change, entry.attribution
    return {
        "revision": change.revision,
        "type": change.type.value,
        "key": key_text(change.key),
        "standing": entry.standing.value,
        "background": entry.background,
        "seq": ground.seq if ground else None,
        "basis": ground.basis.value if ground else None,
        "evidence": ground.evidence if ground else None,
    }
