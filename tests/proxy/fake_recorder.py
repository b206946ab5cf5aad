"""A recorder as the hand-off's documentation describes it: it may die at any moment and forgets what is not durable."""

from dataclasses import dataclass, field

from kproxy.model.exchange import End
from kproxy.wire.handoff import BATCH, GAP, RESUME, Record, RecordType, unpack_end, unpack_records


@dataclass
class Told:
    """What a recorder knows of one exchange."""

    kinds: list[RecordType] = field(default_factory=list)
    request: bytes = b""
    answer: bytes = b""
    end: End | None = None
    detail: str = ""
    head: bytes = b""
    answer_head: bytes = b""
    tunnel: int = 0
    lost_bytes: int = 0
    fault: str = ""

    def take(self, record: Record, committed_prefix: bytes) -> None:
        """One more record."""
        kind = record.type
        self.kinds.append(kind)
        if kind == RecordType.REQUEST_HEAD:
            self.head = record.payload
        elif kind == RecordType.ANSWER_HEAD:
            self.answer_head = record.payload
        elif kind == RecordType.REQUEST_BODY:
            self.request += record.payload
        elif kind == RecordType.ANSWER_BODY:
            self.answer += record.payload
        elif kind == RecordType.TUNNEL:
            self.tunnel += int.from_bytes(record.payload[1:9])
        elif kind == RecordType.RESUME:
            offset, _ = RESUME.unpack(record.payload)
            assert offset <= len(committed_prefix), "it resumes behind what was committed: bytes are missing"
            self.answer = committed_prefix[:offset]
        elif kind == RecordType.FAULT:
            self.fault = record.payload.decode()
        elif kind == RecordType.GAP:
            self.lost_bytes += GAP.unpack_from(record.payload)[2]
        elif kind == RecordType.END:
            self.end, self.detail = unpack_end(record.payload)


@dataclass
class FakeRecorder:
    """`take` a batch, `commit`, `die`; what is durable stays."""

    committed: int = 0
    finished: dict[int, Told] = field(default_factory=dict)
    prefixes: dict[int, bytes] = field(default_factory=dict)
    gaps: list[tuple[int, int, int]] = field(default_factory=list)  # first, last, exchanges
    _open: dict[int, Told] = field(default_factory=dict)
    _gaps: list[tuple[int, int, int]] = field(default_factory=list)
    _number: int = 0

    @property
    def taken(self) -> int:
        """The number of the last batch that came."""
        return self._number

    def take(self, batch: bytes) -> None:
        """One batch."""
        number, length = BATCH.unpack_from(batch)
        records = batch[BATCH.size :]
        assert len(records) == length
        assert number == 0 or number == max(self._number, self.committed) + 1
        for record in unpack_records(records):
            if record.type == RecordType.GAP and (exchanges := GAP.unpack_from(record.payload)[1]):
                self._gaps.append((int(record.seq), GAP.unpack_from(record.payload)[0], exchanges))
                continue
            assert record.seq not in self.finished, "it is told what it has committed as finished"
            self._open.setdefault(record.seq, Told()).take(record, self.prefixes.get(record.seq, b""))
        self._number = number or self._number

    def commit(self) -> int:
        """Everything taken is durable."""
        self.committed = max(self.committed, self._number)
        for seq, told in list(self._open.items()):
            if told.end is not None:
                self.finished[seq] = self._open.pop(seq)
        self.gaps += self._gaps
        self._gaps.clear()
        return self.committed

    def checkpoint(self) -> list[tuple[int, int]]:
        """All open answers so far are durable: (seq, offset) of each."""
        self.commit()
        for seq, told in self._open.items():
            self.prefixes[seq] = told.answer
        return [(seq, len(told.answer)) for seq, told in self._open.items() if told.answer]

    def die(self) -> None:
        """And another one takes its place, with what is durable."""
        self._open.clear()
        self._gaps.clear()
        self._number = self.committed
