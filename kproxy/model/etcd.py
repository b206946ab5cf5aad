"""What happened in etcd, in etcd's words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from kproxy.model.exchange import Body, Nanos
from kproxy.model.many import frozen_by_type

Revision = NewType("Revision", int)
"""A revision of one etcd cluster's store; a key's mod_revision."""

EtcdKey = NewType("EtcdKey", bytes)
"""A key's bytes."""

ClusterId = NewType("ClusterId", str)
"""An etcd cluster's id, 16 lower-case hex digits; with `~2` behind it a store that took the place of the first one and
kept its id (a restored snapshot): its revisions are others."""


def key_text(key: EtcdKey) -> str:
    """The key for people: UTF-8; bytes that are none are escaped."""
    return key.decode("utf-8", "backslashreplace")


class ChangeType(StrEnum):
    """What a revision did to a key."""

    PUT = "PUT"
    DELETE = "DELETE"


LATE = Nanos(3_000_000_000)
"""So much later than it was made a recorder that is busy may see a change."""


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """One key's change at one revision, values redacted. `previous` is None for a key that was not there before."""

    cluster: ClusterId
    revision: Revision
    key: EtcdKey
    type: ChangeType
    at: Nanos  # when kproxy saw it
    value: Body | None = None  # None for DELETE
    previous: Body | None = None
    create_revision: Revision = Revision(0)
    version: int = 0
    lease: int = 0

    @property
    def place(self) -> tuple[ClusterId, Revision, EtcdKey]:
        """What tells a change from all others, and the order of a ledger."""
        return self.cluster, self.revision, self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdStore:
    """One etcd that the session follows.

    `start` and `end` as the session's `etcd_start` and `etcd_end`; `resources`: what the api-server keeps here by
    --etcd-servers-overrides ("/events", "apps/deployments"), empty for the main one; `history`: the first revision of
    the changes from before the session, None where none were asked for. Up to `whole` every change is in the recording
    or within a gap; `whole_at` is when etcd confirmed last that it had no more.
    """

    cluster: ClusterId
    endpoints: tuple[str, ...] = ()
    version: str = ""
    resources: tuple[str, ...] = ()
    start: Revision | None = None
    end: Revision | None = None
    history: Revision | None = None
    whole: Revision | None = None
    whole_at: Nanos | None = None


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class KeyRange:
    r"""The keys from `key` to before `end`; `end` b"": that key alone, b"\0": to the last."""

    key: EtcdKey
    end: bytes = b""


class Operation(StrEnum):
    """What a call does to keys."""

    RANGE = "range"
    PUT = "put"
    DELETE = "delete"
    TXN = "txn"  # one within another
    COMPACT = "compact"  # the history before `at`
    WATCH = "watch"  # a watch was made, of changes from `at` on (0: from now on)
    CANCEL = "cancel"  # a watch was ended; `at`: etcd did, as the history before it is compacted


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class KeyOperation:
    """One operation of a call: alone, or in a transaction's branch that was taken, or one request of a watch's stream.

    `count`: keys that a range counted or a delete took, as the answer says; `limit`, `at`, `count_only` as asked;
    `size`: bytes of a put's value.
    """

    operation: Operation
    keys: KeyRange
    count: int = 0
    limit: int = 0
    at: Revision = Revision(0)
    count_only: bool = False
    keys_only: bool = False
    size: int = 0
    lease: int = 0


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Compared:
    """A condition of a transaction: `target` (mod, create, version, value, lease) of `key` against `expected`."""

    key: EtcdKey
    target: str
    relation: str  # = | ≠ | < | >
    expected: int = 0


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class EtcdCall:
    """A call of the api-server to etcd, as a relay between them read it; without values.

    `number` counts the calls of a recording from 1 in the order of their beginnings at the relay; `method` as
    `KV/Txn`; times are the session's; `revision` is that of the answer's header; `succeeded` is a transaction's
    (None: no transaction, or no answer); `status` is gRPC's (None: no answer); `operations` are those that were
    carried out, of a call without an answer those of its first branch; `partial` says what could not be read.
    """

    number: int
    cluster: ClusterId
    connection: int
    stream: int
    started: Nanos
    ended: Nanos | None
    method: str
    trace_id: str = ""
    parent_id: str = ""
    compares: tuple[Compared, ...] = ()
    operations: tuple[KeyOperation, ...] = ()
    succeeded: bool | None = None
    revision: Revision = Revision(0)
    status: int | None = None
    request_size: int = 0  # bytes of gRPC messages
    answer_size: int = 0
    lease: int = 0
    partial: str = ""
