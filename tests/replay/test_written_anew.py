"""kproxy.replay.sending: what is written of a recorded request, by what the plan knows of it."""

import asyncio
from dataclasses import replace

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.replay.plan import Send, make_plan
from kproxy.replay.result import ReplayResult
from kproxy.replay.senders import One
from kproxy.replay.sending import Sending
from tests.diff.sessions import FakeServer
from tests.support.memory import MemoryRecording
from tests.support.tape import Tape

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


def made(data: JSONObject) -> FakeServer:
    """A server on which a ConfigMap was made."""
    server = FakeServer("a", 100, 7)
    body: JSONObject = {"kind": "ConfigMap", "metadata": {"name": "of"}, "data": data}
    server.exchange("POST", CONFIGMAPS, 201, body, send=body)
    return server


def sends_of(recorded: MemoryRecording) -> list[Send]:
    """The requests of a plan."""
    actions = [step.action for step in make_plan(recorded).steps]
    return [action for action in actions if isinstance(action, Send)]


def written(recorded: MemoryRecording, step: Send, renaming: Renaming, instead: dict[Seq, bytes]) -> bytes:
    """The body of its request."""

    async def run() -> bytes:
        tape = Tape(upstream_from_url("http://127.0.0.1:1"))
        result = ReplayResult(renaming=renaming)
        sending = Sending(recorded, One(tape), lambda _: None, asyncio.sleep, result, {}, instead)
        body = sending.prepare(recorded.exchange_list[0], step).request.body
        tape.close()
        return body

    return asyncio.run(run())


@pytest.mark.parametrize("own", [b"", b"{}"])
def test_a_body_that_is_sent_in_the_recorded_ones_place_may_be_empty(own: bytes) -> None:
    recorded = made({"a": "b"}).made
    [planned] = sends_of(recorded)
    assert planned.plain
    for step in (planned, Send(seq=planned.seq), replace(planned, sent=b"")):
        assert written(recorded, step, Renaming(), {planned.seq: own}) == own
        assert written(recorded, step, Renaming(), {}) == planned.sent != b""


def test_a_request_that_names_what_was_drawn_is_written_anew_once_the_target_drew_it() -> None:
    recorded, renaming = made({"pod": "web-x7k2p"}).made, Renaming()
    [planned] = sends_of(recorded)
    assert planned.plain
    assert written(recorded, planned, renaming, {}) == planned.sent
    renaming.learn_name(Kind.NAME, "web-x7k2p", "web-9k2lm")
    assert b'"pod":"web-9k2lm"' in written(recorded, planned, renaming, {})


@pytest.mark.parametrize(("size", "kept"), [(1 << 10, True), (1 << 15, False)])
def test_a_large_body_is_not_kept_with_its_step(size: int, *, kept: bool) -> None:
    recorded = made({"text": "x" * size}).made
    [planned] = sends_of(recorded)
    assert planned.plain
    assert bool(planned.sent) is kept
    assert b"x" * size in written(recorded, planned, Renaming(), {})
