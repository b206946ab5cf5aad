"""kproxy.replay.engine, on two emulated api-servers over real etcds: what one answered, the other is asked again."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import Upstream
from kproxy.diff.compare import compare
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.attribution import Ledger
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Body, BodyState, End, Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome
from kproxy.renaming.renaming import Renaming
from kproxy.replay.answers import Watch, read_all
from kproxy.replay.coming import Coming
from kproxy.replay.engine import Drive, _Run, replay
from kproxy.replay.events import (
    ReplayEnded,
    ReplayEvent,
    ReplayStarted,
    RequestFailed,
    RequestLeftOut,
    RequestSent,
    WatchEnded,
)
from kproxy.replay.expected import Expected
from kproxy.replay.guard import gather_facts, written_resources
from kproxy.replay.passing import Passing
from kproxy.replay.plan import Plan, Send, Step, make_plan
from kproxy.replay.polling import Shows
from kproxy.replay.result import ReplayResult
from kproxy.replay.senders import One
from kproxy.replay.settle import Settler, Stored
from kproxy.replay.stopping import Stopper
from kproxy.replay.transport import Reply, Transport, WireRequest
from tests.support.memory import MemoryRecording
from tests.support.tape import Tape

pytestmark = pytest.mark.process

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
NOTHING = Ledger(entries=())


@pytest.fixture(scope="module")
def recorded() -> Iterator[MemoryRecording]:
    """A session with a generated name, a watch, an update and a conflict, on a server that is gone afterwards."""
    with start_lab(LabSettings(server="emulated")) as lab:
        yield asyncio.run(_record(load_kubeconfig(Path(lab.kubeconfig)).upstream()))


@pytest.fixture(scope="module")
def target() -> Iterator[Upstream]:
    """A second server."""
    with start_lab(LabSettings(server="emulated")) as lab:
        yield load_kubeconfig(Path(lab.kubeconfig)).upstream()


def request(method: str, target: str, body: JSON = None) -> WireRequest:
    """A request as a client sends it."""
    headers = (("Host", "there"), ("Accept", "application/json"), ("Content-Type", "application/json"))
    return WireRequest(
        method=method, target=target, headers=headers, body=json.dumps(body).encode() if body is not None else b""
    )


def text(value: JSONObject, name: str) -> str:
    """A text of an object's metadata."""
    metadata = value["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata[name])


async def _record(upstream: Upstream) -> MemoryRecording:
    tape = Tape(upstream)

    async def ask(sent: WireRequest) -> JSONObject:
        reply = await tape.send(sent)
        data = await read_all(reply)
        tape.done(reply)
        value: JSONObject = json.loads(data)
        return value

    listed = await ask(request("GET", CONFIGMAPS))
    revision = text(listed, "resourceVersion")
    reply = await tape.send(request("GET", f"{CONFIGMAPS}?watch=true&resourceVersion={revision}"), alone=True)
    watch = Watch(reply, [], Renaming())
    made = await ask(request("POST", CONFIGMAPS, {"metadata": {"generateName": "web-"}, "data": {"a": "b"}}))
    assert await watch.wait(1, 10)
    name = text(made, "name")
    await ask(request("GET", f"{CONFIGMAPS}/{name}"))
    await ask(request("PUT", f"{CONFIGMAPS}/{name}", {**made, "data": {"a": "c", "of": name}}))
    assert await watch.wait(2, 10)
    await ask(request("PUT", f"{CONFIGMAPS}/{name}", {**made, "data": {"a": "d"}}))
    await ask(request("DELETE", f"{CONFIGMAPS}/{name}"))
    assert await watch.wait(3, 10)
    await watch.close()
    await ask(request("GET", f"{CONFIGMAPS}/{name}"))
    tape.close()
    return tape.recording


def replayed(
    recording: MemoryRecording, upstream: Upstream, notify: Callable[[ReplayEvent], None] = lambda _: None
) -> tuple[MemoryRecording, ReplayResult]:
    """A replay, and its own recording."""

    async def run() -> tuple[MemoryRecording, ReplayResult]:
        tape = Tape(upstream)
        result = await replay(recording, One(tape), drive=Drive(patience=5), notify=notify)
        return tape.recording, result

    return asyncio.run(run())


def test_a_replay_on_a_second_server_says_the_same_in_its_words(recorded: MemoryRecording, target: Upstream) -> None:
    again, result = replayed(recorded, target)
    assert [each.answer.status for each in recorded.exchange_list if each.answer] == [
        200, 200, 201, 200, 200, 409, 200, 404,
    ]  # fmt: skip
    verdict = compare(recorded, NOTHING, again, NOTHING, result.pairs)
    assert verdict.differences == ()
    assert verdict.outcome in {Outcome.IDENTICAL, Outcome.EQUIVALENT}
    assert dict(verdict.renamed)["generated name"] == 1
    assert sorted(result.pairs) == [(Seq(seq), Seq(seq)) for seq in range(1, 9)]
    assert again.exchange_list[3].request.target != recorded.exchange_list[3].request.target
    assert result.early == []


def test_a_watch_that_the_target_ended_early_is_among_the_results(
    recorded: MemoryRecording, target: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "ended_early", property(lambda _: True))
    _, result = replayed(recorded, target)
    assert result.early == [each.seq for each in recorded.exchange_list if each.info.verb == "watch"]


def test_a_watch_that_was_waited_for_in_vain_is_waited_for_half_as_long(
    recorded: MemoryRecording, target: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []

    async def never(_: Watch, _events: int | None, seconds: float) -> bool:
        waited.append(seconds)
        return False

    monkeypatch.setattr(Watch, "wait", never)
    monkeypatch.setattr(Watch, "_came", lambda *_: None)
    replayed(recorded, target)
    assert waited[:3] == [5, 2.5, 1.25]


def test_a_watch_that_was_refused_and_is_served_now_is_not_read_to_its_end(
    recorded: MemoryRecording, target: Upstream
) -> None:
    before = recorded.exchange_list[1]
    assert before.info.verb == "watch"
    assert before.answer
    ended = replace(before, answer=replace(before.answer, status=404), ended=before.answered, end=End.COMPLETE)
    refused = replace(recorded, exchange_list=[recorded.exchange_list[0], ended], frame_list=[])
    told: list[ReplayEvent] = []
    again, result = replayed(refused, target, told.append)
    assert not [each for each in told if isinstance(each, RequestFailed)]
    assert sorted(result.pairs) == [(Seq(1), Seq(1)), (Seq(2), Seq(2))]
    assert [each.answer.status for each in again.exchange_list if each.answer] == [200, 200]


def test_what_happened_is_told_as_it_goes(recorded: MemoryRecording, target: Upstream) -> None:
    told: list[ReplayEvent] = []
    replayed(recorded, target, told.append)
    assert told[0] == ReplayStarted(requests=8, writes=4, left_out=0)
    assert [each.seq for each in told if isinstance(each, RequestSent)] == list(range(1, 9))
    assert [(each.events, each.recorded) for each in told if isinstance(each, WatchEnded)] == [(3, 3)]
    assert told[-1] == ReplayEnded(requests=8)


def test_what_cannot_be_sent_is_left_out_and_does_not_count(recorded: MemoryRecording, target: Upstream) -> None:
    harmed = replace(recorded, exchange_list=list(recorded.exchange_list))
    first = harmed.exchange_list[3]
    lost = Body(state=BodyState.LOST, size=3)
    harmed.exchange_list[3] = replace(first, request=replace(first.request, body=lost))
    second = harmed.exchange_list[7]
    harmed.exchange_list[7] = replace(second, request=replace(second.request, target="/a b"))
    told: list[ReplayEvent] = []
    _, result = replayed(harmed, target, told.append)
    assert set(result.unsent) == {4, 8}
    assert [replayed_seq for _, replayed_seq in sorted(result.pairs)] == list(range(1, 7))
    assert sum(isinstance(each, RequestLeftOut) for each in told) == 2


def test_the_server_has_after_a_write_that_spreads_the_time_that_the_recorded_client_gave_it(
    recorded: MemoryRecording, target: Upstream
) -> None:
    deleted, read = recorded.exchange_list[6:8]
    deleted = replace(deleted, info=replace(deleted.info, group="rbac.authorization.k8s.io"))  # as if it were a right
    later = Nanos((deleted.ended or 0) + 700_000_000)
    paused = replace(recorded, exchange_list=[deleted, replace(read, started=later, answered=later, ended=later)])
    again, _ = replayed(paused, target)
    written, then = again.exchange_list
    assert then.started - (written.ended or 0) >= 650_000_000


def test_a_revision_that_is_still_to_come_is_sent_as_it_was(recorded: MemoryRecording, target: Upstream) -> None:
    asked = f"{CONFIGMAPS}?resourceVersion=999999"
    exchange = recorded.exchange_list[0]
    assert exchange.answer
    too_large = replace(
        exchange,
        seq=Seq(9),
        request=replace(exchange.request, target=asked),
        answer=replace(exchange.answer, status=504),
    )
    later = Nanos((exchange.ended or 0) + 1)
    listed = [exchange, replace(too_large, started=later, answered=later, ended=later)]
    again, _ = replayed(replace(recorded, exchange_list=listed), target)
    assert again.exchange_list[-1].request.target == asked


def test_the_guard_sees_what_a_server_holds(recorded: MemoryRecording, target: Upstream) -> None:
    async def run(made: Callable[[Transport], Awaitable[object]]) -> object:
        transport = Transport(target)
        try:
            return await made(transport)
        finally:
            transport.close()

    async def fresh_then_used(transport: Transport) -> None:
        resources = written_resources(recorded)
        facts = await gather_facts(transport, resources)
        assert (facts.objects, facts.unread) == ((), ())
        assert len(facts.system_uid) == 36
        reply = await transport.send(request("POST", CONFIGMAPS, {"metadata": {"name": "mine"}}))
        await read_all(reply)
        transport.done(reply)
        facts = await gather_facts(transport, resources)
        assert [str(each) for each in facts.objects] == ["configmaps/default/mine"]

    asyncio.run(run(fresh_then_used))


@pytest.mark.parametrize("tells_gone", [True, False])
def test_what_a_watch_owes_is_given_up_only_where_etcd_tells_what_is_gone(
    recorded: MemoryRecording, target: Upstream, monkeypatch: pytest.MonkeyPatch, *, tells_gone: bool
) -> None:
    seen: list[Coming | None] = []
    lingered: list[bool] = []

    class Seen(Watch):
        # Any: the others of a Watch.
        def __init__(self, reply: Reply, events: Sequence[Expected], renaming: Renaming, **more: Any) -> None:
            seen.append(more["coming"])
            super().__init__(reply, events, renaming, **more)

        async def linger(self, seconds: float) -> None:
            lingered.append(seconds > 1)
            await super().linger(seconds)

    async def versions(_: EtcdKey) -> Stored:
        return Stored(0, 0)

    async def run() -> None:
        tape = Tape(target)
        await replay(recorded, One(tape), drive=Drive(patience=5), versions=versions, tells_gone=tells_gone)

    monkeypatch.setattr("kproxy.replay.engine.Watch", Seen)
    asyncio.run(run())
    assert [each is not None for each in seen] == [tells_gone]
    assert lingered == [tells_gone], "longer where it is known what is on its way"
    assert all(each.since > 0 for each in seen if each is not None), "the one that it was sent with"


def test_an_index_that_never_shows_a_definition_does_not_shorten_the_wait_for_a_state(
    recorded: MemoryRecording, target: Upstream
) -> None:
    read = recorded.exchange_list[0]

    async def run(shows: Shows | None) -> tuple[int, int]:
        tape = Tape(target)
        result = ReplayResult(renaming=Renaming())
        settler = Settler(None, 0)
        drive = Drive(patience=0)
        of_it = _Run(recorded, One(tape), drive, lambda _: None, settler, Stopper(), result, {}, True, Passing())
        assert not await of_it._polling(read, shows).again(404, (), b"")
        tape.close()
        return of_it.polled_in_vain, of_it.indexed_in_vain

    assert asyncio.run(run(lambda *_: False)) == (0, 1)
    assert asyncio.run(run(None)) == (1, 0)


class ByHand(Plan):
    """A plan of steps that a test made."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__(MemoryRecording(), {}, None)
        self._made = steps

    @property
    def steps(self) -> list[Step]:
        """Them."""
        return self._made


def test_independent_requests_go_at_once_and_each_is_paired_with_its_own(
    recorded: MemoryRecording, target: Upstream
) -> None:
    """Readers of many lists, and a chain of requests on one object, as a graph made by hand."""
    read = recorded.exchange_list[0]
    reads = [
        replace(read, seq=Seq(seq), request=replace(read.request, target=f"{CONFIGMAPS}?labelSelector=n%3Dn{seq}"))
        for seq in range(101, 161)
    ]
    together = replace(recorded, exchange_list=[*recorded.exchange_list, *reads])
    chain = list(make_plan(recorded).steps)
    readers = [
        Step(number=number, after=(), action=Send(seq=each.seq)) for number, each in enumerate(reads, len(chain))
    ]

    async def run() -> tuple[MemoryRecording, ReplayResult]:
        tape = Tape(target)
        drive = Drive(patience=5, concurrency=16)
        result = await replay(together, One(tape), drive=drive, plan=ByHand([*chain, *readers]))
        return tape.recording, result

    again, result = asyncio.run(run())
    assert sorted(seq for seq, _ in result.pairs) == [each.seq for each in together.exchange_list]
    by_number = [seq for seq, _ in sorted(result.pairs, key=lambda pair: pair[1])]
    assert by_number != sorted(by_number)
    for seq, number in result.pairs:
        sent = next(each for each in again.exchange_list if each.seq == number)
        if seq > 100:
            assert sent.request.target == f"{CONFIGMAPS}?labelSelector=n%3Dn{seq}"


def test_a_state_that_came_by_itself_is_asked_for_until_it_is_there(target: Upstream) -> None:
    late = f"{CONFIGMAPS}/late"
    sent = request("POST", CONFIGMAPS, {"metadata": {"name": "late"}, "data": {"a": "b"}})

    async def ask(tape: Transport, asked: WireRequest) -> None:
        reply = await tape.send(asked)
        await read_all(reply)
        tape.done(reply)

    async def run() -> tuple[MemoryRecording, MemoryRecording, ReplayResult]:
        recording, tape, by_itself = Tape(target), Tape(target), Transport(target)
        for asked in (request("GET", late), sent, request("GET", late), request("DELETE", late)):
            await ask(recording, asked)
        session = recording.recording
        session.exchange_list = [each for each in session.exchange_list if each.seq in {1, 3}]
        tasks: list[asyncio.Task[None]] = []

        def notify(event: ReplayEvent) -> None:
            if isinstance(event, RequestSent) and event.replayed == 3:  # the second attempt of the second read
                tasks.append(asyncio.create_task(ask(by_itself, sent)))

        result = await replay(session, One(tape), drive=Drive(patience=60), notify=notify)
        await asyncio.gather(*tasks)
        await ask(by_itself, request("DELETE", late))
        for each in (recording, tape, by_itself):
            each.close()
        return session, tape.recording, result

    session, again, result = asyncio.run(run())
    assert [each.answer.status for each in session.exchange_list if each.answer] == [404, 200]
    statuses = [each.answer.status for each in again.exchange_list if each.answer]
    assert (statuses[:3], statuses[-1]) == ([404, 404, 404], 200)
    assert list(result.pairs) == [(1, 1), (3, len(statuses))]
    assert list(result.apart) == list(range(2, len(statuses)))


def test_a_state_that_was_only_passed_through_is_asked_for_while_something_changes_and_is_not_missed(
    recorded: MemoryRecording, target: Upstream
) -> None:
    class AllPassed(Passing):
        def read(self, recording: object, exchange: object) -> bool:
            return recording is not None and exchange is not None

    async def run() -> ReplayResult:
        tape = Tape(target)
        result = await replay(session, One(tape), drive=Drive(patience=0, beside=True), passing=AllPassed())
        tape.close()
        return result

    absent = next(each for each in recorded.exchange_list if each.answer and each.answer.status == 404)
    assert absent.answer is not None
    there = replace(absent, answer=replace(absent.answer, status=200))
    session = replace(recorded, exchange_list=[there])
    result = asyncio.run(run())
    assert (result.missed, result.passed) == ([], [absent.seq])
