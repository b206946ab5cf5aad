"""kproxy.replay.throttled, and what the engine makes of a target that throttles."""

import asyncio

import pytest

from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.model.exchange import Answer, Exchange, Nanos, Request, Seq
from kproxy.replay.engine import Drive, replay
from kproxy.replay.events import ReplayEvent, Throttled
from kproxy.replay.result import ReplayResult
from kproxy.replay.senders import One
from kproxy.replay.throttled import LONGEST_SECONDS, MOST_TIMES, wait_before_again
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording
from tests.support.tape import Tape

PATH = "/api/v1/namespaces/default/configmaps/a"


def exchange(status: int, seq: int = 1, path: str = PATH) -> Exchange:
    return Exchange(
        seq=Seq(seq),
        connection=1,
        started=Nanos(seq),
        answered=Nanos(seq),
        ended=Nanos(seq),
        request=Request(method="GET", target=path, http_version="HTTP/1.1", headers=(("Host", "there"),)),
        info=request_info("GET", path),
        answer=Answer(status=status, reason="", http_version="HTTP/1.1", headers=()),
    )


RETRY = (("Retry-After", "1"),)


def test_a_429_that_was_not_recorded_is_waited_out() -> None:
    assert wait_before_again(exchange(200), 429, RETRY, 0) == 1.0
    assert wait_before_again(exchange(200), 429, (("retry-after", "99999999999999"),), 0) == LONGEST_SECONDS


@pytest.mark.parametrize("headers", [(), (("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"),), (("Retry-After", "-1"),)])
def test_without_a_number_of_seconds_it_is_the_answer(headers: tuple[tuple[str, str], ...]) -> None:
    assert wait_before_again(exchange(200), 429, headers, 0) is None


def test_a_recorded_429_and_every_other_status_are_outcomes() -> None:
    assert wait_before_again(exchange(429), 429, RETRY, 0) is None
    assert wait_before_again(exchange(200), 503, RETRY, 0) is None
    assert wait_before_again(exchange(200), 429, RETRY, MOST_TIMES) is None, "it is not sent again for ever"


def throttling(times: int, recorded: Exchange) -> tuple[ReplayResult, MemoryRecording, list[ReplayEvent]]:
    """A replay against a server that answers 429 so often, then 200."""
    left = times
    told: list[ReplayEvent] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        while True:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except EOFError:
                return
            if left:
                left -= 1
                writer.write(b"HTTP/1.1 429 Too Many\r\nRetry-After: 0\r\nContent-Length: 3\r\n\r\nno\n")
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async def run() -> tuple[ReplayResult, MemoryRecording]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        target: Upstream = upstream_from_url(url)
        tape = Tape(target)
        recording = MemoryRecording(exchange_list=[recorded, exchange(200, 2, PATH + "b")])
        result = await replay(recording, One(tape), drive=Drive(), notify=told.append)
        server.close()
        return result, tape.recording

    result, again = asyncio.run(run())
    return result, again, told


def test_the_answer_after_the_last_try_is_compared_and_the_tries_are_counted() -> None:
    result, again, told = throttling(3, exchange(200))
    assert [each.answer.status for each in again.exchange_list if each.answer] == [429, 429, 429, 200, 200]
    assert list(result.pairs) == [(1, 4), (2, 5)]
    assert list(result.apart) == [1, 2, 3]
    assert result.throttled == 3
    assert [each.times for each in told if isinstance(each, Throttled)] == [1, 2, 3]


def test_a_server_that_throttles_for_ever_has_answered_429() -> None:
    result, again, _ = throttling(1000, exchange(200))
    assert result.throttled == 2 * MOST_TIMES
    pairs = dict(result.pairs)
    last = again.exchange(pairs[Seq(1)])
    assert last is not None
    assert last.answer is not None
    assert last.answer.status == 429


def test_a_recorded_429_is_sent_once() -> None:
    result, _, _ = throttling(1, exchange(429))
    assert list(result.pairs) == [(1, 1), (2, 2)]
    assert result.throttled == 0
