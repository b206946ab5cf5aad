"""What the outbox still holds of an exchange that a recorder may have to be told again (wire/handoff.py)."""

from dataclasses import dataclass, field
from typing import NamedTuple

from kproxy.wire.handoff import GAP, RECORD, RESUME, TUNNEL, RecordType

# A tuple: an IntEnum is slow to hash.
CONTENT = (RecordType.REQUEST_BODY, RecordType.ANSWER_BODY)
_RESUMED = (RecordType.ANSWER_BODY, RecordType.CHANNEL)


class HeldRecord(NamedTuple):
    """A record and the number of the batch that it went into."""

    batch: int
    kind: int
    payload: bytes
    at: int

    @property
    def size(self) -> int:
        """Bytes in a batch."""
        return RECORD.size + len(self.payload)


@dataclass(slots=True, eq=False)
class Held:
    """One exchange: its records from the first one, or from a resume point, until the batch of its end is committed."""

    seq: int
    records: list[HeldRecord] = field(default_factory=list)
    touched: bool = False  # it has records in the batch that is being filled
    acknowledged: int = 0  # bytes of `records` that only this object keeps: their batches are committed and gone
    end_batch: int = 0  # 0: it goes on
    known_gone: int = 0  # how many of `records` those are: the first ones
    content: int = 0  # bytes of content in `records`
    answer_offset: int = 0  # bytes of the answer's content before the first ANSWER_BODY in `records`
    frames: int = 0  # of them
    resumed: bool = False  # a CHECKPOINT let go of a prefix: it is a stream
    forgotten: dict[int, int] = field(default_factory=dict)  # by batch: bytes of content that are not held
    given_up: bool = False  # the buffer was full: nothing more of it is recorded
    missing: bool = False  # the buffer was full when it began: nothing of it is recorded
    unrecorded: int = 0  # bytes since it was given up, or of frames that were left out
    tunnelled: bool = False  # it was upgraded: `frames` counts its CHANNEL records that were let go
    passed: list[int] = field(default_factory=lambda: [0, 0])  # its bytes that no TUNNEL record tells of yet
    skipped: bool = False  # frames were left out, and no gap tells of them yet

    def let_go(self, offset: int, frames: int, committed: int) -> int:
        """CHECKPOINT: forget the answer's content before `offset`. How many bytes became free.

        An offset behind what is held changes nothing; one beyond the content so far is cut to it.
        """
        if self.tunnelled:
            return self._let_go_of_frames(frames)
        if offset <= self.answer_offset:
            return 0
        if self.forgotten:
            self._let_go_of_forgotten(offset, frames)
            return 0
        freed = self._let_go_of_content(offset)
        self.frames = frames
        self.resumed = True
        return freed - self.acknowledge(committed)

    def _let_go_of_content(self, offset: int) -> int:
        """The answer's content before `offset`: the first records, beyond which none is looked at.

        A recorder that is behind lets go of a stream a little at a time, while very many records wait behind that.
        """
        kept: list[HeldRecord] = []
        gone = freed = place = 0  # records that went, and bytes of those that only this object kept
        for record in self.records:
            size = len(record.payload)
            if record.kind != RecordType.ANSWER_BODY:
                kept.append(record)
            elif (after := self.answer_offset + size) <= offset:
                self.answer_offset = after
                self.content -= size
                if place < self.known_gone:
                    gone, freed = gone + 1, freed + record.size
            else:
                cut, self.answer_offset = offset - self.answer_offset, offset
                self.content -= cut
                freed += cut if place < self.known_gone else 0
                kept.append(record._replace(payload=record.payload[cut:]))
                place += 1
                break
            place += 1
        self.records[:place] = kept
        self.known_gone -= gone
        self.acknowledged -= freed
        return freed

    def _let_go_of_frames(self, frames: int) -> int:
        """The same for an upgraded connection: its first `frames` frames; its counters become one a direction.

        Of acknowledged records only, which are the first ones: there may be very many others.
        """
        gone, counted, size = self.records[: self.known_gone], [0, 0], 0
        kept: list[HeldRecord] = []
        for record in gone:
            if record.kind == RecordType.CHANNEL and self.frames < frames:
                self.frames += 1
            elif record.kind == RecordType.TUNNEL:
                direction, count = TUNNEL.unpack(record.payload)
                counted[direction] += count
            else:
                kept.append(record)
        for direction, count in enumerate(counted):
            if count:
                last = gone[-1]
                kept.append(HeldRecord(last.batch, RecordType.TUNNEL, TUNNEL.pack(direction, count), last.at))
        self.resumed = True
        size = sum(record.size for record in kept)
        freed = self.acknowledged - size
        self.records[: self.known_gone] = kept
        self.known_gone, self.acknowledged = len(kept), size
        return freed

    def _let_go_of_forgotten(self, offset: int, frames: int) -> None:
        """The same where content is not held anyway: what is committed as frames cannot be missed any more.

        Batches that hold it are committed, acknowledged yet or not: the first ones.
        """
        kept = offset - self.answer_offset
        for batch in sorted(self.forgotten):
            taken = min(kept, self.forgotten[batch])
            self.forgotten[batch] -= taken
            kept -= taken
        if not any(self.forgotten.values()):
            self.forgotten = {}
        self.answer_offset, self.frames, self.resumed = offset, frames, True

    def forget_content(self, committed: int) -> int:
        """Hold no content any more: should it be asked for again, it is a counted gap. The bytes that became free."""
        kept = [record for record in self.records if record.kind not in CONTENT and record.kind != RecordType.TUNNEL]
        kept += self._merged_tunnel()
        for record in self.records:
            if record.kind in CONTENT:
                self.forget(record.batch, len(record.payload))
        self.forgotten.setdefault(committed, 0)
        return self._keep(kept, committed)

    def forget(self, batch: int, size: int) -> None:
        """Content that went into this batch and is not held."""
        self.forgotten[batch] = self.forgotten.get(batch, 0) + size

    def acknowledge(self, committed: int) -> int:
        """Batches up to this one are gone: how many more bytes only this object keeps."""
        more = 0
        while self.known_gone < len(self.records) and self.records[self.known_gone].batch <= committed:
            more += self.records[self.known_gone].size
            self.known_gone += 1
        self.acknowledged += more
        if self.forgotten:
            later = {batch: size for batch, size in self.forgotten.items() if batch > committed}
            self.forgotten = {**later, committed: self.missed(committed)}
        return more

    def missed(self, committed: int) -> int:
        """Bytes of content in batches up to this one that are not held."""
        return sum(size for batch, size in self.forgotten.items() if batch <= committed)

    def again(self, committed: int) -> list[bytes]:
        """Its packed records of batches up to `committed`, for a recorder that was started again."""
        told = [record for record in self.records if record.batch <= committed]
        if not told:
            return []
        at = told[-1].at
        parts: list[bytes] = []
        resume = self.resumed
        for record in told:
            if resume and record.kind in _RESUMED:
                parts += self._packed(RecordType.RESUME, record.at, RESUME.pack(self.answer_offset, self.frames))
                resume = False
            parts += self._packed(record.kind, record.at, record.payload)
        if resume:
            parts += self._packed(RecordType.RESUME, at, RESUME.pack(self.answer_offset, self.frames))
        if missed := self.missed(committed):
            reason = b"too large to be kept for a recorder that was started again"
            parts += self._packed(RecordType.GAP, at, GAP.pack(self.seq, 0, missed) + reason)
        return parts

    def _packed(self, kind: int, at: int, payload: bytes) -> tuple[bytes, bytes]:
        return RECORD.pack(kind, self.seq, at, len(payload)), payload

    def _keep(self, kept: list[HeldRecord], committed: int) -> int:
        """Hold these instead; the bytes that this freed among those that only this object keeps."""
        before = self.acknowledged
        self.records = sorted(kept, key=lambda record: record.batch)
        self.content = sum(len(record.payload) for record in kept if record.kind in CONTENT)
        self.known_gone = self.acknowledged = 0
        self.acknowledge(committed)
        return before - self.acknowledged

    def _merged_tunnel(self) -> list[HeldRecord]:
        """The tunnel's counters, one record for each direction and batch state that they can be merged in."""
        merged: dict[tuple[int, int], HeldRecord] = {}
        for record in self.records:
            if record.kind == RecordType.TUNNEL:
                direction, count = TUNNEL.unpack(record.payload)
                key = direction, record.batch
                known = merged.get(key)
                count += TUNNEL.unpack(known.payload)[1] if known else 0
                merged[key] = record._replace(payload=TUNNEL.pack(direction, count))
        return list(merged.values())
