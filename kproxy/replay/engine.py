"""The engine: takes a plan's steps against one target, many at a time if it may, and learns the renaming as it goes."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field

from kproxy.errors import ReplayError
from kproxy.model.api import WRITE_VERBS
from kproxy.model.etcd import key_text
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.renaming.kinds import resource_of
from kproxy.renaming.renaming import Renaming
from kproxy.replay.answers import Watch
from kproxy.replay.beforehand import read_before
from kproxy.replay.coming import Coming, goes_on_from
from kproxy.replay.conflicts import Conflict, conflict_of, excuses
from kproxy.replay.events import (
    AnswerReceived,
    NotSettled,
    ReplayEnded,
    ReplayEvent,
    ReplayStarted,
    RequestFailed,
    RequestLeftOut,
    StateNotReached,
    WaitedInVain,
    Waiting,
    WatchEnded,
)
from kproxy.replay.expected import events_of
from kproxy.replay.frontier import WINDOW
from kproxy.replay.loops import recorded_state
from kproxy.replay.ownchanges import Settle
from kproxy.replay.pace import FAST, Clockwork, Pace
from kproxy.replay.passing import Passing
from kproxy.replay.plan import Action, Await, Close, LeaveOut, Plan, Send, Step, make_plan
from kproxy.replay.polling import Polling, Shows, shows_state
from kproxy.replay.published import Published
from kproxy.replay.recorded import failed_before, follows, is_leaving, is_refused_watch, stays_open
from kproxy.replay.result import ReplayResult
from kproxy.replay.senders import Senders, WithTokens
from kproxy.replay.sending import Prepared, Sending
from kproxy.replay.settle import Settler, Versions
from kproxy.replay.sights import CONFLICT
from kproxy.replay.spreading import served, spread_by
from kproxy.replay.stopping import Stopper
from kproxy.replay.transport import Reply, Transport
from kproxy.replay.upgrades import Upgraded
from kproxy.replay.workers import take_all
from kproxy.wire.watchevents import WatchEvent

_BESIDE_SECONDS = 60.0
_SERVER_ERROR = 500
_SWITCHED = 101
_LONG_SECONDS = 0.5
"""A wait that people are told of."""
_LINGERS = 1.0
_LINGERS_AS_ETCD_KNOWS = 5.0
"""Seconds that a watch with as many events as were recorded is left open for those of them that did not come; the
second one where etcd tells that they are on their way: a busy server was seen to be silent for more than one."""

_HURRIED = 10
_MOST_HURRIED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """How a plan is driven.

    `concurrency`: requests that are on their way at a time, streams not counted; 1 takes the plan's steps one after the
    other. `patience`: seconds that a watch is given to deliver what it had delivered in the recording. `beside`: those
    who are not driven act as they did: what their doing changed is awaited as a state, for a minute.
    """

    concurrency: int = 1
    pace: Pace = FAST
    patience: float = 10.0
    beside: bool = False


async def replay(  # noqa: PLR0913 - what a replay is made of, by name
    recording: Recording,
    senders: Senders,
    *,
    bare: Transport | None = None,
    drive: Drive = Drive(),
    plan: Plan | None = None,
    notify: Callable[[ReplayEvent], None] = lambda _: None,
    written: Mapping[Seq, int] | None = None,
    versions: Versions | None = None,
    tells_gone: bool = True,
    stopper: Stopper | None = None,
    renaming: Renaming | None = None,
    instead: Mapping[Seq, bytes] | None = None,
    passing: Passing | None = None,
) -> ReplayResult:
    """Send a recorded session to a target.

    `bare`: goes to the target too, and sets no credentials: for tokens that the target issues itself. `plan` None: all
    of it. `written`: the revision that each write made, as far as the recording's ledger knows: it orders writes that
    overlapped. `versions` looks into the target's etcd; without it nothing is awaited there. `tells_gone`: whether what
    it does not find is gone, and not kept elsewhere. `stopper`: by which the replay is stopped before its end, and
    which knows whether the target lives. `renaming`: what is known before the first request; `instead`: bodies
    that are sent in the recorded ones' place. `passing`: which states those who are not driven went on from by
    themselves. ReplayError if nothing can be sent.
    """
    renaming = renaming or Renaming()
    if bare is not None:
        senders = WithTokens(senders, bare, renaming)
    settler = Settler(versions, drive.patience)
    result = ReplayResult(renaming=renaming)
    run = _Run(
        recording,
        senders,
        drive,
        notify,
        settler,
        stopper or Stopper(),
        result,
        instead or {},
        tells_gone,
        passing or Passing(),
    )
    try:
        await run.all(plan or make_plan(recording, written))
    finally:
        await run.close()
    return run.result


@dataclass(slots=True)
class _Run:
    """One run of a plan."""

    recording: Recording
    senders: Senders
    drive: Drive
    notify: Callable[[ReplayEvent], None]
    settler: Settler
    stopper: Stopper
    result: ReplayResult
    instead: Mapping[Seq, bytes]
    tells_gone: bool
    passing: Passing
    watches: dict[Seq, Watch] = field(default_factory=dict)
    under_way: dict[Seq, int] = field(default_factory=dict)
    """What is on its way, or an open stream, and which exchange of the replay's recording it became (0: none)."""
    streams: dict[Seq, tuple[Exchange, asyncio.Task[None]]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    polled_in_vain: int = 0
    """How many states did not come: each time the others are given less."""
    indexed_in_vain: int = 0
    """How many indexes did not show what is defined: what becomes of them says nothing of objects' states."""
    published: Published = field(init=False)
    clockwork: Clockwork = field(init=False)
    sending: Sending = field(init=False)

    def __post_init__(self) -> None:
        self.published = Published(self.recording)
        self.clockwork = Clockwork(self.drive.pace)
        self.sending = Sending(
            self.recording,
            self.senders,
            self.notify,
            self.stopper.sleep,
            self.result,
            self.under_way,
            self.instead,
            in_use=lambda: self.drive.beside or bool(self.watches),
        )

    async def all(self, plan: Plan) -> None:
        """Take all steps, or as many as there are before the replay is stopped."""
        self.result.folded = plan.folded
        self.notify(ReplayStarted(requests=plan.requests, writes=plan.writes, left_out=len(plan.left_out)))
        await self.stopper.until_stopped(self._all_steps(plan))
        self.result.stopped = self.stopper.stopped
        for seq, replayed in sorted(self.under_way.items()):
            self.result.unsent.add(seq, "it was under way when the replay was stopped")
            if replayed:
                self.result.apart.append(replayed)
        self._excuse()
        self.notify(ReplayEnded(requests=self.result.sent))

    def _excuse(self) -> None:
        """Conflicts that did not come back for want of whoever they were with."""
        sent = dict(self.result.pairs) if self.conflicts else {}
        for seq, reason in excuses(self.recording, self.conflicts, sent):
            self.result.excused.add(seq, reason)

    async def _all_steps(self, plan: Plan) -> None:
        window = min(plan.reach or WINDOW, WINDOW)
        steps = iter(plan.steps)
        if self.drive.concurrency > 1:
            self.notify(Waiting(what="the plan's beginning"))
            steps = await read_before(steps, self.stopper)
        await take_all(steps, self._take, self.drive.concurrency, self.stopper, window)
        if self.streams:
            await asyncio.gather(*(task for _, task in self.streams.values()))

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

    async def _send(self, step: Send) -> None:
        exchange = step.exchange or self.recording.exchange(step.seq)
        if exchange is None:
            raise ReplayError(f"The recording has no exchange {step.seq} any more; replay a copy.")
        if self.streams:
            await self._until_ended(exchange.started)
        now = asyncio.get_running_loop().time()
        if (due := self.clockwork.due(exchange, now)) > now:
            await self._until_due(due - now)
        if self.stopper.stopped is not None:
            return
        try:
            prepared = self.sending.prepare(exchange, step)
        except ReplayError as error:
            self._leave_out(step.seq, str(error))
            return
        self.result.sent += 1
        self.stopper.at(step.seq)
        self.under_way[step.seq] = 0
        try:
            with self.sending.learner.under_way(exchange):
                reply = await self._until_answered(step, prepared)
        except ReplayError as error:
            await self._failed(step.seq, str(error))
            return
        await self._answered(step.seq, exchange, reply.status)

    async def _until_answered(self, step: Send, prepared: Prepared) -> Reply:
        """Send a request and learn from its answer; a stream goes on. ReplayError."""
        exchange = prepared.exchange
        reply = await self.sending.send(prepared)
        if step.watch and reply.status == 200:
            events = events_of(self.recording, exchange)
            learner, resource = self.sending.learner, resource_of(exchange.info)
            renaming = self.result.renaming
            learner.catch_up()
            self.watches[step.seq] = Watch(
                reply,
                events,
                renaming,
                resource=resource,
                making=lambda: bool(learner.making[resource]),
                coming=self._coming(exchange, prepared.request.target),
            )
        elif reply.status == _SWITCHED:
            self._beside(exchange, self._upgraded(exchange, reply))
        elif follows(exchange):
            self._beside(exchange, self.sending.read(prepared, reply, step.leave_after))
        elif step.polls or self._awaited(exchange):
            reply = await self.sending.poll(prepared, reply, self._polling(exchange))
        elif (listed := self.published.awaited(exchange)) is not None:
            reply = await self.sending.poll(prepared, reply, self._polling(exchange, listed.shown))
        else:
            served = is_refused_watch(exchange) and reply.status == 200  # it would go on and on
            await self.sending.read(prepared, reply, 0 if served else step.leave_after)
        return reply

    def _coming(self, exchange: Exchange, target: str) -> Coming | None:
        versions = self.settler.versions if self.tells_gone and not self.drive.beside else None
        if versions is None:
            return None
        return Coming(exchange.info, self.recording.session.etcd_prefix, versions, since=goes_on_from(target))

    async def _answered(self, seq: Seq, exchange: Exchange, status: int) -> None:
        if status >= _SERVER_ERROR and not failed_before(exchange) and await self._is_gone(seq):
            return
        if exchange.info.verb in WRITE_VERBS and (concerned := spread_by(exchange)) is not None:
            self.clockwork.wrote(exchange.ended or exchange.started, asyncio.get_running_loop().time(), concerned)
        recorded = exchange.answer.status if exchange.answer else None
        if recorded == CONFLICT != status and (conflict := conflict_of(self.recording, exchange)) is not None:
            self.conflicts.append(conflict)
        self.notify(AnswerReceived(seq=seq, status=status, recorded=recorded))
        if seq not in self.watches and seq not in self.streams:
            self._over(seq)

    def _awaited(self, exchange: Exchange) -> bool:
        """Whether a read may show what somebody who is not driven did."""
        reads = self.drive.beside and exchange.info.is_resource and exchange.info.verb in {"get", "list"}
        return reads and not is_leaving(self.recording, exchange)

    def _polling(self, exchange: Exchange, shows: Shows | None = None) -> Polling:
        """Until an answer shows the recorded state, or of an index what `shows` wants."""
        passed = shows is None and self.drive.beside and self.passing.read(self.recording, exchange) is not None

        def in_vain(attempts: int) -> None:
            if passed:
                self.result.passed.append(exchange.seq)
                return
            if shows is None:
                self.polled_in_vain += 1
                self.result.missed.append(exchange.seq)
            else:
                self.indexed_in_vain += 1
            self.notify(StateNotReached(seq=exchange.seq, attempts=attempts))

        async def sleep(seconds: float) -> bool:
            await self.stopper.sleep(seconds)
            return self.stopper.stopped is None

        longest = _BESIDE_SECONDS if self._awaited(exchange) else self.drive.patience
        before = self.polled_in_vain if shows is None else self.indexed_in_vain
        patience = longest / _HURRIED ** min(before, _MOST_HURRIED)
        wanted = shows or shows_state(recorded_state(self.recording, exchange))
        return Polling(wanted, patience, sleep, in_vain, self._still if passed else None)

    @property
    def _still(self) -> float:
        """Seconds without another state after which one that was only passed through is not waited for any more."""
        return self.drive.patience * 0.5 ** min(len(self.result.passed), _MOST_HURRIED)

    def _beside(self, exchange: Exchange, stream: Coroutine[None, None, None]) -> None:
        """A log that is followed, an upgraded connection: it goes on beside all that is still to come."""
        task = asyncio.create_task(self._to_its_end(exchange, stream))
        self.streams[exchange.seq] = exchange, task

    async def _to_its_end(self, exchange: Exchange, stream: Coroutine[None, None, None]) -> None:
        try:
            await stream
        except ReplayError as error:
            await self._failed(exchange.seq, str(error))
        else:
            self._over(exchange.seq)
        finally:
            self.streams.pop(exchange.seq, None)

    async def _upgraded(self, exchange: Exchange, reply: Reply) -> None:
        upgraded = Upgraded(self.recording, exchange, reply, self.drive.patience)
        await upgraded.drive()
        if upgraded.vain:
            self._said_less(exchange.seq, upgraded)

    def _said_less(self, seq: Seq, upgraded: Upgraded) -> None:
        said = WaitedInVain(seq=seq, events=upgraded.came, recorded=upgraded.awaited, seconds=self.drive.patience)
        self.result.waited_in_vain.append(said)
        self.notify(said)

    async def _until_ended(self, before: Nanos) -> None:
        """What went on beside others and had ended in the recording by then has its time to end."""
        over = [task for other, task in self.streams.values() if other.ended is not None and other.ended <= before]
        if over:
            await asyncio.wait(over, timeout=self.drive.patience)

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

    async def _until_due(self, seconds: float) -> None:
        """Keep the pace, and give the server what it had after a write."""
        if seconds > _LONG_SECONDS:
            self.notify(Waiting(what=f"its time, for {seconds:.1f} s"))
        await self.stopper.sleep(seconds)

    async def _await(self, seq: Seq, events: int) -> None:
        watch = self.watches.get(seq)
        if watch is None:
            return
        if watch.events < events and not watch.ended:
            self.notify(Waiting(what=f"events of watch {seq}"))
        seconds = _BESIDE_SECONDS if self.drive.beside else self.drive.patience / 2 ** min(watch.vain, _MOST_HURRIED)
        came = self._states_came(seq, watch, events) if self.drive.beside else watch.wait(events, seconds)
        if not await came:
            self._in_vain(seq, watch, events, seconds)

    async def _states_came(self, seq: Seq, watch: Watch, events: int) -> bool:
        """Whether each object came to the state in which so many events had shown it, but in passing."""
        exchange = self.recording.exchange(seq)

        def passed(event: WatchEvent) -> bool:
            return exchange is not None and self.passing.event(exchange.info, event)

        return await watch.wait_states(events, _BESIDE_SECONDS, passed, self._still)

    def _in_vain(self, seq: Seq, watch: Watch, events: int, seconds: float) -> None:
        watch.vain += 1
        said = WaitedInVain(seq=seq, events=watch.events, recorded=events, seconds=seconds)
        self.result.waited_in_vain.append(said)
        self.notify(said)

    async def _settle(self, step: Settle) -> None:
        awaited = not self.settler.gave_up
        self.notify(Waiting(what=f"{key_text(step.key)} in etcd"))
        if not await self.settler.wait(step) and awaited:
            self.notify(NotSettled(key=step.key, seconds=self.drive.patience))
        self.published.settled(step)
        self.clockwork.wrote(step.at, asyncio.get_running_loop().time(), served(step.defines))

    async def _close(self, step: Close) -> None:
        watch = self.watches.get(step.seq)
        if watch is None:
            return
        if step.by_client:
            await self._await(step.seq, step.events)
            await watch.linger(_LINGERS_AS_ETCD_KNOWS if watch.asks_etcd else _LINGERS)
            if watch.ended_early and stays_open(self.recording.exchange(step.seq), watch.lived):
                self.result.early.append(step.seq)
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
        streams = [task for _, task in self.streams.values()]
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        for watch in self.watches.values():
            await watch.close()
        self.senders.close()
