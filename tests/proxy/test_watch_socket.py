"""A watch over WebSocket, as browsers' clients do it: its events are recorded as those of any other watch."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.exchange import BodyState, End
from kproxy.wire.websocket import BINARY, CLOSE, PING, TEXT
from tests.proxy.tap.test_tunnel import KEY, World
from tests.support.upgraded import cut, websocket

ASK = (
    b"GET /api/v1/namespaces/a/secrets?watch=true HTTP/1.1\r\nHost: up:1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
GRANTED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def event(number: int) -> bytes:
    """One of a Secret, as the api-server writes it: with a line's end."""
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": f"s{number}"}, "data": {"a": "aHVzaA=="}}
    return json.dumps({"type": "ADDED", "object": secret}).encode() + b"\n"


@dataclass
class Watching(World):
    def upgrade(self, granted: bytes = GRANTED) -> "Watching":
        """The watch is on."""
        self.act(self.tap.client_data(ASK))
        self.act(self.tap.connected(None))
        self.act(self.tap.server_data(granted))
        return self

    def names(self) -> list[str]:
        """Whose events are recorded."""
        found = []
        for _, frame in sorted(self.frames.items()):
            assert frame.body.digest is not None
            assert frame.kind == "watch-event"
            stored = self.bodies[frame.body.digest]
            assert b"aHVzaA" not in stored
            found.append(json.loads(stored)["object"]["metadata"]["name"])
        return found


@given(st.sets(st.integers(1, 400), max_size=10))
def test_messages_are_events_however_they_are_cut_and_secrets_stay_hidden(places: set[int]) -> None:
    world = Watching().upgrade()
    said = websocket(TEXT, event(0)[:9], last=False) + websocket(PING, b"?") + websocket(0, event(0)[9:])
    said += websocket(TEXT, event(1)) + websocket(CLOSE, b"\x03\xe8")
    for piece in cut(said, places):
        world.server(piece)
    world.client(websocket(CLOSE, b"\x03\xe8", key=KEY))
    world.act(world.tap.client_closed())
    world.act(world.tap.server_closed())
    world.commit()
    assert world.names() == ["s0", "s1"]
    assert world.to_client == GRANTED + said
    assert world.exchange is not None
    assert world.exchange.end is End.COMPLETE
    assert world.exchange.answer is not None
    assert world.exchange.answer.body.state is BodyState.FRAMES
    assert world.gaps == []


def test_a_client_that_just_is_gone_is_recorded_so() -> None:
    world = Watching().upgrade()
    world.server(websocket(TEXT, event(0)))
    world.act(world.tap.client_closed())
    world.act(world.tap.server_closed())
    world.commit()
    assert world.names() == ["s0"]
    assert world.exchange is not None
    assert world.exchange.end is End.CLIENT_GONE


@pytest.mark.parametrize("dies_after", range(6))
def test_a_recorder_that_dies_loses_no_event_and_doubles_none(dies_after: int) -> None:
    world = Watching().upgrade()
    for number in range(6):
        world.server(websocket(TEXT, event(number)))
        world.commit(checkpoint=number % 2 == 0)
        if number == dies_after:
            world.die()
    world.act(world.tap.stop())
    world.commit()
    assert world.names() == [f"s{number}" for number in range(6)]


def test_events_that_are_not_json_leave_a_reason_and_go_on() -> None:
    world = Watching().upgrade()
    said = websocket(BINARY, b"\x0a\x05ADDED") * 2
    world.server(said)
    world.act(world.tap.stop())
    world.commit()
    assert world.to_client.startswith(GRANTED + said)
    assert world.frames == {}
    assert [gap.reason for gap in world.gaps] == [
        "its frames cannot be read from here on: the events of a watch over WebSocket are read in JSON only"
    ]
