"""A key's entries of the ledger: out of the one that was kept, else out of one that is computed now."""

from functools import cached_property

from kproxy.correlate.number import CORRELATOR
from kproxy.model.attribution import Ledger, LedgerEntry
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.session.opened import ledger_of
from kproxy.store.kept import kept_entries


class Entries:
    """Looks entries up; without a kept ledger the whole of it is computed, once, when the first one is asked for."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._kept = kept_entries(recording, CORRELATOR)

    def of_key(self, key: EtcdKey) -> list[LedgerEntry]:
        """The changes of a key in the order of (cluster, revision), each with where it stands."""
        if self._kept is not None:
            return self._kept.of_key(key)
        found = map(self.ledger.entry, self._recording.changes_of(key))
        return [entry for entry in found if entry is not None]

    def of_exchange(self, seq: Seq) -> list[LedgerEntry]:
        """The changes that an exchange caused, in the order of (cluster, revision, key)."""
        if self._kept is not None:
            return self._kept.of_exchange(seq)
        caused = {(each.cluster, each.revision, each.key) for each in self.ledger.by_seq.get(seq, ())}
        keys = dict.fromkeys(key for _, _, key in sorted(caused))
        changes = (change for key in keys for change in self._recording.changes_of(key) if change.place in caused)
        found = map(self.ledger.entry, sorted(changes, key=lambda change: change.place))
        return [entry for entry in found if entry is not None]

    def after_exchange(self, seq: Seq) -> list[LedgerEntry]:
        """The controllers' follow-ups to what an exchange wrote."""
        if self._kept is not None:
            return self._kept.after_exchange(seq)
        return [each for each in self.ledger.entries if each.consequence and each.consequence.seq == seq]

    @cached_property
    def ledger(self) -> Ledger:
        """The whole."""
        return ledger_of(self._recording)
