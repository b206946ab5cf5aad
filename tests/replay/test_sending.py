"""kproxy.replay.sending: a target that is so busy that it takes a connection only at the third time."""

import asyncio
from collections.abc import Callable

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.errors import ReplayError
from kproxy.model.exchange import EMPTY_BODY, Answer, Exchange, Nanos, Request, Seq
from kproxy.renaming.renaming import Renaming
from kproxy.replay.events import ReplayEvent, RequestSent
from kproxy.replay.links import Link
from kproxy.replay.plan import Send
from kproxy.replay.result import ReplayResult
from kproxy.replay.senders import One
from kproxy.replay.sending import Sending
from kproxy.replay.transport import Transport
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

PATH = "/api/v1/namespaces/default/configmaps/a"
EXCHANGE = Exchange(
    seq=Seq(7),
    connection=1,
    started=Nanos(1),
    answered=Nanos(2),
    ended=Nanos(2),
    request=Request(method="GET", target=PATH, http_version="HTTP/1.1", headers=(), body=EMPTY_BODY),
    info=request_info("GET", PATH),
    answer=Answer(status=200, reason="OK", http_version="HTTP/1.1", headers=()),
)


class Proxied:
    """A link into a proxy that answers in the place of a target that it does not reach."""

    usable = True
    closed = False
    answered = None

    def __init__(self, number: int, *, late: bool, unreached: str = "") -> None:
        self.begun = number
        self.late = late
        self.unreached = unreached or ("no answer within 10 seconds" if late else "")

    async def send(self, data: bytes) -> None:
        """Taken."""
        assert data.startswith(b"GET ")

    async def receive(self) -> bytes:
        """The target's answer, or the proxy's own."""
        status = b"504 Gateway Timeout" if self.unreached else b"200 OK"
        return b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status

    def close(self) -> None:
        """Nothing is open."""


def sent(dial: Callable[[int], Link]) -> tuple[list[RequestSent], ReplayResult]:
    """What was sent until the answer came; `dial` makes the first link, the second one and so on."""
    told: list[ReplayEvent] = []
    numbers = iter(range(1, 100))

    async def dialled() -> Link:
        return dial(next(numbers))

    async def sleep(seconds: float) -> None:
        assert seconds == 0

    async def run() -> ReplayResult:
        result = ReplayResult(renaming=Renaming())
        transport = Transport(upstream_from_url("http://127.0.0.1:1"), dialled)
        sending = Sending(MemoryRecording(), One(transport), told.append, sleep, result, {EXCHANGE.seq: 0}, {})
        reply = await sending.send(sending.prepare(EXCHANGE, Send(seq=EXCHANGE.seq)))
        assert reply.status == 200
        return result

    result = asyncio.run(run())
    return [each for each in told if isinstance(each, RequestSent)], result


def test_a_request_that_found_no_connection_in_time_is_sent_again_and_stands_for_nothing() -> None:
    told, result = sent(lambda number: Proxied(number, late=number < 3))
    assert [each.replayed for each in told] == [1, 2, 3]
    assert list(result.apart) == [1, 2]


def test_a_target_that_never_takes_a_connection_has_not_answered() -> None:
    with pytest.raises(ReplayError, match="did not answer GET: no answer within 10 seconds"):
        sent(lambda number: Proxied(number, late=True))


def test_a_target_that_refuses_is_not_asked_again() -> None:
    asked: list[int] = []

    def dial(number: int) -> Link:
        asked.append(number)
        return Proxied(number, late=False, unreached="Connection refused")

    with pytest.raises(ReplayError, match="Connection refused"):
        sent(dial)
    assert asked == [1]
