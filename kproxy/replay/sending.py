"""One request on its way: written in the target's words, sent as whoever it is to be, until the answer that counts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from kproxy.model.exchange import Digest, Exchange, Seq
from kproxy.model.many import frozen_by_type
from kproxy.model.recording import Recording
from kproxy.replay.answers import read_all
from kproxy.replay.deadlines import Deadlines
from kproxy.replay.events import ReplayEvent, RequestSent, Throttled
from kproxy.replay.lasting import seconds_of
from kproxy.replay.learning import AnswerLearner, learn_head
from kproxy.replay.plan import Send
from kproxy.replay.polling import Polling
from kproxy.replay.recorded import as_it_is, follows, request_of
from kproxy.replay.result import ReplayResult
from kproxy.replay.senders import Sender, Senders
from kproxy.replay.throttled import TOO_MANY, wait_before_again
from kproxy.replay.transport import LateError, Reply, WireRequest

ANSWER_SECONDS = 60.0
"""Beyond the recorded duration, how long an answer is awaited."""

_LATE_TIMES = 3
"""How often a connection that did not come in time is asked for again."""


@frozen_by_type(frozen=True, slots=True)
class Prepared:
    """A request that can be sent. `stays`: its answer is a stream; `own_only`: see Send."""

    exchange: Exchange
    request: WireRequest
    sender: Sender
    head: bytes
    stays: bool
    own_only: bool | None


@dataclass(slots=True)
class Sending:
    """See the module. `under_way` is told which exchange of the replay's recording each one became.

    `instead`: bodies that are sent in the recorded ones' place; `in_use`: see AnswerLearner.
    """

    recording: Recording
    senders: Senders
    notify: Callable[[ReplayEvent], None]
    sleep: Callable[[float], Awaitable[None]]
    result: ReplayResult
    under_way: dict[Seq, int]
    instead: Mapping[Seq, bytes]
    in_use: Callable[[], bool] = lambda: False
    learner: AnswerLearner = field(init=False)
    deadlines: Deadlines = field(default_factory=Deadlines)

    def __post_init__(self) -> None:
        self.learner = AnswerLearner(self.result.renaming, self.recording, in_use=self.in_use)

    def prepare(self, exchange: Exchange, step: Send) -> Prepared:
        """Write a recorded request anew. ReplayError for what cannot be sent."""
        sender = self.senders.of(exchange)
        request = self._written(exchange, step)
        if sender.fields and not any(name.lower() == "impersonate-user" for name, _ in request.headers):
            request = replace(request, headers=(*request.headers, *sender.fields))
        if sender.authorization:
            request = replace(request, authorization=sender.authorization)
        head = sender.transport.head(request)
        return Prepared(exchange, request, sender, head, step.stays or follows(exchange), step.own_only)

    def _written(self, exchange: Exchange, step: Send) -> WireRequest:
        renaming, own = self.result.renaming, self.instead.get(exchange.seq)
        body = own if own is not None else step.sent or self._read(exchange.request.body.digest)
        if own is not None or not step.plain:
            self.learner.before(exchange, body)
        elif not renaming.changes_texts:
            return as_it_is(exchange, body)
        return request_of(renaming, exchange, body)

    def _read(self, digest: Digest | None) -> bytes:
        return self.recording.body(digest) if digest else b""

    async def send(self, prepared: Prepared) -> Reply:
        """Send it, again while the target throttles; its answer's head. ReplayError."""
        exchange, request, times = prepared.exchange, prepared.request, 0

        def begun(number: int) -> None:
            if before := self.under_way[exchange.seq]:
                self.result.apart.append(before)
            self.under_way[exchange.seq] = number
            sent = RequestSent(
                seq=exchange.seq, replayed=Seq(number), method=request.method, target=request.target, again=times
            )
            self.notify(sent)

        while True:
            reply = await self._reply(prepared, begun)
            throttles = reply.status == TOO_MANY
            seconds = wait_before_again(exchange, reply.status, reply.headers, times) if throttles else None
            if seconds is None:
                learn_head(self.result.renaming, exchange, reply.field(b"last-modified"))
                return reply
            times += 1
            self.result.throttled += 1
            transport = prepared.sender.transport
            self.notify(Throttled(seq=exchange.seq, seconds=seconds, times=times))
            with self.deadlines.within(seconds_of(exchange) + ANSWER_SECONDS):
                await read_all(reply)
            transport.done(reply)
            await self.sleep(seconds)

    async def _reply(self, prepared: Prepared, begun: Callable[[int], None]) -> Reply:
        """Its answer's head; a busy target that takes no connection in time is asked for one again. ReplayError."""
        transport, times = prepared.sender.transport, 0
        while True:
            try:
                with self.deadlines.within(seconds_of(prepared.exchange) + ANSWER_SECONDS):
                    return await transport.send(prepared.request, prepared.head, alone=prepared.stays, begun=begun)
            except LateError:
                times += 1
                if times > _LATE_TIMES:
                    raise

    async def read(self, prepared: Prepared, reply: Reply, leave_after: int | None) -> None:
        """Read an answer as far as the recorded client did, and learn from it. ReplayError."""
        data = await self._data(prepared.exchange, reply, leave_after)
        self.learner.learn(prepared.exchange, reply.field(b"content-type"), data, own_only=prepared.own_only)

    async def poll(self, prepared: Prepared, reply: Reply, polling: Polling) -> Reply:
        """Read an answer, and send the request again until it shows its state; the answer that counts. ReplayError."""
        data = await self._data(prepared.exchange, reply, None)
        while await polling.again(reply.status, reply.headers, data):
            reply = await self.send(prepared)
            data = await self._data(prepared.exchange, reply, None)
        self.learner.learn(prepared.exchange, reply.field(b"content-type"), data, own_only=prepared.own_only)
        return reply

    async def _data(self, exchange: Exchange, reply: Reply, leave_after: int | None) -> bytes:
        try:
            with self.deadlines.within(seconds_of(exchange) + ANSWER_SECONDS):
                data = await read_all(reply, leave_after=leave_after)
        except BaseException:
            reply.leave()
            raise
        if leave_after is not None:
            reply.leave()
        else:
            reply.done()
        return data
