"""Logs are compared as the texts that their lines make, however they came."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import LOG_LINE, Answer, Body, BodyState, Frame, Nanos
from kproxy.model.verdict import Outcome
from tests.diff.sessions import SECOND, FakeServer, verdict_of

LOG = "/api/v1/namespaces/default/pods/a/log"


def a_log(server: FakeServer, *lines: str, reason: str = "") -> FakeServer:
    """A server that was asked for a log, which came in these pieces, one a second."""
    seq = server.exchange("GET", LOG)
    for index, line in enumerate(lines):
        body = server.made.keep(line.encode())
        server.made.frame_list.append(
            Frame(seq=seq, index=index, at=Nanos((seq + index) * SECOND), kind=LOG_LINE, body=body)
        )

    def answered(answer: Answer | None) -> Answer:
        assert answer is not None
        size = sum(map(len, lines))
        headers = (("Content-Type", "text/plain"),)
        return replace(answer, headers=headers, body=Body(state=BodyState.FRAMES, size=size, reason=reason))

    server.edit(seq, lambda each: replace(each, answer=answered(each.answer)))
    return server


@pytest.mark.parametrize(
    ("replayed", "outcome"),
    [
        (("one\n", "two\n"), Outcome.IDENTICAL),
        (("one\ntwo\n",), Outcome.IDENTICAL),
        (("one\n", "three\n"), Outcome.DIFFERENT),
        (("one\n",), Outcome.DIFFERENT),
    ],
)
def test_logs_are_alike_if_their_texts_are(replayed: tuple[str, ...], outcome: Outcome) -> None:
    first = a_log(FakeServer("a", 100, 7), "one\n", "two\n")
    assert verdict_of(first, a_log(FakeServer("b", 5000, 15), *replayed)).outcome is outcome


def test_a_log_with_a_hole_decides_nothing() -> None:
    first = a_log(FakeServer("a", 100, 7), "one\n")
    verdict = verdict_of(first, a_log(FakeServer("b", 5000, 15), "one\n", reason="the buffer was full"))
    assert verdict.outcome is Outcome.INCONCLUSIVE
