"""kproxy.replay.answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

import pytest

from kproxy.errors import ReplayError
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON
from kproxy.renaming.renaming import Renaming
from kproxy.replay.answers import Watch, read_all
from kproxy.replay.coming import Coming
from kproxy.replay.settle import Stored
from kproxy.replay.transport import Connection, Reply
from kproxy.replay.watched import counts, name_of
from kproxy.wire.requestinfo import request_info
from kproxy.wire.watchevents import WatchEvent, decode_event
from tests.diff.sessions import FakeServer
from tests.replay.test_expected import in_short

EVENT = b'{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n'
END = b'{"type":"BOOKMARK","object":{"metadata":{"annotations":{"k8s.io/initial-events-end":"true"}}}}\n'
GONE = EVENT.replace(b"ADDED", b"DELETED")


class Stream:
    """An answer whose events come when the test says so."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()

    def field(self, name: bytes) -> str:
        """JSON, and nothing else is said."""
        return "application/json" if name == b"content-type" else ""

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content's pieces."""
        while piece := await self.queue.get():
            yield piece

    def leave(self) -> None:
        """Nothing is left behind."""


def watching(stream: Stream, recorded: Sequence[WatchEvent], coming: Coming | None = None) -> Watch:
    """A watch whose events are that stream's."""
    expecting = [in_short(each) for each in recorded]
    return Watch(cast("Reply", stream), expecting, Renaming(), coming=coming)  # it has what a watch asks of an answer


def test_events_that_were_waited_for_in_vain_are_not_waited_for_again() -> None:
    async def run() -> list[bool]:
        stream = Stream()
        watch = watching(stream, [])
        said = [await watch.wait(2, 0.01)]  # nothing came: two are missing
        stream.queue.put_nowait(EVENT)
        said += [await watch.wait(3, 60)]  # the third recorded one is the first to come
        said += [await watch.wait(4, 0.01)]
        for _ in range(4):
            stream.queue.put_nowait(EVENT)
        said += [await watch.wait(5, 60), watch.missed < 4]
        assert await watch.wait(5 + watch.missed, 60)
        said += [await watch.wait(5, 60), watch.missed == 0]  # all came after all
        await watch.close()
        return said

    assert asyncio.run(run()) == [False, True, False, True, True, True, True]


def test_a_watch_whose_events_come_again_is_waited_for_as_long_as_at_first() -> None:
    async def run() -> int:
        stream = Stream()
        watch = watching(stream, [])
        watch.vain = 3
        stream.queue.put_nowait(EVENT)
        assert await watch.wait(1, 60)
        await watch.close()
        return watch.vain

    assert asyncio.run(run()) == 0


@pytest.mark.parametrize("ended", [True, False])
def test_an_answer_that_is_too_large_is_refused_however_it_came(
    ended: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kproxy.replay.answers.MAX_ANSWER", 3)

    class Rest:
        async def more(self) -> tuple[list[bytes], bool]:
            return [], True

    def reply(content: bytes) -> Reply:
        head = b"HTTP/1.1 200 OK\r\n\r\n"
        rest = cast("Connection", Rest())  # it has what is asked of a connection
        return Reply(status=200, head=head, connection=rest, waiting=[content], ended=ended)

    assert asyncio.run(read_all(reply(b"123"))) == b"123"
    with pytest.raises(ReplayError, match="larger than 3 bytes"):
        asyncio.run(read_all(reply(b"1234")))


def test_a_watch_lingers_for_the_events_that_were_recorded_though_others_came() -> None:
    def event(name: str) -> bytes:
        return b'{"type":"ADDED","object":{"metadata":{"name":"%s"}}}\n' % name.encode()

    recorded = [decode_event("application/json", event(name)) for name in ("a", "b")]

    async def run() -> list[object]:
        stream = Stream()
        watch = watching(stream, recorded)
        for name in ("a", "other"):
            stream.queue.put_nowait(event(name))
        assert await watch.wait(2, 60)
        lingering = asyncio.create_task(watch.linger(60))
        await asyncio.sleep(0)
        said: list[object] = [lingering.done()]
        stream.queue.put_nowait(event("b"))
        await lingering
        said.append(watch.events)
        await watch.linger(60)  # nothing is left
        await watch.close()
        return said

    assert asyncio.run(run()) == [False, 3]


def test_an_api_servers_own_heartbeats_are_neither_awaited_nor_taken_for_what_is() -> None:
    identity = b"apiserver.kubernetes.io/identity"
    lease = b'{"name":"apiserver-x","namespace":"kube-system","labels":{"%s":"kube-apiserver"}}' % identity
    beat = b'{"type":"MODIFIED","object":{"metadata":' + lease + b"}}\n"
    recorded = [decode_event("application/json", each) for each in (EVENT, beat, beat)]

    async def run() -> list[bool]:
        stream = Stream()
        watch = watching(stream, recorded)
        stream.queue.put_nowait(beat)
        came = [await watch.wait(1, 0.01)]
        stream.queue.put_nowait(EVENT)
        came.append(await watch.wait(1, 60))
        await watch.linger(60)  # the second one may come in ten seconds, or never
        await watch.close()
        return came

    assert asyncio.run(run()) == [False, True]
    assert [counts(each) for each in recorded] == [True, False, False]


def test_what_cannot_come_is_not_waited_for() -> None:
    """A watch that began behind the deletion of what it is about."""
    recorded = [decode_event("application/json", each) for each in (EVENT, END, GONE)]
    asked: list[EtcdKey] = []

    async def run(version: int) -> bool:
        async def stored(key: EtcdKey) -> Stored:
            asked.append(key)
            return Stored(version, version)

        stream = Stream()
        coming = Coming(request_info("GET", "/api/v1/nodes?watch=true"), "/registry", stored)
        watch = watching(stream, recorded, coming=coming)
        stream.queue.put_nowait(END)
        over = await watch.wait(3, 60 if not version else 1)
        if not version:
            await watch.linger(60)
        await watch.close()
        return over

    assert asyncio.run(run(0))
    assert set(asked) == {EtcdKey(b"/registry/minions/x")}
    assert not asyncio.run(run(1)), "it is there: it will be shown"


class OneVersion:
    """An etcd that has everything in one version; `at_look`: what happens when it is asked so many times."""

    def __init__(self, revision: int, at_look: Callable[[], None] = lambda: None) -> None:
        self.asked = 0
        self.revision = revision
        self.at_look = at_look

    async def __call__(self, _: EtcdKey) -> Stored:
        self.asked += 1
        self.at_look()
        return Stored(1, self.revision)


def pod_event(kind: str, revision: int) -> bytes:
    """Of a pod."""
    metadata = f'{{"name":"x","namespace":"default","resourceVersion":"{revision}"}}'
    return f'{{"type":"{kind}","object":{{"metadata":{metadata}}}}}\n'.encode()


def test_of_what_a_watch_has_told_all_one_look_is_enough() -> None:
    """Two versions there, one here, which etcd has: nothing more comes, and it is known at once."""
    recorded = [decode_event("application/json", pod_event(*each)) for each in (("ADDED", 5), ("MODIFIED", 6))]

    async def run() -> tuple[bool, float, OneVersion]:
        stream, etcd = Stream(), OneVersion(9)
        coming = Coming(request_info("GET", "/api/v1/pods?watch=true"), "/registry", etcd)
        watch = watching(stream, recorded, coming=coming)
        stream.queue.put_nowait(pod_event("ADDED", 9))
        began = asyncio.get_running_loop().time()
        over = await watch.wait(2, 60)
        took = asyncio.get_running_loop().time() - began
        await watch.close()
        assert watch.missed == 1
        return over, took, etcd

    over, took, etcd = asyncio.run(run())
    assert over
    assert etcd.asked == 1
    assert took < 30, "and not until the time is over"


def test_what_comes_while_etcd_is_asked_is_not_given_up() -> None:
    recorded = [decode_event("application/json", pod_event(*each)) for each in (("ADDED", 5), ("MODIFIED", 6))]

    async def run() -> None:
        stream = Stream()

        def late() -> None:
            if etcd.asked == 1:
                stream.queue.put_nowait(pod_event("MODIFIED", 10))

        async def slow(key: EtcdKey) -> Stored:
            found = await etcd(key)
            while etcd.asked == 1 and watch.events == 1:  # noqa: ASYNC110 - until what was put is read
                await asyncio.sleep(0)
            return found

        etcd = OneVersion(9, late)
        coming = Coming(request_info("GET", "/api/v1/pods?watch=true"), "/registry", slow)
        watch = watching(stream, recorded, coming=coming)
        stream.queue.put_nowait(pod_event("ADDED", 9))
        assert await watch.wait(2, 60)
        assert (watch.events, watch.missed) == (2, 0)
        await watch.close()

    asyncio.run(run())


class NothingThere:
    """An etcd that has nothing; `at_look`: what happens when it is asked so many times."""

    def __init__(self, at_look: dict[int, Callable[[], None]]) -> None:
        self.asked = 0
        self.at_look = at_look

    async def __call__(self, _: EtcdKey) -> Stored:
        self.asked += 1
        self.at_look.get(self.asked, lambda: None)()
        return Stored(0, 0)

    def watch(self, stream: Stream, *recorded: bytes) -> Watch:
        """One that may ask it."""
        events = [decode_event("application/json", each) for each in recorded]
        coming = Coming(request_info("GET", "/api/v1/nodes?watch=true"), "/registry", self)
        return watching(stream, events, coming=coming)


def test_what_was_made_and_deleted_again_is_waited_for_though_etcd_has_nothing_of_it() -> None:
    """Both events are on their way: one look at etcd is not enough."""

    async def run() -> None:
        stream = Stream()

        def come() -> None:
            for each in (EVENT, GONE):
                stream.queue.put_nowait(each)

        watch = NothingThere({2: come}).watch(stream, END, EVENT, GONE)
        stream.queue.put_nowait(END)
        assert await watch.wait(3, 60)
        assert (watch.events, watch.missed) == (3, 0)
        await watch.close()

    asyncio.run(run())


def test_what_was_gone_before_a_watch_that_goes_on_from_a_version_is_given_up_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing says that it has told all there was: only that it has been silent for so long."""
    monkeypatch.setattr("kproxy.replay.answers._LOOK_SECONDS", 0.01)

    async def run() -> None:
        stream, etcd = Stream(), NothingThere({})
        watch = etcd.watch(stream, EVENT, GONE)
        assert await watch.wait(2, 60)
        assert (watch.events, watch.missed, etcd.asked) == (0, 2, 10)
        await watch.close()

    asyncio.run(run())


def test_events_that_came_after_they_had_been_given_up_are_awaited_no_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.replay.answers._LOOK_SECONDS", 0.01)
    other = EVENT.replace(b'"x"', b'"y"')

    async def run() -> None:
        stream = Stream()
        etcd = NothingThere({})
        watch = etcd.watch(stream, END, EVENT, GONE, other)
        stream.queue.put_nowait(END)
        assert await watch.wait(3, 60)
        assert (watch.events, watch.missed, etcd.asked) == (1, 2, 5)
        etcd.at_look = {6: lambda: stream.queue.put_nowait(EVENT + GONE), 8: lambda: stream.queue.put_nowait(other)}
        assert await watch.wait(4, 60), "the fourth is awaited, and the second and third stand for themselves"
        assert (watch.events, watch.missed) == (4, 0)
        await watch.close()

    asyncio.run(run())


def test_what_was_drawn_and_nobody_told_may_come() -> None:
    pod = b'{"type":"ADDED","object":{"metadata":{"name":"web-abcde","generateName":"web-"}}}\n'
    recorded = [decode_event("application/json", pod)]

    async def run() -> bool:
        async def stored(_: EtcdKey) -> Stored:
            return Stored(0, 0)

        coming = Coming(request_info("GET", "/api/v1/nodes?watch=true"), "/registry", stored)
        watch = watching(Stream(), recorded, coming=coming)
        came = await watch.wait(1, 0.5)
        await watch.close()
        return came

    assert not asyncio.run(run())


def test_a_watch_that_ended_is_not_waited_for() -> None:
    async def run() -> tuple[bool, bool]:
        stream = Stream()
        watch = watching(stream, [])
        stream.queue.put_nowait(EVENT)
        stream.queue.put_nowait(b"")
        found = await watch.wait(2, 60), await watch.wait(None, 60)
        await watch.close()
        return found

    assert asyncio.run(run()) == (False, True)


def test_a_watch_that_its_server_ends_before_half_of_its_time_is_over_ended_early() -> None:
    async def run(*, events: bytes, before: float, after: float) -> bool:
        stream = Stream()
        watch = watching(stream, [])
        await asyncio.sleep(before)
        stream.queue.put_nowait(events)
        stream.queue.put_nowait(b"")
        assert await watch.wait(None, 60)
        await asyncio.sleep(max(after, watch.lived * 3) if after else 0)
        early = watch.ended_early
        await watch.close()
        return early

    refused = b'{"type":"ERROR","object":{"kind":"Status","code":410}}\n'
    assert asyncio.run(run(events=EVENT, before=0, after=0.01))
    assert not asyncio.run(run(events=EVENT, before=0.1, after=0)), "its client left at once, too"
    assert not asyncio.run(run(events=refused, before=0, after=0.01)), "it said why"


def test_a_watch_that_is_open_has_not_ended_early() -> None:
    async def run() -> bool:
        watch = watching(Stream(), [])
        await asyncio.sleep(0.01)
        early = watch.ended_early
        await watch.close()
        return early

    assert not asyncio.run(run())


def drawn(server: FakeServer, name: str) -> JSON:
    """A pod whose name was drawn, and that shows its name as its uid."""
    pod = server.pod(1, name)
    pod["metadata"] |= {"generateName": "web-"}  # type: ignore[operator] # it is an object
    return pod


def state(name: str, phase: str) -> bytes:
    """An event that shows an object in a state."""
    shown = f'{{"metadata":{{"name":"{name}"}},"phase":"{phase}"}}'
    return f'{{"type":"MODIFIED","object":{shown}}}\n'.encode()


def states_came(*came: bytes, passed: str = "", later: bytes = b"") -> bool:
    """Whether a and b were shown as they had been recorded, where only these events come; `later`: and this one."""
    recorded = [decode_event("application/json", state(name, "done")) for name in ("a", "b")]

    async def run() -> bool:
        stream = Stream()
        watch = watching(stream, recorded)
        for each in came:
            stream.queue.put_nowait(each)
        waiting = asyncio.create_task(
            watch.wait_states(2, 60 if later else 0.05, lambda event: name_of(event).endswith(passed or "nobody"), 0.05)
        )
        if later:
            await asyncio.sleep(0)
            stream.queue.put_nowait(later)
        said = await waiting
        await watch.close()
        return said

    return asyncio.run(run())


def test_beside_others_each_object_is_awaited_in_the_state_that_it_had() -> None:
    done = [state(name, "done") for name in ("a", "b")]
    assert states_came(*done)
    assert states_came(*done, state("b", "more")), "it was shown, however it went on"
    assert states_came(done[0], later=done[1])
    assert not states_came(done[0], state("b", "other"))


def test_a_state_that_was_passed_need_not_come_but_the_others_must() -> None:
    assert states_came(state("a", "done"), state("b", "more"), passed="b")
    assert states_came(state("a", "done"), passed="b", later=state("b", "done"))
    assert not states_came(state("b", "more"), passed="b")
