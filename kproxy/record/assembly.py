"""Exchanges out of the hand-off's records: sans-I/O, records in, rows for the recording out.

A body is stored when its message is whole, a watch's events as they come. An exchange gets its row when its head is
there, again when its answer begins and when it ends, so that a recorder that is killed leaves what it knew.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kproxy.model.exchange import CHANNEL, Altered, Direction, End, Frame, Seq
from kproxy.model.session import Gap, Mark
from kproxy.record.contents import Contents, Message
from kproxy.record.finished import exchange_of
from kproxy.record.headfacts import HeadReader
from kproxy.record.openexchange import OpenExchange, Pieces
from kproxy.record.redact import Redactor
from kproxy.record.sessiontime import SessionTime
from kproxy.record.stream import Stream, StreamPart
from kproxy.record.streamkind import stream_of
from kproxy.store.writer import Batch
from kproxy.wire.handoff import GAP, RESUME, TUNNEL, Record, RecordType, unpack_channel, unpack_end, unpack_head
from kproxy.wire.tracecontext import TraceSeeds


class HandoffError(Exception):
    """Records that no proxy of ours sends."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A watch is stored up to here: see wire.handoff's CHECKPOINT."""

    seq: Seq
    offset: int
    frames: int


@dataclass(slots=True)
class Assembled:
    """What a batch of records made."""

    batch: Batch
    checkpoints: list[Checkpoint] = field(default_factory=list)


class Assembler:
    """Feed it records with `take`, then `flush` once per batch.

    `epoch`: the session's start on CLOCK_MONOTONIC; `trace`: what the proxy makes traceparents of.
    """

    def __init__(self, redactor: Redactor, *, epoch: int, max_body: int, trace: TraceSeeds | None = None) -> None:
        self._heads = HeadReader(redactor)
        self._redactor = redactor
        self._contents = Contents(redactor, max_body)
        self._time = SessionTime(epoch)
        self._max_body = max_body
        self._trace = trace
        self._open: dict[Seq, OpenExchange] = {}
        self._touched: set[Seq] = set()  # streams with events that no checkpoint has named
        self._batch = Batch()
        self._steps: dict[RecordType, Callable[[OpenExchange, Record], None]] = {
            RecordType.REQUEST_BODY: self._request_body,
            RecordType.REQUEST_TRAILERS: self._request_trailers,
            RecordType.INFORMATIONAL: self._informational,
            RecordType.ANSWER_HEAD: self._answer_head,
            RecordType.ANSWER_BODY: self._answer_body,
            RecordType.ANSWER_TRAILERS: self._answer_trailers,
            RecordType.UPGRADED: self._upgraded,
            RecordType.TUNNEL: self._tunnel,
            RecordType.CHANNEL: self._channel,
            RecordType.FAULT: self._fault,
            RecordType.END: self._end,
            RecordType.RESUME: self._resume,
        }

    @property
    def open_exchanges(self) -> int:
        """How many have no end yet."""
        return len(self._open)

    def take(self, records: Iterable[Record]) -> None:
        """What these records say. HandoffError, struct.error or ValueError if they are not a proxy's."""
        for record in records:
            if record.type is RecordType.REQUEST_HEAD:
                self._request_head(record)
            elif record.type is RecordType.GAP:
                self._gap(record)
            elif record.type is RecordType.MARK:
                self._mark(record)
            else:
                found = self._open.get(record.seq)
                if found is not None:
                    self._steps[record.type](found, record)
                elif record.type is RecordType.END:
                    self._batch.gaps.append(
                        Gap(
                            kind="exchanges",
                            reason="its beginning never came",
                            at=self._time.at(record.at),
                            count=1,
                            first_seq=record.seq,
                            last_seq=record.seq,
                        )
                    )

    def flush(self, number: int) -> Assembled:
        """What is to be committed for the records so far; `number`: the batch they came in."""
        for exchange in self._open.values():
            if exchange.news:
                exchange.news = False
                self._batch.exchanges.append(exchange_of(exchange, self._contents, self._batch.bodies))
        made = Assembled(self._batch)
        made.batch.number = number
        for seq in self._touched:
            found = self._open.get(seq)
            stream = found.stream if found is not None else None
            if found is not None and found.upgrade:
                made.checkpoints.append(Checkpoint(seq, 0, found.frames))
            elif stream is not None and stream.checkpoint:
                made.checkpoints.append(Checkpoint(seq, stream.safe, stream.safe_frames))
        self._touched.clear()
        self._batch = Batch()
        return made

    def stop(self, at: int, detail: str) -> None:
        """Ends what has no end: nobody will say more of it."""
        for exchange in list(self._open.values()):
            self._finish(exchange, at, End.STOPPED, detail)

    def _request_head(self, record: Record) -> None:
        if record.seq in self._open:
            raise HandoffError(f"exchange {record.seq} begins twice")
        head = unpack_head(record.payload)
        facts = self._heads.request(head.raw)
        self._open[record.seq] = exchange = OpenExchange(
            seq=record.seq,
            connection=head.connection,
            started=self._time.at(record.at),
            altered=head.altered,
            caller=head.caller,
            identity=head.identity,
            forwarded=head.forwarded,
            request=facts,
            secrecy=self._redactor.secrecy(facts.info),
            request_body=Pieces(self._max_body),
            answer_body=Pieces(self._max_body),
        )
        if self._trace is not None and Altered.TRACEPARENT in head.altered:
            exchange.trace_id = facts.client_trace or self._trace.trace_id(record.seq)
            exchange.parent_id = self._trace.parent_id(record.seq)

    def _request_body(self, exchange: OpenExchange, record: Record) -> None:
        exchange.request_body.add(record.payload)

    def _request_trailers(self, exchange: OpenExchange, record: Record) -> None:
        exchange.request_trailers = self._heads.trailers(record.payload)

    def _informational(self, exchange: OpenExchange, record: Record) -> None:
        exchange.informational += (self._heads.answer(record.payload).status,)

    def _answer_head(self, exchange: OpenExchange, record: Record) -> None:
        exchange.answer = answer = self._heads.answer(record.payload)
        exchange.answered = self._time.at(record.at)
        exchange.news = True
        exchange.stream = stream_of(exchange.request, answer)

    def _answer_body(self, exchange: OpenExchange, record: Record) -> None:
        stream = exchange.stream
        if stream is None:
            exchange.answer_body.add(record.payload)
            return
        self._touched.add(exchange.seq)
        for cut in stream.feed(record.payload):
            self._batch.frames.append(self._frame(exchange, stream, cut, record.at))

    def _frame(self, exchange: OpenExchange, stream: Stream, cut: StreamPart, at: int) -> Frame:
        message = Message(exchange.secrecy, stream.media_type, "")
        body = self._contents.event(message, cut.data, self._batch.bodies)
        return Frame(
            seq=exchange.seq,
            index=cut.index,
            at=self._time.at(at),
            direction=Direction.ANSWER,
            kind=stream.kind,
            body=body,
        )

    def _answer_trailers(self, exchange: OpenExchange, record: Record) -> None:
        exchange.answer_trailers = self._heads.trailers(record.payload)

    def _upgraded(self, exchange: OpenExchange, _record: Record) -> None:
        exchange.upgrade = exchange.answer.upgrade if exchange.answer is not None else ""
        exchange.news = True

    def _tunnel(self, exchange: OpenExchange, record: Record) -> None:
        direction, count = TUNNEL.unpack(record.payload)
        exchange.tunnel[1 if direction else 0] += count
        self._touched.add(exchange.seq)

    def _channel(self, exchange: OpenExchange, record: Record) -> None:
        frame = unpack_channel(record.payload)
        self._touched.add(exchange.seq)
        self._batch.frames.append(
            Frame(
                seq=exchange.seq,
                index=exchange.frames,
                at=self._time.at(record.at),
                direction=Direction.ANSWER if frame.answer else Direction.REQUEST,
                kind=CHANNEL,
                channel=frame.channel,
                body=self._contents.channel(exchange.secrecy, frame.size, frame.content, self._batch.bodies),
            )
        )
        exchange.frames += 1

    def _resume(self, exchange: OpenExchange, record: Record) -> None:
        offset, frames = RESUME.unpack(record.payload)
        if exchange.upgrade:
            exchange.frames = frames
            return
        if exchange.stream is None:
            raise HandoffError(f"exchange {record.seq} is resumed, but it is no stream")
        exchange.stream.resume(offset, frames)

    def _gap(self, record: Record) -> None:
        last, exchanges, missing = GAP.unpack_from(record.payload)
        gap = Gap(
            kind="exchanges" if exchanges else "body",
            reason=self._redactor.text(record.payload[GAP.size :].decode("utf-8", "replace")),
            at=self._time.at(record.at),
            count=exchanges or missing,
            first_seq=record.seq,
            last_seq=Seq(last),
        )
        found = self._open.get(record.seq)
        if exchanges or found is None:
            self._batch.gaps.append(gap)
        else:  # written with the exchange's end: until then it may be said again
            found.interrupt(gap)

    def _fault(self, exchange: OpenExchange, record: Record) -> None:
        exchange.fault = self._redactor.text(record.payload.decode("utf-8", "replace"))
        exchange.news = True

    def _mark(self, record: Record) -> None:
        text = self._redactor.text(record.payload.decode("utf-8", "replace"))
        self._batch.marks.append(Mark(at=self._time.at(record.at), seq=record.seq, text=text))

    def _end(self, exchange: OpenExchange, record: Record) -> None:
        end, detail = unpack_end(record.payload)
        self._finish(exchange, record.at, end, self._redactor.text(detail))

    def _finish(self, exchange: OpenExchange, at: int, end: End, detail: str) -> None:
        if exchange.stream is not None:
            self._batch.frames += [self._frame(exchange, exchange.stream, cut, at) for cut in exchange.stream.finish()]
        exchange.ended = self._time.at(at)
        exchange.end = end
        exchange.end_detail = detail
        del self._open[exchange.seq]
        self._batch.gaps += exchange.missing
        self._batch.exchanges.append(exchange_of(exchange, self._contents, self._batch.bodies))
