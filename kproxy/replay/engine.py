"""The engine: takes a plan's steps against one target, many at a time if it may, and learns the renaming as it goes."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kproxy.errors import ReplayError
from kproxy.model.exchange import WATCH_EVENT, Exchange, Nanos, Seq, header
from kproxy.model.recording import Recording
from kproxy.renaming.apply import rename_body, rename_headers, rename_target
from kproxy.renaming.kinds import resource_of
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.target import parameter
from kproxy.replay.answers import Watch, counts, learn_answer, learn_head, read_all
from kproxy.replay.effects import WRITES
from kproxy.replay.events import (
    AnswerReceived,
    NotSettled,
    ReplayEnded,
    ReplayEvent,
    ReplayStarted,
    RequestFailed,
    RequestLeftOut,
    RequestSent,
    WaitedInVain,
    WatchEnded,
)
from kproxy.replay.frontier import WINDOW
from kproxy.replay.pace import FAST, Clockwork, Pace
from kproxy.replay.plan import Action, Await, Close, LeaveOut, Plan, Send, Step, make_plan
from kproxy.replay.result import ReplayResult
from kproxy.replay.settle import Settle, Settler, Versions
from kproxy.replay.stopping import Stopper
from kproxy.replay.transport import Reply, Transport, WireRequest
from kproxy.replay.workers import take_all
from kproxy.wire.content import ContentError
from kproxy.wire.watch import WatchEvent, decode_event

_SERVER_ERROR = 500

ANSWER_SECONDS = 60.0
"""Beyond the recorded duration, how long an answer is awaited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """How a plan is driven.

    `concurrency`: requests that are on their way at a time, streams not counted; 1 takes the plan's steps one after the
    other. `patience`: seconds that a watch is given to deliver what it had delivered in the recording.
    """

    concurrency: int = 1
    pace: Pace = FAST
    patience: float = 10.0


async def replay(  # noqa: PLR0913 - what a replay is made of, by name
    recording: Recording,
    transport: Transport,
    *,
    drive: Drive = Drive(),
    plan: Plan | None = None,
    notify: Callable[[ReplayEvent], None] = lambda _: None,
    written: Mapping[Seq, int] | None = None,
    versions: Versions | None = None,
    stopper: Stopper | None = None,
    renaming: Renaming | None = None,
    instead: Mapping[Seq, bytes] | None = None,
) -> ReplayResult:
    """Send a recorded session to a target.

    `plan` None: all of it. `written`: the revision that each write made, as far as the recording's ledger knows: it
    orders writes that overlapped. `versions` looks into the target's etcd; without it nothing is awaited there.
    `stopper`: by which the replay is stopped before its end, and which knows whether the target lives. `renaming`: what
    is known before the first request; `instead`: bodies that are sent in the recorded ones' place. ReplayError if
    nothing can be sent.
    """
    run = _Run(recording, transport, drive, notify, Settler(versions, drive.patience), stopper or Stopper())
    run.result.renaming = renaming or run.renaming
    run.instead = instead or {}
    try:
        await run.all(plan or plan_of(recording, written))
    finally:
        await run.close()
    return run.result


def plan_of(recording: Recording, written: Mapping[Seq, int] | None = None) -> Plan:
    """The plan of a recording; `written` as for `replay`."""
    return make_plan(recording, written)


def _recorded_events(recording: Recording, exchange: Exchange) -> list[tuple[Nanos, WatchEvent]]:
    """The events of a recorded watch that count. What cannot be decoded is left out: the comparison says so."""
    if exchange.answer is None:
        return []
    media_type = header(exchange.answer.headers, "content-type")
    found: list[tuple[Nanos, WatchEvent]] = []
    for frame in recording.frames(exchange.seq):
        if frame.body.digest is None or frame.kind != WATCH_EVENT:
            continue
        try:
            event = decode_event(media_type, recording.body(frame.body.digest))
        except ContentError:
            continue
        if counts(event):
            found.append((frame.at, event))
    return found


def _too_large(exchange: Exchange) -> bool:
    """Whether a request named a revision that is still to come: it says nothing of the server's, here as there."""
    target, answer = exchange.request.target, exchange.answer
    return answer is not None and answer.status == 504 and parameter(target, "resourceVersion") is not None


def _failed_before(exchange: Exchange) -> bool:
    """Whether the recorded server itself answered with an error of its own, or not at all."""
    return exchange.answer is None or exchange.answer.status >= _SERVER_ERROR


@dataclass(slots=True)
class _Run:
    """One run of a plan."""

    recording: Recording
    transport: Transport
    drive: Drive
    notify: Callable[[ReplayEvent], None]
    settler: Settler
    stopper: Stopper
    result: ReplayResult = field(default_factory=lambda: ReplayResult(renaming=Renaming()))
    instead: Mapping[Seq, bytes] = field(default_factory=dict)
    watches: dict[Seq, Watch] = field(default_factory=dict)
    under_way: dict[Seq, int] = field(default_factory=dict)
    """What is on its way, or an open stream, and which exchange of the replay's recording it became (0: none)."""
    clockwork: Clockwork = field(init=False)

    def __post_init__(self) -> None:
        self.clockwork = Clockwork(self.drive.pace)

    @property
    def renaming(self) -> Renaming:
        """What was learned so far."""
        return self.result.renaming

    async def all(self, plan: Plan) -> None:
        """Take all steps, or as many as there are before the replay is stopped."""
        self.notify(ReplayStarted(requests=plan.requests, writes=plan.writes, left_out=len(plan.left_out)))
        window = min(plan.reach or WINDOW, WINDOW)
        taking = take_all(iter(plan.steps), self._take, self.drive.concurrency, self.stopper, window)
        await self.stopper.until_stopped(taking)
        self.result.stopped = self.stopper.stopped
        for seq, replayed in sorted(self.under_way.items()):
            self._apart(seq, replayed, "it was under way when the replay was stopped")
        self.notify(ReplayEnded(requests=self.result.sent))

    async def _take(self, step: Step) -> None:
        action: Action = step.action
        match action:
            case Send():
                await self._send(action)
            case Await():
                await self._await(action.seq, action.events)
            case Close():
                await self._close(action)
            case LeaveOut():
                self._leave_out(action.seq, action.reason)
            case Settle():
                await self._settle(action)

    def _leave_out(self, seq: Seq, reason: str) -> None:
        self.result.unsent.add(seq, reason)
        self.notify(RequestLeftOut(seq=seq, reason=reason))

    def _apart(self, seq: Seq, replayed: int, reason: str) -> None:
        """An exchange that began and is not to be compared."""
        self.result.unsent.add(seq, reason)
        if replayed:
            self.result.apart.append(replayed)

    async def _send(self, step: Send) -> None:
        exchange = self.recording.exchange(step.seq)
        if exchange is None:
            raise ReplayError(f"The recording has no exchange {step.seq} any more.")
        await self._until_due(exchange.started)
        if self.stopper.stopped is not None:
            return
        request = self._request(exchange)
        try:
            self.transport.head(request)
        except ReplayError as error:
            self._leave_out(step.seq, str(error))
            return
        self.result.sent += 1
        self.stopper.at(step.seq)
        self.under_way[step.seq] = 0
        duration = ((exchange.ended or exchange.started) - exchange.started) / 1e9
        try:
            async with asyncio.timeout(duration + ANSWER_SECONDS):
                status = await self._answer(step, exchange, request)
        except (ReplayError, TimeoutError) as error:
            reason = str(error) or f"no answer within {duration + ANSWER_SECONDS:.0f} s"
            await self._failed(step.seq, reason)
            return
        if status >= _SERVER_ERROR and not _failed_before(exchange) and await self._is_gone(step.seq):
            return
        if exchange.info.verb in WRITES:
            self.clockwork.wrote(exchange.ended or exchange.started, asyncio.get_running_loop().time())
        recorded = exchange.answer.status if exchange.answer else None
        self.notify(AnswerReceived(seq=step.seq, status=status, recorded=recorded))
        if step.seq not in self.watches:
            self._over(step.seq)

    def _over(self, seq: Seq) -> None:
        """What is compared is over."""
        if replayed := self.under_way.pop(seq, 0):
            self.result.pairs.add(seq, replayed)

    async def _failed(self, seq: Seq, reason: str) -> None:
        """No answer, or not all of it: the server's doing, unless it is not there any more."""
        self.notify(RequestFailed(seq=seq, reason=reason))
        if not await self._is_gone(seq):
            self._over(seq)

    async def _is_gone(self, seq: Seq) -> bool:
        """Whether the target has died: then what is under way stays so, and nothing more is sent."""
        return not await self.stopper.lives(seq)

    async def _until_due(self, recorded: Nanos) -> None:
        """Keep the pace, and give the server what it had after a write."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if (due := self.clockwork.due(recorded, now)) > now:
            await self.stopper.sleep(due - now)

    def _request(self, exchange: Exchange) -> WireRequest:
        recorded = exchange.request
        data = self.instead.get(exchange.seq) or (
            self.recording.body(recorded.body.digest) if recorded.body.digest else b""
        )
        return WireRequest(
            method=recorded.method,
            target=recorded.target if _too_large(exchange) else rename_target(self.renaming, recorded.target),
            headers=rename_headers(self.renaming, recorded.target, recorded.headers),
            body=rename_body(self.renaming, header(recorded.headers, "content-type"), data),
        )

    async def _answer(self, step: Send, exchange: Exchange, request: WireRequest) -> int:
        def begun(number: int) -> None:
            self.under_way[step.seq] = number
            sent = RequestSent(seq=step.seq, replayed=Seq(number), method=request.method, target=request.target)
            self.notify(sent)

        leaves = step.watch or step.leave_after is not None
        reply = await self.transport.send(request, alone=leaves, begun=begun)
        learn_head(self.renaming, exchange, reply.headers)
        if step.watch and reply.status == 200:
            events = [event for _, event in _recorded_events(self.recording, exchange)]
            self.watches[step.seq] = Watch(reply, events, self.renaming, resource_of(exchange.info))
            return reply.status
        await self._read(step, exchange, reply)
        return reply.status

    async def _read(self, step: Send, exchange: Exchange, reply: Reply) -> None:
        try:
            data = await read_all(reply, leave_after=step.leave_after)
        except BaseException:
            reply.leave()
            raise
        if step.leave_after is not None:
            reply.leave()
        else:
            self.transport.done(reply)
        learn_answer(self.renaming, self.recording, exchange, reply.headers, data)

    async def _await(self, seq: Seq, events: int) -> None:
        watch = self.watches.get(seq)
        if watch is not None and not await watch.wait(events, self.drive.patience):
            self._in_vain(seq, watch, events, self.drive.patience)

    def _in_vain(self, seq: Seq, watch: Watch, events: int, seconds: float) -> None:
        said = WaitedInVain(seq=seq, events=watch.events, recorded=events, seconds=seconds)
        self.result.waited_in_vain.append(said)
        self.notify(said)

    async def _settle(self, step: Settle) -> None:
        awaited = not self.settler.gave_up
        if not await self.settler.wait(step) and awaited:
            self.notify(NotSettled(key=step.key, seconds=self.drive.patience))
        self.clockwork.wrote(step.at, asyncio.get_running_loop().time())

    async def _close(self, step: Close) -> None:
        watch = self.watches.get(step.seq)
        if watch is None:
            return
        if step.by_client:
            await self._await(step.seq, step.events)
        else:
            seconds = step.seconds + self.drive.patience
            if not await watch.wait(None, seconds):
                self._in_vain(step.seq, watch, step.events, seconds)
        await watch.close()
        del self.watches[step.seq]
        self.notify(WatchEnded(seq=step.seq, events=watch.events, recorded=step.events))
        if watch.broken and watch.events < step.events and await self._is_gone(step.seq):
            return
        self._over(step.seq)

    async def close(self) -> None:
        """Leave what is still open."""
        for watch in self.watches.values():
            await watch.close()
        self.transport.close()
