"""kproxy.cli.replay_status."""

from kproxy.cli.replay_status import ReplayStatus
from kproxy.model.exchange import Seq
from kproxy.replay.events import AnswerReceived, ReplayStarted, RequestSent, Throttled, Waiting


def sent(seq: int, method: str, *, again: int = 0) -> RequestSent:
    return RequestSent(seq=Seq(seq), replayed=Seq(seq), method=method, target="/api/v1/pods", again=again)


def test_what_was_sent_written_throttled_and_awaited_is_told() -> None:
    status = ReplayStatus()
    status.note(ReplayStarted(requests=5000, writes=2, left_out=0))
    status.note(sent(1, "GET"))
    assert (status.requests, status.sent, status.line) == (5000, 1, "GET /api/v1/pods")
    status.note(sent(2, "POST"))
    status.note(Throttled(seq=Seq(2), seconds=1.0, times=1))
    assert status.line == "1 writes, 1 throttled, waits for the target's throttling, for 1 s"
    status.note(sent(2, "POST", again=1))
    assert (status.sent, status.writes) == (2, 1), "what is sent again counts once"
    status.note(Waiting(what="events of watch 7"))
    assert status.line == "1 writes, 1 throttled, waits for events of watch 7"
    status.note(AnswerReceived(seq=Seq(2), status=201, recorded=201))
    assert status.line == "1 writes, 1 throttled, POST /api/v1/pods"
