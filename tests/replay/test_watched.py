"""kproxy.replay.watched: a recorded watch's events."""

from dataclasses import replace

from kproxy.model.exchange import LOG_LINE, Frame, Nanos, Seq
from kproxy.replay.watched import watch_events
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording

ADDED = b'{"type":"ADDED","object":{"kind":"Pod"}}'


def test_events_come_in_their_order_and_what_is_none_or_cannot_be_read_is_left_out() -> None:
    recording = MemoryRecording()
    contents = (ADDED, b"{", b"", ADDED.replace(b"ADDED", b"DELETED"))
    for index, data in enumerate(contents):
        recording.frame_list.append(Frame(seq=Seq(1), index=index, at=Nanos(index), body=recording.keep(data)))
    recording.frame_list.append(Frame(seq=Seq(1), index=9, at=Nanos(9), kind=LOG_LINE, body=recording.keep(ADDED)))
    watch = an_exchange(1)
    assert watch.answer is not None
    watch = replace(watch, answer=replace(watch.answer, headers=(("Content-Type", "application/json"),)))
    assert [(frame.index, event.type) for frame, event in watch_events(recording, watch)] == [
        (0, "ADDED"),
        (3, "DELETED"),
    ]
    assert not list(watch_events(recording, replace(watch, answer=None)))
