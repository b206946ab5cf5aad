"""kproxy.diff.upgraded."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import CHANNEL, Body, BodyState, Direction, Frame, Nanos
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of

type Said = tuple[str, str, bytes]
TALK: list[Said] = [(">", "stdin", b"hello"), ("<", "stdout", b"hel"), ("<", "stdout", b"lo"), ("<", "error", b"{}")]


def exec_of(server: FakeServer, said: list[Said], *, kept: bool = True) -> FakeServer:
    """An exec whose channels said this."""
    seq = server.exchange("GET", f"{PODS}/a/exec?command=cat", 101)
    counted = Body(state=BodyState.COUNTED, size=99)
    server.edit(
        seq,
        lambda each: replace(
            each,
            upgrade="websocket",
            request=replace(each.request, body=counted),
            answer=replace(each.answer, body=counted),  # type: ignore[type-var] # it has one
        ),
    )
    for index, (arrow, channel, data) in enumerate(said):
        body = server.made.keep(data) if kept else Body(state=BodyState.COUNTED, size=len(data))
        way = Direction.REQUEST if arrow == ">" else Direction.ANSWER
        frame = Frame(seq=seq, index=index, at=Nanos(index), direction=way, kind=CHANNEL, channel=channel, body=body)
        server.made.frame_list.append(frame)
    return server


def compared(second: list[Said], *, kept: bool = True, first: list[Said] | None = None) -> Verdict:
    """The verdict over TALK, or `first`, beside another talk."""
    baseline = exec_of(FakeServer("a", 100, 7), TALK if first is None else first)
    return verdict_of(baseline, exec_of(FakeServer("b", 5000, 15), second, kept=kept))


def test_the_same_talk_in_other_frames_is_identical() -> None:
    whole: list[Said] = [("<", "stdout", b"hello"), (">", "stdin", b"hello"), ("<", "error", b"{}")]
    assert compared(whole).outcome is Outcome.IDENTICAL


def test_whether_the_second_goodbye_still_came_is_no_difference() -> None:
    assert compared([*TALK, ("<", "close", b"\x03\xe8")]).outcome is Outcome.IDENTICAL


@pytest.mark.parametrize(
    ("second", "path"),
    [
        ([*TALK, ("<", "stdout", b"!")], "< stdout"),
        ([*TALK, ("<", "stderr", b"!")], "< stderr"),
        (TALK[:-1], "< error"),
        ([(">", "stdin", b"hallo"), *TALK[1:]], "> stdin"),
    ],
)
def test_another_talk_differs_in_the_channel_that_it_was_on(second: list[Said], path: str) -> None:
    verdict = compared(second)
    assert verdict.outcome is Outcome.DIFFERENT
    assert [(each.seq, each.where, each.path) for each in verdict.differences] == [(1, "stream", path)]


def test_without_the_content_equal_sizes_are_not_called_identical() -> None:
    verdict = compared(TALK, kept=False)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert any("exec-content" in reason for reason in verdict.reasons)


def test_a_recording_beside_itself_is_identical_though_nothing_was_kept() -> None:
    server = exec_of(FakeServer("a", 100, 7), TALK, kept=False)
    assert verdict_of(server, server).outcome is Outcome.IDENTICAL


def test_forwarded_connections_are_compared_together_however_they_were_numbered() -> None:
    first: list[Said] = [(">", "data:80/0", b"one"), (">", "data:80/1", b"thr"), (">", "data:80/1", b"ee")]
    second: list[Said] = [(">", "data:80/7", b"three"), (">", "data:80/9", b"one")]
    assert compared(second, first=first).outcome is Outcome.IDENTICAL
    assert compared([(">", "data:80/0", b"onethree")], first=first).outcome is Outcome.DIFFERENT
