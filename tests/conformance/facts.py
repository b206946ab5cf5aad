"""What a scenario left behind, as named facts in which two lanes can be compared."""

import re
from collections.abc import Iterator

from kproxy.model.exchange import Answer, Body, Exchange, Headers, Request
from kproxy.model.recording import Recording
from kproxy.store.reader import open_recording
from tests.conformance.lanes import Played
from tests.conformance.scenarios import EVERY, Scenario

type Facts = dict[str, object]


def facts_of(played: Played) -> dict[str, Facts]:
    """By scenario: everything but times, places (seq, the connection's number) and the upstream's free port."""
    with open_recording(str(played.recording)) as recording:
        exchanges = list(recording.exchanges())
        return {scenario.name: _facts(scenario, played, recording, exchanges) for scenario in EVERY}


def _facts(scenario: Scenario, played: Played, recording: Recording, exchanges: list[Exchange]) -> Facts:
    mine = [each for each in exchanges if f"/namespaces/{scenario.name}/" in each.request.target]
    facts: Facts = {
        "to the client": played.to_client[scenario.name],
        "to the server": [_without_host(data) for data in played.to_server.get(scenario.name, [])],
        "exchanges": (len(mine), len({each.connection for each in mine})),
    }
    for number, exchange in enumerate(mine):
        for name, value in _exchange(recording, exchange):
            facts[name if number == 0 else f"{name}, {number + 1}"] = value
    return facts


def _exchange(recording: Recording, exchange: Exchange) -> Iterator[tuple[str, object]]:
    request, answer = exchange.request, exchange.answer
    yield "request", (request.method, request.target, request.http_version, _message(request), exchange.info)
    yield "host", [re.sub(r":\d+$", ":PORT", value) for value in _values(request.headers, "host")]
    yield "request body", _body(recording, request.body)
    if answer is None:
        yield "answer", None
    else:
        yield "answer", (answer.status, answer.reason, answer.http_version, _message(answer))
        yield "answer body", _body(recording, answer.body)
        yield "informational", answer.informational
    yield "end", exchange.end
    yield "end_detail", exchange.end_detail
    yield "upgrade", exchange.upgrade
    yield "altered", exchange.altered
    yield "identity", (exchange.identity, exchange.caller, exchange.forwarded)
    frames = list(recording.frames(exchange.seq))
    yield "frames", [(each.direction, each.kind, each.channel, _body(recording, each.body)) for each in frames]


def _message(message: Request | Answer) -> tuple[list[tuple[str, str]], Headers]:
    return [(name, value) for name, value in message.headers if name.lower() != "host"], message.trailers


def _body(recording: Recording, body: Body) -> tuple[object, ...]:
    return body.state, body.size, body.reason, recording.body(body.digest) if body.digest else None


def _values(headers: Headers, name: str) -> list[str]:
    return [value for field, value in headers if field.lower() == name]


def _without_host(data: bytes) -> bytes:
    return re.sub(rb"(?i)\r\nhost: [^\r]*", b"", data)
