"""kproxy.replay.upgradable: which upgraded connections can be sent again."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import CHANNEL, WATCH_EVENT, Body, BodyState, Direction, Exchange, Frame, Nanos, Seq
from kproxy.model.session import Gap
from kproxy.replay.upgradable import frames_of, why_not
from tests.replay.test_sights import PODS, exchanged
from tests.support.memory import MemoryRecording

UPGRADE = "it is an upgrade to websocket"
LOST = f"{UPGRADE}, whose content is not kept"


def made(*bodies: Body | bytes, channel: str = "stdin") -> tuple[MemoryRecording, Exchange]:
    """An exec whose client said this on one channel."""
    recording, exchange = exchanged("GET", f"{PODS}/p/exec?command=cat", 101)
    assert exchange.answer is not None
    answer = replace(exchange.answer, headers=(("Sec-WebSocket-Protocol", "v4.channel.k8s.io"),))
    for index, each in enumerate(bodies):
        body = recording.keep(each) if isinstance(each, bytes) else each
        recording.frame_list.append(
            Frame(
                seq=Seq(1),
                index=index,
                at=Nanos(index),
                direction=Direction.REQUEST,
                kind=CHANNEL,
                channel=channel,
                body=body,
            )
        )
    return recording, replace(exchange, upgrade="websocket", answer=answer)


def test_what_was_kept_whole_can_be_sent_again() -> None:
    assert why_not(*made(b"hello", b"")) is None
    assert why_not(*made(Body(state=BodyState.COUNTED, size=2), channel="close")) is None


@pytest.mark.parametrize(
    "body",
    [
        Body(state=BodyState.COUNTED, size=5),
        Body(state=BodyState.PARTIAL, size=5, reason="cut"),
    ],
)
def test_what_was_not_kept_cannot(body: Body) -> None:
    assert why_not(*made(b"hello", body)) == LOST


def test_a_body_that_was_kept_in_part_or_is_too_large_is_lost() -> None:
    recording, exchange = made(b"hello")
    frame = recording.frame_list[0]
    for body in (replace(frame.body, reason="cut"), replace(frame.body, size=16 * 1024 * 1024 + 1)):
        recording.frame_list[0] = replace(frame, body=body)
        assert why_not(recording, exchange) == LOST
    recording.frame_list[0] = replace(frame, body=replace(frame.body, size=16 * 1024 * 1024))
    assert why_not(recording, exchange) is None


def test_without_an_answer_without_frames_or_to_another_protocol_nothing_can_be_sent() -> None:
    recording, exchange = made(b"hello")
    assert why_not(recording, replace(exchange, answer=None)) == f"{UPGRADE} without an answer"
    assert why_not(*made()) == LOST
    plain = replace(exchange, upgrade="h2c")
    assert str(why_not(recording, plain)).startswith("it is an upgrade to h2c that cannot be sent again: ")
    assert str(why_not(*made(b"hello", channel="anything"))).startswith(f"{UPGRADE} that cannot be sent again: ")


def test_a_gap_in_its_own_body_is_said_and_no_other() -> None:
    recording, exchange = made(b"hello")
    for kind, seq in (("exchanges", 1), ("body", 2)):
        recording.gap_list.append(Gap(kind=kind, reason="full", at=Nanos(0), count=1, first_seq=Seq(seq)))
    assert why_not(recording, exchange) is None
    recording.gap_list.append(Gap(kind="body", reason="full", at=Nanos(0), count=1, first_seq=Seq(1)))
    assert why_not(recording, exchange) == f"{UPGRADE}, whose frames are not all recorded"


def test_only_channels_are_frames_of_a_connection() -> None:
    recording, exchange = made(b"a", b"b")
    recording.frame_list[0] = replace(recording.frame_list[0], kind=WATCH_EVENT)
    assert list(frames_of(recording, exchange)) == recording.frame_list[1:]
