"""A watch that survives etcd's restarts and loses no revision.

What etcd does that a watcher must know (tried on 3.4 to 3.6): during a backfill a response's header holds the store's
revision, so only events tell how far it has come; a graceful stop ends the stream with INTERNAL, a kill with
UNAVAILABLE; `canceled` leaves the stream open, and a compaction may come without a reason; a response too large for one
message is cut into fragments, within a revision too. Progress notifications are not used: over the whole keyspace
every revision has an event, and old servers name revisions in them that have not been delivered (etcd issue 15220).
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

import grpc
import grpc.aio
from google.protobuf.message import Message

from kproxy.errors import EtcdError
from kproxy.etcd.channel import Channel, is_token_error
from kproxy.etcd.messages import RangeResponse, WatchResponse, range_end, raw_event, request
from kproxy.etcd.records import Compacted, RawEvent, WatchBatch
from kproxy.model.etcd import Revision

PATIENCE = 300.0
"""Seconds that a watch looks for a member that is there, before it gives up."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between attempts
_CANCELS = 3  # attempts after etcd has cancelled a watch
_HOPELESS = frozenset(
    {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INVALID_ARGUMENT}
)


@dataclass(slots=True)
class _Cursor:
    """How far a watch has come: all before `next` is delivered."""

    next: Revision
    prefix: bytes
    prev: bool
    delivered: Revision = Revision(0)
    cluster: int = 0
    waiting_since: float | None = None  # the event loop's time
    pause: float = _FIRST_PAUSE
    cancelled: int = 0  # times in a row, without an event between them
    pending: list[RawEvent] = field(default_factory=list)  # of a revision that may have more to come

    def take(self, response: WatchResponse) -> WatchBatch | None:
        """The whole revisions that `response` completes."""
        self.pending += [raw_event(event) for event in response.events if event.kv.mod_revision >= self.next]
        if not self.pending:
            return None
        last = self.pending[-1].mod_revision
        cut = len(self.pending)
        if response.fragment:
            while cut and self.pending[cut - 1].mod_revision == last:
                cut -= 1
        whole, self.pending = self.pending[:cut], self.pending[cut:]
        if not whole:
            return None
        self.delivered = whole[-1].mod_revision
        self.next = Revision(self.delivered + 1)
        return WatchBatch(events=tuple(whole), revision=self.delivered)


async def watch(
    channel: Channel, start: Revision, prefix: bytes, *, prev: bool, patience: float
) -> AsyncGenerator[WatchBatch]:
    """Every change from `start` on; see Etcd.watch."""
    cursor = _Cursor(start, prefix, prev)
    while True:
        try:
            async with aclosing(_one_stream(channel, cursor)) as batches:
                async for batch in batches:
                    cursor.cancelled = 0
                    yield batch
            await asyncio.sleep(_FIRST_PAUSE)  # the stream ended without an error
        except grpc.aio.AioRpcError as error:
            await _after_failure(channel, cursor, error, patience)


async def _after_failure(channel: Channel, cursor: _Cursor, error: grpc.aio.AioRpcError, patience: float) -> None:
    """Waits before the next attempt. EtcdError if there should be none."""
    now = asyncio.get_running_loop().time()
    if cursor.waiting_since is None:
        cursor.waiting_since, cursor.pause = now, _FIRST_PAUSE
    renewable = is_token_error(error.code(), error.details() or "")
    if now - cursor.waiting_since >= patience or (error.code() in _HOPELESS and not renewable):
        raise await channel.explain(error) from None
    channel.next_endpoint()
    if renewable:
        channel.forget_token()
    await asyncio.sleep(cursor.pause)
    cursor.pause = min(cursor.pause * 2, _LONGEST_PAUSE)


async def _one_stream(channel: Channel, cursor: _Cursor) -> AsyncGenerator[WatchBatch]:
    """What one stream delivers, until it breaks. AioRpcError, EtcdError, Compacted."""
    cursor.pending.clear()
    await _check_store(channel, cursor)
    stream = await channel.watch_stream()
    try:
        await stream.write(_create_request(cursor))
        while (message := await stream.read()) is not None:
            response = cast("WatchResponse", message)
            if response.canceled:
                _after_cancel(channel, cursor, response)
                return
            if response.created:
                cursor.waiting_since = None
            if batch := cursor.take(response):
                yield batch
    finally:
        await channel.close_stream(stream)


async def _check_store(channel: Channel, cursor: _Cursor) -> None:
    """That the store is the one the watch began with: a new one would look like silence. EtcdError."""
    message = request("RangeRequest", key=cursor.prefix or b"\0", count_only=True)
    header = cast("RangeResponse", await channel.call_once("KV/Range", message)).header
    if cursor.cluster not in {0, header.cluster_id}:
        raise EtcdError(f"etcd at {channel.endpoint} is of another cluster now; the watch cannot go on")
    if header.revision < cursor.delivered:
        raise EtcdError(
            f"etcd at {channel.endpoint} has lost revisions: it is at {header.revision}, "
            f"but {cursor.delivered} had been seen; the watch cannot go on"
        )
    cursor.cluster = header.cluster_id


def _after_cancel(channel: Channel, cursor: _Cursor, response: WatchResponse) -> None:
    """What a cancelled watch means: Compacted, or a few more attempts with a new token, then EtcdError."""
    reason = response.cancel_reason
    if response.compact_revision or "compacted" in reason:
        raise Compacted(channel.endpoint, Revision(response.compact_revision))
    cursor.cancelled += 1
    if cursor.cancelled > _CANCELS:
        raise EtcdError(f"etcd at {channel.endpoint} cancels the watch: {reason or 'it gives no reason'}")
    channel.forget_token()  # an expired one shows as «permission denied» here


def _create_request(cursor: _Cursor) -> Message:
    create = request(
        "WatchCreateRequest",
        key=cursor.prefix or b"\0",
        range_end=range_end(cursor.prefix),
        start_revision=cursor.next,
        prev_kv=cursor.prev,
        fragment=True,
    )
    return request("WatchRequest", create_request=create)
