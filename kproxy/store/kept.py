"""The ledger that was kept in a recording, read as it is asked for: no question takes longer in a large one."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, ItemsView, Iterator, Mapping
from functools import partial
from itertools import groupby

from kproxy.errors import RecordingError
from kproxy.model.attribution import Attribution, Ledger, LedgerEntry, NoOpWrite
from kproxy.model.etcd import ChangeType, EtcdKey, KeyChange
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.store import etcdrows, ledgerrows
from kproxy.store.cells import Columns
from kproxy.store.reader import CHUNK, FileRecording


def kept_ledger(recording: Recording, version: int) -> Ledger | None:
    """The ledger that a correlator of this version kept in the recording, None where there is none."""
    if not isinstance(recording, FileRecording) or recording.growing or recording.kept_version() != version:
        return None
    return Ledger(entries=_Entries(recording), no_op_writes=_NoOps(recording), by_seq=_BySeq(recording))


def kept_entries(recording: Recording, version: int) -> "KeptEntries | None":
    """The entries of such a ledger, asked for one key or one exchange at a time; None where there is none."""
    if not isinstance(recording, FileRecording) or recording.growing or recording.kept_version() != version:
        return None
    return KeptEntries(recording)


class KeptEntries:
    """Entries that were kept, by what they are of."""

    def __init__(self, recording: FileRecording) -> None:
        self._recording = recording

    def of_key(self, key: EtcdKey) -> list[LedgerEntry]:
        """One key's, in the order of (cluster, revision)."""
        return self._of("entries of key", key=key)

    def of_exchange(self, seq: Seq) -> list[LedgerEntry]:
        """What an exchange caused, in the order of (cluster, revision, key)."""
        return self._of("entries of exchange", seq=seq)

    def after_exchange(self, seq: Seq) -> list[LedgerEntry]:
        """The follow-ups to what an exchange wrote; the whole ledger is looked through for them."""
        return self._of("entries after exchange", seq=seq)

    def _of(self, question: str, **given: object) -> list[LedgerEntry]:
        return [self._recording.value(_whole_entry, row) for row in self._recording.chunk(question, **given)]


class _Entries(Collection[LedgerEntry]):
    def __init__(self, recording: FileRecording) -> None:
        self._recording = recording

    def __len__(self) -> int:
        return self._recording.count("ledger")

    def __iter__(self) -> Iterator[LedgerEntry]:
        kept = self._recording.in_order("ledger")
        for change in self._recording.key_changes():
            row = next(kept, None)
            if row is None or (row["cluster"], row["revision"], row["key"]) != (
                change.cluster,
                change.revision,
                change.key,
            ):
                raise RecordingError(
                    f"the ledger that {self._recording.path} keeps is not that of its changes: "
                    "`kproxy correlate FILE --keep` computes it again"
                )
            yield self._recording.value(partial(_entry, change), row)

    def __contains__(self, entry: object) -> bool:
        return isinstance(entry, LedgerEntry) and self._recording.kept_entry(entry.change) == entry


class _NoOps(Collection[NoOpWrite]):
    def __init__(self, recording: FileRecording) -> None:
        self._recording = recording

    def __len__(self) -> int:
        return self._recording.count("no_op_writes")

    def __iter__(self) -> Iterator[NoOpWrite]:
        return self._recording.kept_no_ops()

    def __contains__(self, write: object) -> bool:
        return any(each == write for each in self)


class _BySeq(Mapping[Seq, tuple[Attribution, ...]]):
    def __init__(self, recording: FileRecording) -> None:
        self._recording = recording
        self._known: array[int] | None = None

    def __getitem__(self, seq: Seq) -> tuple[Attribution, ...]:
        found = self._recording.chunk("attributions of exchange", seq=seq) if seq in self else ()
        if not found:
            raise KeyError(seq)
        return tuple(self._recording.value(_attribution, row) for row in found)

    def __contains__(self, seq: object) -> bool:
        known = self._seqs()
        index = bisect_left(known, seq) if isinstance(seq, int) else len(known)
        return index < len(known) and known[index] == seq

    def __iter__(self) -> Iterator[Seq]:
        return map(Seq, self._seqs())

    def __len__(self) -> int:
        return len(self._seqs())

    def items(self) -> ItemsView[Seq, tuple[Attribution, ...]]:
        """All of them, read in the order of seq instead of one by one."""
        return _Items(self, self._recording)

    def _seqs(self) -> array[int]:
        if self._known is None:
            self._known = array("q", [row["seq"] for row in self._recording.chunk("causing")])
        return self._known


class _Items(ItemsView[Seq, tuple[Attribution, ...]]):
    def __init__(self, mapping: _BySeq, recording: FileRecording) -> None:
        super().__init__(mapping)
        self._recording = recording

    def __iter__(self) -> Iterator[tuple[Seq, tuple[Attribution, ...]]]:
        for seq, found in groupby(self._rows(), key=lambda row: row["seq"]):
            yield Seq(seq), tuple(self._recording.value(_attribution, row) for row in found)

    def _rows(self) -> Iterator[Columns]:
        """Chunk by chunk of whole exchanges: from the last one that a chunk holds, the next begins."""
        after = -1
        while found := self._recording.chunk("attributions", after=after, limit=CHUNK):
            last = found[-1]["seq"]
            whole = [row for row in found if row["seq"] != last] if len(found) == CHUNK else found
            if not whole:
                whole = self._recording.chunk("attributions of exchange", seq=last)
            yield from whole
            after = whole[-1]["seq"]


def _whole_entry(row: Columns) -> LedgerEntry:
    return ledgerrows.entry_of(row, etcdrows.change_of(row))


def _entry(change: KeyChange, row: Columns) -> LedgerEntry:
    return ledgerrows.entry_of(row, change)


def _attribution(row: Columns) -> Attribution:
    return ledgerrows.attribution_of(row, ChangeType(row["type"]))
