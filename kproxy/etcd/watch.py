"""A watch that survives etcd's restarts and loses no revision.

What etcd does that a watcher must know (tried on 3.4 to 3.6): during a backfill a response's header holds the store's
revision, so only events tell how far it has come; a graceful stop ends the stream with INTERNAL or without a status, a
kill with UNAVAILABLE; `canceled` leaves the stream open, and a compaction may come without a reason; a response too
large for one message is cut into fragments, within a revision too; a store that is put back to a snapshot keeps its
cluster's id if its members keep their names. A watch on a member without a leader would be silent: `hasleader` ends it.

How far an idle watch is, is asked for. Over the whole keyspace every revision has an event, so an answer can only
confirm what was delivered; one that says more is doubted (old servers name revisions that they have not delivered, etcd
issue 15220): the watch is opened again from where it is, and only what that does not bring either was left out.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import grpc
import grpc.aio
from google.protobuf.message import Message

from kproxy.errors import EtcdError
from kproxy.etcd.channel import Channel, is_token_error
from kproxy.etcd.messages import RangeResponse, WatchResponse, range_end, raw_event, request, watch_response
from kproxy.etcd.records import Anchor, Compacted, RawEvent, StoreReplaced, WatchBatch
from kproxy.etcd.stream import WatchStream
from kproxy.model.etcd import ChangeType, ClusterId, Revision

PATIENCE = 300.0
"""Seconds that a watch looks for a member that is there, before it gives up."""
PROGRESS = 10.0
"""Seconds without a change after which etcd is asked how far the watch is."""

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
    cluster: ClusterId = ClusterId("")
    last: RawEvent | None = None  # of the last revision that was delivered
    delivered: Revision = Revision(0)
    doubted: Revision = Revision(0)  # what etcd says it has delivered beyond that
    waiting_since: float | None = None  # the event loop's time
    pause: float = _FIRST_PAUSE
    cancelled: int = 0  # times in a row, without an event between them
    pending: list[RawEvent] = field(default_factory=list)  # of a revision that may have more to come

    @property
    def anchor(self) -> Anchor:
        """What the store must know."""
        return Anchor(cluster=self.cluster, revision=self.delivered, event=self.last)

    def take(self, response: WatchResponse) -> WatchBatch | None:
        """The whole revisions that `response` completes."""
        next_ = self.next
        self.pending += [raw_event(event) for event in response.events if event.kv.mod_revision >= next_]
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
        self.last = whole[-1]
        self.delivered = self.last.mod_revision
        self.next = Revision(self.delivered + 1)
        self.doubted = Revision(0)
        return WatchBatch(events=tuple(whole), revision=self.delivered)

    def progress(self, revision: Revision) -> WatchBatch | None:
        """What an answer about its progress is worth; None where it is doubted, and the watch is to be opened again."""
        if self.prefix or revision < self.next or self.pending:
            return WatchBatch(events=(), revision=Revision(self.next - 1), confirmed=not self.pending)
        if not self.doubted:
            self.doubted = revision
            return None
        self.doubted, self.delivered, self.next = Revision(0), revision, Revision(revision + 1)
        return WatchBatch(events=(), revision=revision, confirmed=True)


async def watch(  # noqa: PLR0913 - a watch's own options, by name
    channel: Channel, start: Revision, prefix: bytes, *, prev: bool, patience: float, anchor: Anchor | None
) -> AsyncGenerator[WatchBatch]:
    """Every change from `start` on; see Etcd.watch."""
    cursor = _Cursor(start, prefix, prev)
    if anchor is not None:
        cursor.cluster, cursor.last, cursor.delivered = anchor.cluster, anchor.event, anchor.revision
    while True:
        try:
            async with aclosing(_one_stream(channel, cursor)) as batches:
                async for batch in batches:
                    cursor.cancelled = 0 if batch.events else cursor.cancelled
                    yield batch
            await asyncio.sleep(_FIRST_PAUSE)  # to be opened again
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
    """What one stream delivers, until it breaks or is to be opened again. AioRpcError, EtcdError, Compacted."""
    cursor.pending.clear()
    stream = await channel.watch_stream()
    try:
        await stream.write(_create_request(cursor).SerializeToString())
        created = False
        async for response in _responses(stream, cursor):
            if response.canceled:
                _after_cancel(channel, cursor, response)
                return
            if not created:
                # Now, not before: what is asked of another etcd than this stream's would prove nothing.
                cursor.cluster, revision = await check_store(channel, cursor.anchor)
                created, cursor.waiting_since = True, None
                yield WatchBatch(events=(), revision=Revision(cursor.next - 1), confirmed=revision < cursor.next)
            batch = cursor.take(response)
            if batch is None and response.watch_id == -1 and not response.events:
                batch = cursor.progress(Revision(response.header.revision))
                if batch is None:
                    return
            if batch is not None:
                yield batch
    finally:
        await channel.close_stream(stream)


async def _responses(stream: WatchStream, cursor: _Cursor) -> AsyncGenerator[WatchResponse]:
    """All of a stream; where it is silent for long, how far it is is asked for. AioRpcError, EtcdError."""
    while True:
        try:
            async with asyncio.timeout(PROGRESS):
                messages = await stream.read()
        except TimeoutError:
            if not cursor.pending:
                await stream.write(_PROGRESS_REQUEST)
            continue
        for message in messages:
            yield watch_response(message)


async def check_store(channel: Channel, anchor: Anchor) -> tuple[ClusterId, Revision]:
    """Which store it is now, and how far; that it is the one that `anchor` says. AioRpcError, StoreReplaced.

    A new one would look like silence to a watch.
    """
    message = request("RangeRequest", key=b"\0")
    answer: RangeResponse = await channel.call_once("KV/Range", message)
    header = answer.header
    cluster, revision = ClusterId(f"{header.cluster_id:016x}"), Revision(header.revision)
    reason = ""
    if anchor.cluster not in {"", cluster}:
        reason = f"it is of cluster {cluster} now"
    elif revision < anchor.revision:
        reason = f"it is at revision {revision}, but {anchor.revision} had been seen"
    elif anchor.event is not None and not await _is_there(channel, anchor.event):
        reason = f"its revision {anchor.event.mod_revision} is not the one that had been seen"
    if reason:
        raise StoreReplaced(channel.endpoint, reason, cluster, revision)
    return cluster, revision


async def _is_there(channel: Channel, event: RawEvent) -> bool:
    """Whether the store's history has this change; True where it has been compacted, and cannot tell any more."""
    message = request("RangeRequest", key=event.key, revision=event.mod_revision)
    try:
        answer: RangeResponse = await channel.call_once("KV/Range", message)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.OUT_OF_RANGE:
            return "compacted" in (error.details() or "")
        raise
    if event.type is ChangeType.DELETE:
        return not answer.kvs
    return any(kv.mod_revision == event.mod_revision and kv.value == event.value for kv in answer.kvs)


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


_PROGRESS_REQUEST = request("WatchRequest", progress_request=request("WatchProgressRequest")).SerializeToString()
