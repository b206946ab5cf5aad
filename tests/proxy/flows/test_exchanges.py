"""The addon lane's exchanges: each is begun once and ends once, whatever mitmproxy says or leaves unsaid."""

from dataclasses import dataclass, field

import pytest

from kproxy.model.exchange import Altered, End
from kproxy.proxy.flows.exchanges import EARLY, FlowExchange, FlowExchanges
from kproxy.proxy.handover.backlog import Backlog
from kproxy.wire.handoff import RecordType
from tests.proxy.fake_recorder import FakeRecorder, Told

HEAD = b"POST /api HTTP/1.1\r\n\r\n"
LIMIT = 1000


@dataclass
class Lane:
    backlog: Backlog = field(default_factory=lambda: Backlog(LIMIT // 2, "block"))

    def __post_init__(self) -> None:
        self.exchanges = FlowExchanges(self.backlog, lambda: 7, limit=LIMIT, keep=0)

    def begin(self, flow: str, client: str = "c") -> FlowExchange:
        return self.exchanges.begin(flow, client, HEAD, Altered.HOST, tls=False, refused=False)

    def told(self) -> list[Told]:
        recorder = FakeRecorder()
        if batch := self.backlog.flush():
            recorder.take(batch.data)
        recorder.commit()
        return [told for _, told in sorted(recorder.finished.items())]


def test_an_exchange_is_complete_when_both_sides_are_whichever_comes_first() -> None:
    lane = Lane()
    first, second = lane.begin("1"), lane.begin("2")
    lane.exchanges.asked(first)
    lane.exchanges.answered(first)
    lane.exchanges.answered(second)
    assert len(lane.exchanges) == 1
    lane.exchanges.asked(second)
    assert [told.end for told in lane.told()] == [End.COMPLETE] * 2
    assert len(lane.exchanges) == 0


def test_an_error_after_the_whole_answer_is_an_answer_that_came_early() -> None:
    lane = Lane()
    exchange = lane.begin("1")
    lane.exchanges.answered(exchange)
    lane.exchanges.end(exchange, End.CLIENT_GONE, "Client disconnected.")
    (told,) = lane.told()
    assert (told.end, told.detail) == (End.COMPLETE, EARLY)


def test_nothing_is_recorded_of_a_flow_that_has_ended() -> None:
    lane = Lane()
    exchange = lane.begin("1")
    lane.exchanges.end(exchange, End.SERVER_GONE, "gone")
    lane.exchanges.add(exchange, RecordType.ANSWER_BODY, b"late")
    lane.exchanges.end(exchange, End.CLIENT_GONE, "again")
    (told,) = lane.told()
    assert (told.end, told.detail, told.answer) == (End.SERVER_GONE, "gone", b"")


def test_a_client_that_leaves_ends_what_mitmproxy_says_no_more_of_and_nobody_elses() -> None:
    lane = Lane()
    lane.begin("1", "c")
    lane.begin("2", "d")
    lane.exchanges.leave("c", "silence")
    assert [told.end for told in lane.told()] == [End.CLIENT_GONE]
    assert lane.exchanges.find("2") is not None


def test_what_goes_on_at_the_end_is_stopped() -> None:
    lane = Lane()
    lane.begin("1")
    lane.exchanges.stop("the recording was ended")
    assert [(told.end, told.detail) for told in lane.told()] == [(End.STOPPED, "the recording was ended")]


def test_exchanges_of_one_client_have_one_connection_and_others_another() -> None:
    lane = Lane()
    for flow, client in (("1", "c"), ("2", "d"), ("3", "c")):
        lane.exchanges.end(lane.begin(flow, client), End.COMPLETE)
    assert [int.from_bytes(told.head[:4]) for told in lane.told()] == [1, 2, 1]


def test_a_stream_that_cannot_be_made_to_wait_becomes_a_gap_beyond_the_limit() -> None:
    lane = Lane()
    exchange = lane.begin("1")
    for _ in range(30):
        lane.exchanges.add(exchange, RecordType.ANSWER_BODY, b"x" * 100)
    assert lane.backlog.pending_bytes < LIMIT + 200
    lane.exchanges.end(exchange, End.COMPLETE)
    (told,) = lane.told()
    assert len(told.answer) + told.lost_bytes == 3000


@pytest.mark.parametrize("upgrade", [b"SPDY/3.1", b"tls/9"])
def test_an_upgraded_connections_bytes_are_counted(upgrade: bytes) -> None:
    lane = Lane()
    exchange = lane.begin("1")
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: " + upgrade + b"\r\n\r\n"
    lane.exchanges.upgraded(exchange, b"/api/v1/namespaces/x/pods/p/exec", head)
    lane.exchanges.asked(exchange)
    lane.exchanges.answered(exchange)
    assert lane.exchanges.tunnel_of("c") is exchange
    lane.exchanges.passed(exchange, b"12345", answer=True)
    lane.exchanges.end(exchange, End.COMPLETE)
    (told,) = lane.told()
    assert told.tunnel == 5
