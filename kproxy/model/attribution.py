"""Which request caused which change of a key, and on what ground we say so."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Seq


class Basis(StrEnum):
    """The ground of an attribution, best first (docs/correlation.md argues the order)."""

    TRACED = "traced"
    OTLP = "otlp"
    REVISION = "revision"
    OBJECT = "object"
    LEASE = "lease"
    WINDOW = "window"


class Standing(StrEnum):
    """Where a change stands in the ledger."""

    ATTRIBUTED = "attributed"
    BACKGROUND = "background"
    UNATTRIBUTED = "unattributed"
    BEFORE = "before"  # from etcd's history before the session: no request of it can have caused it


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """One change, the exchange that caused it, the ground, and the evidence as one sentence."""

    cluster: ClusterId
    revision: Revision
    key: EtcdKey
    type: ChangeType
    seq: Seq
    basis: Basis
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """A link, no ground: the change is a controller's follow-up to what an exchange wrote.

    `seq` is the exchange whose object the follow-up reconciles; `evidence` one sentence with the chain of owners.
    """

    seq: Seq
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A change of a key and where it stands.

    `background` names the rule of the closed list that its key is on; `contradictions` are sentences: what another
    ground says that the best one does not agree with; `reason` says why a change has no ground.
    """

    change: KeyChange
    standing: Standing
    attribution: Attribution | None = None
    background: str = ""
    consequence: Consequence | None = None
    contradictions: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOpWrite:
    """A write that the server answered with success and that changed nothing in etcd."""

    seq: Seq
    key: EtcdKey
    revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every change of every key in the session with its ground, in the order of revisions.

    The collections may be made anew each time they are gone through: of a large recording they would not fit in memory.
    """

    entries: Collection[LedgerEntry]
    no_op_writes: Collection[NoOpWrite] = ()
    by_seq: Mapping[Seq, tuple[Attribution, ...]] = field(default_factory=dict)
    find: Callable[[KeyChange], LedgerEntry | None] | None = None

    def entry(self, change: KeyChange) -> LedgerEntry | None:
        """A change's entry, None where the ledger has none; at once where the ledger can look it up (`find`)."""
        if self.find is not None:
            return self.find(change)
        return next((each for each in self.entries if each.change.place == change.place), None)
