"""The ledger of a part of a session's exchanges: a slice's, or a replay's that was stopped."""

from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, replace

from kproxy.model.attribution import Ledger, LedgerEntry
from kproxy.model.exchange import Seq


def changes_of(ledger: Ledger, exchanges: Container[int]) -> Ledger:
    """A ledger with what these exchanges changed: nothing else of it can be compared."""
    return replace(ledger, entries=_Changes(ledger.entries, exchanges), no_op_writes=())


@dataclass(frozen=True, slots=True)
class _Changes(Collection[LedgerEntry]):
    """Gone through anew each time, as the ledger's own may be."""

    entries: Collection[LedgerEntry]
    exchanges: Container[int]

    def __iter__(self) -> Iterator[LedgerEntry]:
        return (each for each in self.entries if self._counts(each))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, entry: object) -> bool:
        return isinstance(entry, LedgerEntry) and self._counts(entry) and entry in self.entries

    def _counts(self, entry: LedgerEntry) -> bool:
        seq: Seq | None = entry.attribution.seq if entry.attribution is not None else None
        return seq is not None and seq in self.exchanges
