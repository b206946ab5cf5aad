"""The ledger: every change of every key in the session, each with its ground or without one.

Grounds here, best first: `revision` (the answer's resourceVersion is the change's mod_revision, on the object's own
key) and `object` (the change took away, or allocated for, the very object that the exchange wrote: same key, same uid).
A claim is made once: the first exchange in the order of heads that can claim a change has it, so a later write that
changed nothing, and therefore answers with the old resourceVersion, does not. What no exchange can claim that way goes,
at the end, to the one that began it: a deletion that waited for finalizers or for a grace period.
"""

from collections import defaultdict

from kproxy.correlate.allocations import Allocations
from kproxy.correlate.background import background_rule
from kproxy.correlate.index import ChangeIndex
from kproxy.correlate.indirect import asked_service, bound, evicted
from kproxy.correlate.writes import ObjectWrite, held, object_writes
from kproxy.model.api import metadata_of
from kproxy.model.attribution import Attribution, Basis, Ledger, LedgerEntry, NoOpWrite, Standing
from kproxy.model.etcd import ChangeType, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording
from kproxy.wire.storage import object_keys

type ChangeId = tuple[str, Revision, EtcdKey]


def correlate(recording: Recording) -> Ledger:
    """Tie the recording's key changes to its exchanges."""
    return _Correlation(recording).ledger()


class _Correlation:
    """The claims made so far, while the exchanges are gone through in the order of their heads."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._prefix = recording.session.etcd_prefix
        self._index = ChangeIndex(recording, recording.key_changes())
        self._claims: dict[ChangeId, Attribution] = {}
        self._no_ops: list[NoOpWrite] = []
        self._allocations = Allocations(self._index, self._prefix)

    def ledger(self) -> Ledger:
        """All entries in the order of revisions."""
        if self._index.changes:
            failed: list[Exchange] = []
            for exchange in self._recording.exchanges():
                writes = object_writes(self._recording, exchange)
                for write in writes:
                    self._attribute(write)
                if not writes:
                    failed.append(exchange)
            self._claim_failed(failed)
            self._claim_awaited()
        return Ledger(
            entries=tuple(self._entry(change) for change in self._index.changes),
            no_op_writes=tuple(self._no_ops),
            by_seq=self._by_seq(),
        )

    def _attribute(self, write: ObjectWrite) -> None:
        keys = object_keys(write.ref, self._prefix)
        if write.subresource in {"binding", "eviction"} and not write.uid:
            self._claim_unnamed(write, keys)
            return
        claimed = [self._claim_revision(write, keys)]
        began = self._beginning(write, keys) if write.begins else None
        if began is not None:
            evidence = f"it set the deletionTimestamp of the very object (uid {write.uid}) that the request deleted"
            claimed.append(self._claim(began, write.seq, Basis.OBJECT, evidence))
        if write.deletes and (began is None or not held(self._index.value(began))):
            claimed.append(self._claim_deletion(write, keys))
        changes = [change for change in claimed if change is not None]
        for change in changes:
            self._claim_allocations(write, change)
        if not changes and write.revision:
            self._note_no_op(write, keys)

    def _claim_revision(self, write: ObjectWrite, keys: tuple[EtcdKey, ...]) -> KeyChange | None:
        change = self._index.at(write.revision, keys) if write.revision else None
        if change is None or not self._same_object(write, change):
            return None
        return self._claim(
            change, write.seq, Basis.REVISION, f"the answer's resourceVersion {write.revision} is this revision"
        )

    def _claim_deletion(self, write: ObjectWrite, keys: tuple[EtcdKey, ...]) -> KeyChange | None:
        """The first deletion of the object's key, at or after the answer's own revision, that took this very uid."""
        for change in self._index.deletes_after(write.revision, keys):
            uid = self._uid(change)
            if uid and uid == write.uid:
                evidence = f"the deleted value's uid {uid} is the answer's, and the key is the object's"
                return self._claim(change, write.seq, Basis.OBJECT, evidence)
        return None

    def _beginning(self, write: ObjectWrite, keys: tuple[EtcdKey, ...]) -> KeyChange | None:
        """Graceful deletion writes the deletionTimestamp first; newer servers answer with the revision after it.

        Measured on 1.37.2: DELETE of an unscheduled pod puts at M, deletes at M + 1 and answers M + 1; 1.20 answered M.
        A collection's answer shows its objects as they were before.
        """
        written = [
            change
            for change in self._index.puts(keys)
            if self._writes_deletion(change) and self._uid(change) == write.uid
        ]
        if write.verb == "deletecollection":
            return next((change for change in written if change.revision > write.revision), None)
        in_time = [change for change in written if not write.revision or change.revision <= write.revision]
        return in_time[-1] if in_time else None

    def _claim_unnamed(self, write: ObjectWrite, keys: tuple[EtcdKey, ...]) -> None:
        """A binding and an eviction answer with a Status that names no object: the pod's next changes tell."""
        exchange = self._recording.exchange(write.seq)
        if exchange is None:
            return
        history = [change for key in keys for change in self._index.of_key(key)]
        free = [change for change in history if self._id(change) not in self._claims]
        found = (
            bound(self._recording, exchange, self._index, free)
            if write.subresource == "binding"
            else evicted(self._index, free)
        )
        for change, evidence in found:
            self._claim(change, write.seq, Basis.OBJECT, evidence)

    def _claim_allocations(self, write: ObjectWrite, change: KeyChange) -> None:
        """What the api-server allocated, or gave back, for the written Service within the same request."""
        if (write.ref.group, write.ref.resource) == ("", "services"):
            for allocation, evidence in self._allocations.of(change):
                self._claim(allocation, write.seq, Basis.OBJECT, evidence)

    def _claim_failed(self, exchanges: list[Exchange]) -> None:
        """What a request took for a Service, and gave back when it failed."""
        for exchange in exchanges:
            if (asked := asked_service(self._recording, exchange)) is not None:
                for change, evidence in self._allocations.of_failed(*asked):
                    self._claim(change, exchange.seq, Basis.OBJECT, evidence)

    def _claim_awaited(self) -> None:
        """A deletion that no request of the session completed goes to the one that began it."""
        began: dict[str, Seq] = {}
        for change in self._index.changes:
            claim = self._claims.get(self._id(change))
            uid = self._uid(change)
            if claim is not None and change.type is ChangeType.PUT and self._writes_deletion(change):
                began[uid] = claim.seq
            elif claim is None and change.type is ChangeType.DELETE and uid in began:
                evidence = f"the request began the deletion of this very object (uid {uid}); no other one completed it"
                self._claim(change, began[uid], Basis.OBJECT, evidence)

    def _writes_deletion(self, change: KeyChange) -> bool:
        """Whether a change began a deletion, or shortened its time of grace."""
        now, before = _deletion(self._index.value(change)), _deletion(self._index.previous(change))
        return now != before and bool(now[0])

    def _uid(self, change: KeyChange) -> str:
        return text(metadata_of(self._index.value(change) or self._index.previous(change)).get("uid"))

    def _same_object(self, write: ObjectWrite, change: KeyChange) -> bool:
        """A revision on the object's own key is proof enough; a uid that contradicts it is not passed over."""
        uid = self._uid(change)
        return not uid or not write.uid or uid == write.uid

    @staticmethod
    def _id(change: KeyChange) -> ChangeId:
        return change.cluster, change.revision, change.key

    def _claim(self, change: KeyChange, seq: Seq, basis: Basis, evidence: str) -> KeyChange | None:
        """The change, if it was still to be claimed."""
        identity = self._id(change)
        if identity in self._claims:
            return None
        self._claims[identity] = Attribution(
            cluster=change.cluster,
            revision=change.revision,
            key=change.key,
            seq=seq,
            basis=basis,
            evidence=evidence,
        )
        return change

    def _note_no_op(self, write: ObjectWrite, keys: tuple[EtcdKey, ...]) -> None:
        """A success that answers with a revision which was there before: nothing was written."""
        start = self._recording.session.etcd_start
        claimed = self._index.at(write.revision, keys)
        if claimed is not None or (start is not None and write.revision <= start):
            key = claimed.key if claimed else keys[0]
            self._no_ops.append(NoOpWrite(seq=write.seq, key=key, revision=write.revision))

    def _entry(self, change: KeyChange) -> LedgerEntry:
        attribution = self._claims.get((change.cluster, change.revision, change.key))
        rule = background_rule(change.key, self._prefix)
        standing = (
            Standing.BACKGROUND if rule else Standing.ATTRIBUTED if attribution is not None else Standing.UNATTRIBUTED
        )
        return LedgerEntry(
            change=change, standing=standing, attribution=attribution, background=rule.name if rule else ""
        )

    def _by_seq(self) -> dict[Seq, tuple[Attribution, ...]]:
        grouped: defaultdict[Seq, list[Attribution]] = defaultdict(list)
        for attribution in sorted(self._claims.values(), key=lambda claim: (claim.revision, claim.key)):
            grouped[attribution.seq].append(attribution)
        return {seq: tuple(attributions) for seq, attributions in grouped.items()}


def _deletion(value: JSONObject) -> tuple[JSON, JSON]:
    metadata = metadata_of(value)
    return metadata.get("deletionTimestamp"), metadata.get("deletionGracePeriodSeconds")
