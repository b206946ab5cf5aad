"""kproxy.replay.delivered: what open watches had delivered by some time."""

import json
from dataclasses import dataclass, field, replace

from kproxy.model.exchange import LOG_LINE, Body, BodyState, Exchange, Frame, Nanos, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.replay.delivered import Deliveries
from kproxy.wire.content import encode
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording

POD: JSONObject = {"type": "ADDED", "object": {"kind": "Pod"}}
BOOKMARK: JSONObject = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {}}}
LAST: JSONObject = {
    "type": "BOOKMARK",
    "object": {"kind": "Pod", "metadata": {"annotations": {"k8s.io/initial-events-end": "true"}}},
}
CBOR = "application/cbor-seq"


@dataclass
class Watches:
    """A recording of watches, and what they had delivered."""

    recording: MemoryRecording = field(default_factory=MemoryRecording)

    def watch(
        self,
        seq: int,
        *events: tuple[int, JSONObject],
        program: str = "ctl/1",
        ended: int | None = 100,
        cbor: bool = False,
    ) -> Exchange:
        """One that began at 0, with its events."""
        media_type = CBOR if cbor else "application/json"
        for index, (at, event) in enumerate(events):
            data = encode(CBOR, event) if cbor else json.dumps(event).encode()
            self.recording.frame_list.append(
                Frame(seq=Seq(seq), index=index, at=Nanos(at), body=self.recording.keep(data))
            )
        made = an_exchange(seq)
        assert made.answer is not None
        return replace(
            made,
            ended=None if ended is None else Nanos(ended),
            request=replace(made.request, headers=(("User-Agent", f"{program} (linux)"),)),
            answer=replace(made.answer, headers=(("Content-Type", media_type),)),
        )

    def opened(self, *watches: Exchange) -> Deliveries:
        """With these open."""
        found = Deliveries(self.recording)
        for each in watches:
            found.open(each)
        return found


def new(found: Deliveries, when: int, program: str = "ctl/1") -> list[tuple[int, int]]:
    """Whose watches delivered something, and how many events by then."""
    return [(exchange.seq, count) for exchange, count in found.new(program, Nanos(when))]


def over(found: Deliveries, when: int | None) -> list[tuple[int, int]]:
    """Which were over by then, and how many events they had."""
    return [(exchange.seq, count) for exchange, count in found.over(None if when is None else Nanos(when))]


def test_what_a_programs_watches_delivered_is_told_once_and_of_that_program_alone() -> None:
    made = Watches()
    watches = (
        made.watch(1, (10, POD), (20, POD), (30, POD)),
        made.watch(2, (15, POD), program="other/1"),
        made.watch(3, (12, POD)),
        made.watch(4),
    )
    found = made.opened(*watches)
    assert new(found, 9) == []
    assert new(found, 20) == [(1, 2), (3, 1)]
    assert new(found, 20) == []
    assert new(found, 30) == [(1, 3)]
    assert new(found, 14, "other/1") == []
    assert new(found, 15, "other/1") == [(2, 1)]
    assert new(found, 99, "nobody/1") == []


def test_a_watch_that_is_over_has_delivered_all_and_delivers_nothing_more() -> None:
    made = Watches()
    watches = (
        made.watch(1, (10, POD), (90, POD), ended=40),
        made.watch(2, (10, POD), ended=30),
        made.watch(3, (50, POD), ended=None),
        made.watch(4, (60, POD), ended=80),
    )
    found = made.opened(*watches)
    assert over(found, 29) == []
    assert over(found, 40) == [(2, 1), (1, 2)]
    assert new(found, 99) == [(3, 1), (4, 1)]
    assert over(found, None) == [(4, 1), (3, 1)]
    assert over(found, None) == []


def test_bookmarks_and_what_cannot_be_read_count_for_nothing_but_the_end_of_the_initial_events_does() -> None:
    for cbor in (False, True):
        made = Watches()
        watch = made.watch(1, (1, POD), (2, BOOKMARK), (3, LAST), (4, BOOKMARK), cbor=cbor)
        broken = made.recording.keep(b"{BOOKMARK")
        lost = Body(state=BodyState.COUNTED, size=3)
        frames = made.recording.frame_list
        frames += [
            Frame(seq=Seq(1), index=index, at=Nanos(index), body=body) for index, body in ((5, broken), (6, lost))
        ]
        frames.append(Frame(seq=Seq(1), index=7, at=Nanos(7), kind=LOG_LINE, body=frames[0].body))
        assert new(made.opened(watch), 50) == [(1, 2)]


def test_many_events_are_read_some_at_a_time_and_all_are_counted() -> None:
    made = Watches()
    watch = made.watch(1, *((at, POD) for at in range(1, 201)), ended=500)
    found = made.opened(watch)
    assert new(found, 150) == [(1, 150)]
    assert over(found, None) == [(1, 200)]


def test_a_watch_without_an_answer_has_no_events_that_can_be_told_from_bookmarks() -> None:
    made = Watches()
    watch = replace(made.watch(1, (1, BOOKMARK), (2, POD)), answer=None)
    assert new(made.opened(watch), 50) == [(1, 1)]
