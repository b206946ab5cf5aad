"""What etcd answers, as values."""

from dataclasses import dataclass

from kproxy.errors import EtcdError
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, Revision


class Compacted(EtcdError):  # noqa: N818 - etcd's own word for it
    """A revision that is asked for is gone: `revision` is the oldest that is still there, or 0 if etcd did not say."""

    def __init__(self, endpoint: str, revision: Revision) -> None:
        super().__init__(f"etcd at {endpoint} has compacted the revisions before {revision or 'the ones it still has'}")
        self.revision = revision


class StoreReplaced(EtcdError):  # noqa: N818 - a fact, as Compacted is
    """The store is not the one that a watch began with: it is another cluster's, or was put back to a snapshot.

    `cluster` and `revision`: which one it is now, and how far.
    """

    def __init__(self, endpoint: str, reason: str, cluster: ClusterId, revision: Revision) -> None:
        super().__init__(f"etcd at {endpoint} has another store: {reason}")
        self.cluster = cluster
        self.revision = revision


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdStatus:
    """One member's status."""

    cluster: ClusterId
    version: str
    revision: Revision
    db_size: int  # bytes
    member: int = 0  # its id


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValue:
    """A key as it is at a revision."""

    key: EtcdKey
    value: bytes
    create_revision: Revision
    mod_revision: Revision
    version: int
    lease: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeAnswer:
    """Keys in their order; `revision` is the store's when it answered; `count` all that match, beyond a limit too."""

    items: tuple[KeyValue, ...]
    more: bool
    count: int
    revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class TxnAnswer:
    """A transaction's end; `answers` stand for its operations in their order: previous or found keys."""

    succeeded: bool
    revision: Revision
    answers: tuple[tuple[KeyValue, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A conditional write's end.

    `done`: the condition held, and `revision` is the write's own. `current` is then the value before (None for a
    creation), else the key as it is (None if it is not there).
    """

    done: bool
    revision: Revision
    current: KeyValue | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEvent:
    """One key's change, its values as etcd has them: never stored before redaction.

    `prev_value` is None for a key that was not there before, and for one whose previous revision was compacted away
    in between (then a PUT's `version` is above 1). `lease`: a DELETE has its previous value's.
    """

    type: ChangeType
    key: EtcdKey
    value: bytes | None  # None for DELETE
    prev_value: bytes | None
    create_revision: Revision  # 0 for DELETE
    mod_revision: Revision
    version: int  # 0 for DELETE
    lease: int
    prev_mod_revision: Revision  # 0 if there is no previous value


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchBatch:
    """The events of one or more whole revisions, in order; everything watched up to `revision` has been delivered.

    There may be none: then the watch stands (again), or etcd was asked after a silence. `confirmed`: etcd had no more.
    """

    events: tuple[RawEvent, ...]
    revision: Revision
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where a watch was: a store that does not know it any more is another one.

    `revision`: the last that was delivered; `event`: the last change, if there was one.
    """

    cluster: ClusterId
    revision: Revision
    event: RawEvent | None = None
