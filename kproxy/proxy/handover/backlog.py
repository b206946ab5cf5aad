"""The hand-off's bookkeeping, sans-I/O: numbers exchanges, packs their records, keeps them until they are committed.

The proxy calls `begin`, `add` and `end`, which cost a few list appends; `flush` closes a batch. A batch is kept until
the recorder has committed it, an exchange's records until the batch of its end is committed, so that a recorder that
died can be replaced by another one: it is told the open exchanges again (batch 0), then what was not acknowledged.

Two bounds of `buffer_bytes` each: batches that are not acknowledged, and acknowledged records of open exchanges.
When the first is reached, `pass` leaves exchanges out (`overflow`), `block` asks the proxy to wait (`stuck`, `room`).
When the second is reached, the largest content is no longer held: only a recorder that dies then misses it, and that
too is counted. An exchange that is left out is left out whole; one that was begun ends in a gap of bytes.
What is large has half of the first bound for itself, and a quarter of the second: a log of a gigabyte does not push out
all that is beside it, and makes the proxy grow by less than the buffer.
"""

import asyncio
import itertools
from collections import deque
from dataclasses import dataclass
from typing import Literal

from kproxy.model.exchange import End
from kproxy.proxy.handover.held import CONTENT, Held, HeldRecord
from kproxy.proxy.handover.numbers import SharedNumbers
from kproxy.proxy.handover.overflow import RESERVE, Overflow
from kproxy.wire.handoff import BATCH, GAP, RECORD, TUNNEL, RecordType, pack_batch, pack_end

_FLUSH_BYTES = 256 * 1024
DEFAULT_BUFFER = 64 * 1024 * 1024
DEFAULT_MAX_BODY = 64 * 1024 * 1024

_LARGE_PART = 8
"""An exchange is large when its content is more than this part of the buffer."""

_COMPLETE = pack_end(End.COMPLETE)

type WhenStuck = Literal["pass", "block"]


@dataclass(slots=True)
class Batch:
    """Packed records, and the exchanges in it whose records have to be held beyond it.

    Where there are such, `parts` are the pieces that they hold too, so that what is large is in memory once.
    """

    number: int
    parts: list[bytes]
    size: int  # of the records in it
    carried: list[Held]

    @property
    def data(self) -> bytes:
        """As it is sent."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


class Backlog:
    """Records on their way to the recorder. One per proxy process, used from its event loop only."""

    def __init__(
        self,
        buffer_bytes: int = DEFAULT_BUFFER,
        when_stuck: WhenStuck = "pass",
        *,
        max_body: int = DEFAULT_MAX_BODY,
        numbers: SharedNumbers | None = None,
    ) -> None:
        self.when_stuck = when_stuck
        self.room = asyncio.Event()
        self.room.set()
        self.empty = asyncio.Event()
        self.empty.set()
        self._numbers = numbers
        self._next_seq = itertools.count(1).__next__ if numbers is None else numbers.next
        self._last_seq = 0
        self.left_out = 0  # exchanges that nobody wanted recorded
        self._buffer = buffer_bytes
        self._half = buffer_bytes // 2
        self._full_batch = min(_FLUSH_BYTES, buffer_bytes // RESERVE)
        self._large = buffer_bytes // _LARGE_PART
        self._max_body = min(max_body, buffer_bytes // 4)
        self._number = 1  # of the batch that is being filled
        self._committed = 0
        self._parts: list[bytes] = []
        self._filled = 0
        self._touched: list[Held] = []
        self._due = False
        self._batches: deque[Batch] = deque()
        self._pending = 0  # bytes in _parts and _batches
        self._retained = 0  # bytes of acknowledged records of open exchanges
        self._held: dict[int, Held] = {}
        self._overflow = Overflow(buffer_bytes)

    @property
    def last_seq(self) -> int:
        """The number of the exchange that began last, in whichever process."""
        return self._last_seq if self._numbers is None else self._numbers.last

    @property
    def overflowing(self) -> bool:
        """Whether an exchange that begins now is left out, whatever its head: it need not be packed."""
        return self._overflow.on

    @property
    def missed(self) -> int:
        """Exchanges in gaps so far."""
        return self._overflow.missed

    @property
    def pending_bytes(self) -> int:
        """Bytes that are not acknowledged."""
        return self._pending

    @property
    def retained_bytes(self) -> int:
        """Bytes of acknowledged records of exchanges that go on."""
        return self._retained

    @property
    def stuck(self) -> bool:
        """Whether whoever reads from clients has to wait for `room`."""
        return self.when_stuck == "block" and self._pending > self._buffer

    def begin(self, payload: bytes, at: int) -> Held:
        """A request's head is complete (`payload`: handoff.pack_head): it has a place in the order from now on."""
        self._last_seq = seq = self._next_seq()
        held = Held(seq)
        if self.when_stuck == "pass" and self._overflow.begins(self._pending, len(payload)):
            held.given_up = held.missing = True
            self._overflow.miss(seq, at)
            return held
        self.close_gap()
        self._held[seq] = held
        self._put(held, RecordType.REQUEST_HEAD, payload, at)
        return held

    def leave_out(self) -> Held:
        """An exchange that nobody wants recorded: it has no place in the order, and nothing of it is missing."""
        self.left_out += 1
        return Held(0, given_up=True, missing=True)

    def add(self, held: Held, kind: RecordType, payload: bytes, at: int) -> None:
        """One more record of an exchange."""
        if held.given_up:
            if kind in CONTENT:
                held.unrecorded += len(payload)
            return
        if self._pending + len(payload) > self._half and self._too_much(held, len(payload)):
            held.given_up = True
            held.unrecorded = len(payload) if kind in CONTENT else 0
            return
        if kind not in CONTENT:
            self._put(held, kind, payload, at)
        elif held.forgotten:
            held.forget(self._number, len(payload))
            self._touch(held)
            self._append(RECORD.pack(kind, held.seq, at, len(payload)), payload)
        else:
            self._put(held, kind, payload, at)
            held.content += len(payload)
            if held.content > self._max_body and not held.resumed:
                self._retained -= held.forget_content(self._committed)

    def tunnel(self, held: Held, *, answer: bool, count: int, at: int) -> None:
        """Bytes that went by after an upgrade."""
        held.tunnelled = True
        held.passed[answer] += count
        if not held.given_up and self._fits(TUNNEL.size):
            self._put_passed(held, at)

    def channel(self, held: Held, payload: bytes, size: int, at: int) -> None:
        """A frame of `size` bytes of an upgraded connection; while the buffer is full they are left out and counted."""
        if held.given_up or not self._fits(len(payload)):
            held.unrecorded += size
            held.skipped = True
            return
        if held.skipped:
            self._put_skipped(held, at)
        self._put(held, RecordType.CHANNEL, payload, at)

    def unreadable(self, held: Held, reason: str, at: int) -> None:
        """An upgraded connection's frames cannot be read any further: a gap of unknown size."""
        if not held.given_up:
            self._put(held, RecordType.GAP, GAP.pack(held.seq, 0, 0) + reason.encode(), at)

    def mark(self, text: bytes, at: int) -> None:
        """A named point before the next exchange."""
        self._append(RECORD.pack(RecordType.MARK, self.last_seq + 1, at, len(text)), text)

    def end(self, held: Held, end: End, detail: str, at: int) -> None:
        """The last record of an exchange."""
        if held.missing:
            self._overflow.ended(held.seq, held.unrecorded)
            return
        if held.tunnelled:
            self._put_passed(held, at)
        if held.given_up or held.skipped:
            self._put_skipped(held, at)
        self._put(held, RecordType.END, pack_end(end, detail) if detail or end is not End.COMPLETE else _COMPLETE, at)
        held.end_batch = self._number

    def flush(self) -> Batch | None:
        """Close the batch that is being filled, if there is anything in it."""
        if not self._parts:
            return None
        number = self._number
        carried: list[Held] = []
        for held in self._touched:
            held.touched = False
            if held.end_batch and held.records[0].batch == number:
                del self._held[held.seq]  # begun and ended here: the batch is all that has to be kept
            else:
                carried.append(held)
        parts = [BATCH.pack(number, self._filled), *self._parts]
        batch = Batch(number, parts if carried else [b"".join(parts)], self._filled, carried)
        self._parts = []
        self._touched = []
        self._filled = 0
        self._due = False
        self._number += 1
        self._batches.append(batch)
        return batch

    def due(self, *, soon: bool) -> None:
        """Hook: a batch was begun, or (`soon`) has become large; someone should call `flush`.

        Never from here: the caller goes on with the same exchange, and `end` must know its batch.
        """

    def committed(self, number: int) -> None:
        """COMMITTED: this batch and all before it are in the recording."""
        if number >= self._number:
            raise ValueError(f"batch {number} was never sent")
        self._committed = max(self._committed, number)
        while self._batches and self._batches[0].number <= number:
            batch = self._batches.popleft()
            self._pending -= batch.size
            for held in batch.carried:
                self._acknowledge(held)
        while self._retained > self._buffer and self._forget_largest():
            pass
        if self._pending <= self._buffer:
            self.room.set()
        self._overflow.stored(self._pending)
        if not self._overflow.on:
            self.close_gap()
        if not self._batches and not self._parts:
            self.empty.set()

    def checkpoint(self, seq: int, offset: int, frames: int) -> None:
        """CHECKPOINT: a stream's answer before `offset` is committed and need not be held."""
        held = self._held.get(seq)
        if held is not None:
            self._retained -= held.let_go(offset, frames, self._committed)

    def again(self, committed: int) -> tuple[bytes, list[Batch]]:
        """For a recorder that has committed batches up to this one: batch 0 (or nothing), and the batches after it."""
        self.flush()
        self.committed(committed)
        parts = [part for held in self._held.values() for part in held.again(committed)]
        return pack_batch(0, b"".join(parts)) if parts else b"", list(self._batches)

    def close_gap(self) -> None:
        """Write down what is missing so far, room or not."""
        if (gap := self._overflow.gap()) is not None:
            self._append(*gap)

    def _put(self, held: Held, kind: int, payload: bytes, at: int) -> None:
        held.records.append(HeldRecord(self._number, kind, payload, at))
        self._touch(held)
        self._append(RECORD.pack(kind, held.seq, at, len(payload)), payload)

    def _put_passed(self, held: Held, at: int) -> None:
        """The bytes of an upgraded connection that have not been told."""
        for answer, count in enumerate(held.passed):
            if count:
                self._put(held, RecordType.TUNNEL, TUNNEL.pack(answer, count), at)
                held.passed[answer] = 0

    def _put_skipped(self, held: Held, at: int) -> None:
        self._put(held, RecordType.GAP, GAP.pack(held.seq, 0, held.unrecorded) + self._overflow.why(), at)
        held.skipped, held.unrecorded = False, 0

    def _too_much(self, held: Held, size: int) -> bool:
        """Whether an exchange has to be given up, so much being left of the buffer."""
        large = held.content > self._large or bool(held.forgotten)
        return self.when_stuck == "pass" and (large or self._pending + size > self._buffer)

    def _fits(self, size: int) -> bool:
        return self._pending + size <= self._buffer or self.when_stuck == "block"

    def _touch(self, held: Held) -> None:
        if not held.touched:
            held.touched = True
            self._touched.append(held)

    def _append(self, head: bytes, payload: bytes) -> None:
        if not self._parts:
            self.empty.clear()
            self.due(soon=False)
        self._parts.append(head)
        self._parts.append(payload)
        size = len(head) + len(payload)
        self._filled += size
        self._pending += size
        if self._filled >= self._full_batch and not self._due:
            self._due = True
            self.due(soon=True)
        if self._pending > self._buffer:
            self.room.clear()

    def _acknowledge(self, held: Held) -> None:
        if held.seq not in self._held:
            return
        if held.end_batch and held.end_batch <= self._committed:
            del self._held[held.seq]
            self._retained -= held.acknowledged
            return
        self._retained += held.acknowledge(self._committed)

    def _forget_largest(self) -> bool:
        largest = max(self._held.values(), key=lambda held: held.acknowledged, default=None)
        if largest is None:
            return False
        freed = largest.forget_content(self._committed)
        self._retained -= freed
        return freed > 0
