"""The recorder's end of the hand-off: batches come in, are committed, and acknowledged."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace

from kproxy.errors import RecordingError
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.session import Gap
from kproxy.record.assembly import Assembler, HandoffError
from kproxy.record.committer import Committer
from kproxy.record.effort import Effort
from kproxy.record.line import Line
from kproxy.wire.handoff import BATCH, MAX_BATCH, MAX_WAITED, RECORD, AnswerType, Record, pack_answer, unpack_records


class Handoff:
    """Reads batches to the end.

    `clock`: CLOCK_MONOTONIC in nanoseconds, the one that the proxy stamps records with; `effort`: what the recorder has
    spent since it was asked last, whichever worker it was for.
    """

    def __init__(  # noqa: PLR0913 - what it is made of, each once
        self,
        worker: int,
        line: Line,
        assembler: Assembler,
        committer: Committer,
        clock: Callable[[], int],
        *,
        effort: Callable[[], Effort],
    ) -> None:
        self._worker = worker
        self._line = line
        self._assembler = assembler
        self._committer = committer
        self._clock = clock
        self._effort = effort
        self._committed = committer.writer.committed_batch(worker)
        self.max_lag = committer.writer.session.max_lag

    def say(self, kind: AnswerType, a: int = 0, b: int = 0, c: int = 0) -> None:
        """One answer to the proxy."""
        self._line.write(pack_answer(kind, a, b, c))

    async def run(self) -> None:
        """Until the proxy sends no more. RecordingError if it sends what no proxy of ours does."""
        self.say(AnswerType.READY, self._committed)
        while (batch := await self._read()) is not None:
            number, records, whole = batch
            if number and number <= self._committed:
                self.say(AnswerType.COMMITTED, self._committed)
                continue
            try:
                await self._take(number, records, whole=whole)
            except (HandoffError, ValueError, struct.error, LookupError) as error:
                raise RecordingError(
                    f"The proxy handed over what the recorder does not understand: {error}."
                ) from error
            if not whole:
                return

    async def _read(self) -> tuple[int, bytes, bool] | None:
        """(number, records, whether all of them came); None at the end."""
        head = await self._line.exactly(BATCH.size)
        if len(head) < BATCH.size:
            return None
        number, length = BATCH.unpack(head)
        if length > MAX_BATCH:
            raise RecordingError(f"The proxy handed over a batch of {length} bytes, which none of ours does.")
        records = await self._line.exactly(length)
        return number, records, len(records) == length

    async def _take(self, number: int, raw: bytes, *, whole: bool) -> None:
        """Commits one batch; of one that broke off, the records that are whole."""
        self._assembler.take(unpack_records(raw) if whole else _whole_records(raw))
        made = self._assembler.flush(number)
        made.batch.worker = self._worker
        if number > self._committed + 1 and self._committed:
            made.batch.gaps.append(self._missing(number))
        if self.max_lag > self._committer.writer.session.max_lag:
            made.batch.session = replace(self._committer.writer.session, max_lag=self.max_lag)
        await self._committer.commit(made.batch)
        if len(raw) >= RECORD.size:
            oldest = RECORD.unpack_from(raw)[2]
            self.max_lag = max(self.max_lag, Nanos(self._clock() - oldest))
        if number and whole:
            self._committed = number
            worked, waited = self._effort()
            self.say(AnswerType.COMMITTED, number, worked, min(waited // 1000, MAX_WAITED))
        for checkpoint in made.checkpoints:
            self.say(AnswerType.CHECKPOINT, checkpoint.seq, checkpoint.offset, checkpoint.frames)

    def _missing(self, number: int) -> Gap:
        reason = f"batches {self._committed + 1} to {number - 1} of the proxy never came"
        return Gap(kind="exchanges", reason=reason, at=Nanos(0), count=0, first_seq=Seq(0), last_seq=Seq(0))


def _whole_records(raw: bytes) -> Iterator[Record]:
    try:
        yield from unpack_records(raw)
    except ValueError:
        return
