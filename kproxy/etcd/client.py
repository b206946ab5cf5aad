"""etcd's client: what kproxy asks of it."""

from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Self

from grpc.aio import AioRpcError

from kproxy.etcd.channel import Channel
from kproxy.etcd.messages import (
    LeaseGrantResponse,
    LeaseTimeToLiveResponse,
    RangeResponse,
    StatusResponse,
    TxnResponse,
    key_value,
    range_end,
    request,
)
from kproxy.etcd.records import Anchor, EtcdStatus, KeyValue, RangeAnswer, TxnAnswer, WatchBatch, Written
from kproxy.etcd.settings import EtcdSettings
from kproxy.etcd.txn import Compare, Delete, Get, Operation, Put, txn_answer, txn_request
from kproxy.etcd.watch import PATIENCE, check_store, watch
from kproxy.model.etcd import ClusterId, EtcdKey, Revision


async def connect(settings: EtcdSettings) -> "Etcd":
    """A client of an etcd that answers. EtcdError, within `settings.timeout` a member, if none does."""
    etcd = Etcd(Channel(settings))
    try:
        await etcd.status()
    except BaseException:
        await etcd.close()
        raise
    return etcd


class Etcd:
    """A client; every method raises EtcdError with one sentence. Use it in one event loop, and close it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends all connections."""
        await self._channel.close()

    async def status(self) -> EtcdStatus:
        """Who it is, and its revision."""
        message = request("StatusRequest")
        answer: StatusResponse = await self._channel.call("Maintenance/Status", message)
        return EtcdStatus(
            cluster=ClusterId(f"{answer.header.cluster_id:016x}"),
            version=answer.version,
            revision=Revision(answer.header.revision),
            db_size=answer.dbSize,
            member=answer.header.member_id,
        )

    async def revision(self) -> Revision:
        """The store's revision, agreed on by the cluster (a member's status may lag behind)."""
        return (await self.range(b"\0", count_only=True)).revision

    async def check(self, anchor: Anchor) -> Revision:
        """The store's revision, if it is the store that `anchor` says. StoreReplaced."""
        try:
            return (await check_store(self._channel, anchor))[1]
        except AioRpcError as error:
            raise await self._channel.explain(error) from None

    async def get(self, key: EtcdKey, *, at: Revision = Revision(0)) -> KeyValue | None:
        """A key as it is now, or was at a revision; None if it is not there. Compacted."""
        message = request("RangeRequest", key=key, revision=at)
        answer: RangeResponse = await self._channel.call("KV/Range", message)
        return key_value(answer.kvs[0]) if answer.kvs else None

    async def range(  # noqa: PLR0913 - etcd's own options, by name
        self,
        start: bytes,
        end: bytes = b"",
        *,
        at: Revision = Revision(0),
        limit: int = 0,
        keys_only: bool = False,
        count_only: bool = False,
    ) -> RangeAnswer:
        r"""The keys from `start` to before `end` (b"": only `start`; b"\0": to the last) now or `at`. Compacted."""
        message = request(
            "RangeRequest",
            key=start,
            range_end=end,
            revision=at,
            limit=limit,
            keys_only=keys_only,
            count_only=count_only,
        )
        answer: RangeResponse = await self._channel.call("KV/Range", message)
        return RangeAnswer(
            items=tuple(key_value(kv) for kv in answer.kvs),
            more=answer.more,
            count=answer.count,
            revision=Revision(answer.header.revision),
        )

    async def prefix(
        self,
        prefix: bytes,
        *,
        at: Revision = Revision(0),
        limit: int = 0,
        after: EtcdKey | None = None,
        keys_only: bool = False,
    ) -> RangeAnswer:
        """The keys that begin with `prefix` (b"": all), those behind `after` only. Compacted."""
        start = after + b"\0" if after is not None else prefix or b"\0"
        return await self.range(start, range_end(prefix), at=at, limit=limit, keys_only=keys_only)

    async def put(self, key: EtcdKey, value: bytes, *, lease: int = 0) -> Revision:
        """Writes a key whatever it was; the write's revision."""
        return (await self.txn((), (Put(key=key, value=value, lease=lease),))).revision

    async def delete(self, key: EtcdKey) -> KeyValue | None:
        """Deletes a key; what it was, None if it was not there."""
        (found,) = (await self.txn((), (Delete(key=key),))).answers
        return found[0] if found else None

    async def create(self, key: EtcdKey, value: bytes, *, lease: int = 0) -> Written:
        """Writes a key if it is not there."""
        return await self._write(Put(key=key, value=value, lease=lease), Revision(0))

    async def replace(self, key: EtcdKey, value: bytes, expected: Revision, *, lease: int = 0) -> Written:
        """Writes a key if its mod_revision is `expected`."""
        return await self._write(Put(key=key, value=value, lease=lease), expected)

    async def remove(self, key: EtcdKey, expected: Revision) -> Written:
        """Deletes a key if its mod_revision is `expected`."""
        return await self._write(Delete(key=key), expected)

    async def _write(self, operation: Put | Delete, expected: Revision) -> Written:
        answer = await self.txn((Compare(operation.key, expected),), (operation,), (Get(key=operation.key),))
        (found,) = answer.answers
        return Written(done=answer.succeeded, revision=answer.revision, current=found[0] if found else None)

    async def txn(
        self, conditions: Sequence[Compare], then: Sequence[Operation], otherwise: Sequence[Operation] = ()
    ) -> TxnAnswer:
        """A transaction: `then` if all conditions hold. Never sent twice: after an error it may have run."""
        message = txn_request(conditions, then, otherwise)
        answer: TxnResponse = await self._channel.call("KV/Txn", message, again=False)
        return txn_answer(answer)

    async def grant(self, ttl: int) -> int:
        """A new lease of `ttl` seconds (etcd may give more); its id."""
        message = request("LeaseGrantRequest", TTL=ttl)
        answer: LeaseGrantResponse = await self._channel.call("Lease/LeaseGrant", message, again=False)
        return answer.ID

    async def granted(self, lease: int) -> int:
        """The seconds that a lease was granted for, 0 for one that is not there any more."""
        message = request("LeaseTimeToLiveRequest", ID=lease)
        answer: LeaseTimeToLiveResponse = await self._channel.call("Lease/LeaseTimeToLive", message)
        return max(0, answer.grantedTTL) if answer.TTL >= 0 else 0

    async def revoke(self, lease: int) -> None:
        """Ends a lease and deletes its keys."""
        await self._channel.call("Lease/LeaseRevoke", request("LeaseRevokeRequest", ID=lease), again=False)

    async def compact(self, revision: Revision) -> None:
        """Drops what is older than `revision`."""
        await self._channel.call("KV/Compact", request("CompactionRequest", revision=revision), again=False)

    def watch(
        self,
        start: Revision,
        prefix: bytes = b"",
        *,
        prev: bool = True,
        patience: float = PATIENCE,
        anchor: Anchor | None = None,
    ) -> AsyncGenerator[WatchBatch]:
        """Every change from revision `start` on, of the keys that begin with `prefix` (b"": of the whole keyspace).

        Batches hold whole revisions, in order, none twice and none left out, over any number of etcd's restarts and
        changes of member. Ends by an error only: Compacted if `start` is gone, StoreReplaced if the store is not the
        one that it was (or that `anchor` says), EtcdError if no member has been there for `patience` seconds or
        refuses. `prev`: with previous values.
        """
        return watch(self._channel, start, prefix, prev=prev, patience=patience, anchor=anchor)
