"""Promise 1 once more, over real sockets through the real proxy: fewer examples, the same generator."""

import asyncio
import os
from dataclasses import dataclass

import pytest
from hypothesis import given, settings

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import End
from tests.proxy.generated import Said, connections, pieces
from tests.proxy.stage import Stage, TeeReader, stage
from tests.proxy.test_byte_for_byte import Plan, check_requests, plans

pytestmark = pytest.mark.long  # make byte-for-byte runs them with as many examples as you like

EXAMPLES = max(20, int(os.environ.get("KPROXY_EXAMPLES", "300")) // 20)
PATIENCE = 60.0


@dataclass
class Scripted:
    """An upstream that takes the requests that are coming and gives their answers."""

    said: list[Said]
    plan: Plan

    async def __call__(self, reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        for each in self.said:
            await reader.head()
            if not each.early:
                await reader.exactly(len(each.request.body))
            for piece in pieces(each.answer_wire, self.plan.answers):
                writer.write(piece)
                await writer.drain()
            if each.early:
                await reader.exactly(len(each.request.body))
        if self.said[-1].answer.framing != "eof":
            await reader.some()


async def _play(on: Stage, said: list[Said], plan: Plan) -> bytes:
    reader, writer = await on.connect()
    reading = asyncio.create_task(reader.read())
    for piece in pieces(b"".join(each.request.wire for each in said), plan.requests):
        writer.write(piece)
        await writer.drain()
    if said[-1].answer.framing != "eof":
        writer.write_eof()
    got = await asyncio.wait_for(reading, PATIENCE)
    writer.close()
    return got


@settings(max_examples=EXAMPLES)
@given(connections(), plans)
def test_over_sockets_each_side_gets_what_the_other_sent(said: list[Said], plan: Plan) -> None:
    async def play() -> None:
        async with stage(Scripted(said, plan)) as on:
            assert await _play(on, said, plan) == b"".join(each.answer_wire for each in said)
            told = await on.record.exchanges(len(said))
            check_requests(bytes(on.server.received[0]), said, upstream_from_url(on.server.url))
        assert [each.end for each in told] == [End.COMPLETE] * len(said)
        assert [each.request for each in told] == [each.request.content for each in said]
        assert [each.answer for each in told] == [each.answer.content for each in said]

    asyncio.run(play())
