"""The engine: takes the plan's steps one after the other, against one target, and learns the renaming as it goes."""

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
from kproxy.replay.plan import Action, Await, Close, LeaveOut, Plan, Send, make_plan
from kproxy.replay.settle import Settle, Settler, Versions
from kproxy.replay.transport import Reply, Transport, WireRequest
from kproxy.wire.content import ContentError
from kproxy.wire.watch import WatchEvent, decode_event

LONGEST_PAUSE = 2.0
"""Seconds: as long as the recorded client gave the server after a write, but no longer."""

ANSWER_SECONDS = 60.0
"""Beyond the recorded duration, how long an answer is awaited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What a replay did: pairs of (recorded seq, replayed seq), what was not sent and why, and the renaming."""

    pairs: tuple[tuple[Seq, Seq], ...]
    unsent: dict[Seq, str]
    renaming: Renaming
    waited_in_vain: tuple[WaitedInVain, ...] = ()


async def replay(  # noqa: PLR0913 - what a replay is made of, by name
    recording: Recording,
    transport: Transport,
    *,
    patience: float = 10.0,
    notify: Callable[[ReplayEvent], None] = lambda _: None,
    written: Mapping[Seq, int] | None = None,
    versions: Versions | None = None,
) -> ReplayResult:
    """Send a recorded session to a target, in the recorded order, one request at a time.

    `patience`: seconds that a watch is given to deliver what it had delivered in the recording. `written`: the revision
    that each write made, as far as the recording's ledger knows: it orders writes that overlapped. `versions` looks
    into the target's etcd; without it nothing is awaited there. The replayed seq counts request heads from 1: it is the
    proxy's seq when the target is a fresh kproxy. ReplayError if nothing can be sent.
    """
    run = _Run(recording, transport, patience, notify, Settler(versions, patience))
    try:
        await run.all(plan_of(recording, written))
    finally:
        await run.close()
    return ReplayResult(
        pairs=tuple(run.pairs), unsent=run.unsent, renaming=run.renaming, waited_in_vain=tuple(run.in_vain)
    )


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


@dataclass(slots=True)
class _Run:
    """One run of a plan."""

    recording: Recording
    transport: Transport
    patience: float
    notify: Callable[[ReplayEvent], None]
    settler: Settler
    renaming: Renaming = field(default_factory=Renaming)
    pairs: list[tuple[Seq, Seq]] = field(default_factory=list)
    unsent: dict[Seq, str] = field(default_factory=dict)
    in_vain: list[WaitedInVain] = field(default_factory=list)
    watches: dict[Seq, Watch] = field(default_factory=dict)
    sent: int = 0
    wrote: tuple[Nanos, float] | None = None
    """When the last write was answered, or seen in etcd: in the recording, and here by the loop's clock."""

    async def all(self, plan: Plan) -> None:
        """Take all steps."""
        self.notify(ReplayStarted(requests=plan.requests, writes=plan.writes, left_out=len(plan.left_out)))
        for step in plan.steps:
            await self._take(step.action)
        self.notify(ReplayEnded(requests=self.sent))

    async def _take(self, action: Action) -> None:
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
        self.unsent[seq] = reason
        self.notify(RequestLeftOut(seq=seq, reason=reason))

    async def _send(self, step: Send) -> None:
        exchange = self.recording.exchange(step.seq)
        if exchange is None:
            raise ReplayError(f"The recording has no exchange {step.seq} any more.")
        request = self._request(exchange)
        try:
            self.transport.head(request)
        except ReplayError as error:
            self._leave_out(step.seq, str(error))
            return
        await self._pause(exchange)
        self.sent += 1
        self.pairs.append((step.seq, Seq(self.sent)))
        self.notify(RequestSent(seq=step.seq, replayed=Seq(self.sent), method=request.method, target=request.target))
        duration = ((exchange.ended or exchange.started) - exchange.started) / 1e9
        try:
            async with asyncio.timeout(duration + ANSWER_SECONDS):
                status = await self._answer(step, exchange, request)
        except (ReplayError, TimeoutError) as error:
            reason = str(error) or f"no answer within {duration + ANSWER_SECONDS:.0f} s"
            self.notify(RequestFailed(seq=step.seq, reason=reason))
            return
        if exchange.info.verb in WRITES:
            self.wrote = exchange.ended or exchange.started, asyncio.get_running_loop().time()
        recorded = exchange.answer.status if exchange.answer else None
        self.notify(AnswerReceived(seq=step.seq, status=status, recorded=recorded))

    async def _pause(self, exchange: Exchange) -> None:
        """Give the server what it had after a write: it publishes a definition's paths and spreads rights by itself."""
        if self.wrote is None:
            return
        recorded, live = self.wrote
        pause = min((exchange.started - recorded) / 1e9, LONGEST_PAUSE)
        await asyncio.sleep(max(0.0, live + pause - asyncio.get_running_loop().time()))

    def _request(self, exchange: Exchange) -> WireRequest:
        recorded = exchange.request
        data = self.recording.body(recorded.body.digest) if recorded.body.digest else b""
        return WireRequest(
            method=recorded.method,
            target=recorded.target if _too_large(exchange) else rename_target(self.renaming, recorded.target),
            headers=rename_headers(self.renaming, recorded.target, recorded.headers),
            body=rename_body(self.renaming, header(recorded.headers, "content-type"), data),
        )

    async def _answer(self, step: Send, exchange: Exchange, request: WireRequest) -> int:
        leaves = step.watch or step.leave_after is not None
        reply = await self.transport.send(request, alone=leaves)
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
        if watch is not None and not await watch.wait(events, self.patience):
            said = WaitedInVain(seq=seq, events=watch.events, recorded=events, seconds=self.patience)
            self.in_vain.append(said)
            self.notify(said)

    async def _settle(self, step: Settle) -> None:
        awaited = not self.settler.gave_up
        if not await self.settler.wait(step) and awaited:
            self.notify(NotSettled(key=step.key, seconds=self.patience))
        if self.wrote is None or self.wrote[0] < step.at:
            self.wrote = step.at, asyncio.get_running_loop().time()

    async def _close(self, step: Close) -> None:
        watch = self.watches.pop(step.seq, None)
        if watch is None:
            return
        if step.by_client:
            self.watches[step.seq] = watch
            await self._await(step.seq, step.events)
            del self.watches[step.seq]
        elif not await watch.wait(None, step.seconds + self.patience):
            said = WaitedInVain(
                seq=step.seq, events=watch.events, recorded=step.events, seconds=step.seconds + self.patience
            )
            self.in_vain.append(said)
            self.notify(said)
        await watch.close()
        self.notify(WatchEnded(seq=step.seq, events=watch.events, recorded=step.events))

    async def close(self) -> None:
        """Leave what is still open."""
        for watch in self.watches.values():
            await watch.close()
        self.transport.close()
