"""A key's entries of the ledger: out of the one that was kept, else out of one that is computed now."""

from collections.abc import Iterator
from functools import cached_property
from typing import Protocol, runtime_checkable

from kproxy.correlate.ledger import CORRELATOR, correlate
from kproxy.model.attribution import Ledger, LedgerEntry
from kproxy.model.etcd import EtcdKey, KeyChange
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording


@runtime_checkable
class KeepsLedger(Protocol):
    """A recording that may have its ledger kept with it; where none is kept, nothing is found."""

    def kept_version(self) -> int:
        """The number of the correlator that made it, 0 where none is kept."""

    def kept_entries(self, key: EtcdKey) -> Iterator[LedgerEntry]:
        """One key's, in the order of (cluster, revision)."""

    def kept_by(self, seq: Seq) -> Iterator[LedgerEntry]:
        """What an exchange caused, in the order of (cluster, revision, key)."""

    def kept_after(self, seq: Seq) -> Iterator[LedgerEntry]:
        """The follow-ups to what an exchange wrote."""


class Entries:
    """Looks entries up; without a kept ledger the whole of it is computed, once, when the first one is asked for."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        keeping = recording if isinstance(recording, KeepsLedger) else None
        self._kept = keeping if keeping is not None and keeping.kept_version() == CORRELATOR else None

    def of_key(self, key: EtcdKey) -> list[LedgerEntry]:
        """The changes of a key in the order of (cluster, revision), each with where it stands."""
        changes = list(self._recording.changes_of(key))
        if self._kept is not None and changes:
            kept = list(self._kept.kept_entries(key))
            if len(kept) == len(changes):
                return kept
            self._kept = None  # none, or one of an earlier state of the recording
        return [self._computed[_id(change)] for change in changes]

    def of_exchange(self, seq: Seq) -> list[LedgerEntry]:
        """The changes that an exchange caused, in the order of (cluster, revision, key)."""
        if self._kept is not None:
            return list(self._kept.kept_by(seq))
        caused = self.ledger.by_seq.get(seq, ())
        return [self._computed[each.cluster, each.revision, each.key] for each in caused]

    def after_exchange(self, seq: Seq) -> list[LedgerEntry]:
        """The controllers' follow-ups to what an exchange wrote."""
        if self._kept is not None:
            return list(self._kept.kept_after(seq))
        return [each for each in self._computed.values() if each.consequence and each.consequence.seq == seq]

    @cached_property
    def ledger(self) -> Ledger:
        """The whole, computed from the raw recording."""
        return correlate(self._recording)

    @cached_property
    def _computed(self) -> dict[tuple[str, int, bytes], LedgerEntry]:
        return {_id(entry.change): entry for entry in self.ledger.entries}


def _id(change: KeyChange) -> tuple[str, int, bytes]:
    return change.cluster, change.revision, change.key
