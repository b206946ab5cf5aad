"""kproxy.replay.upgrades, against a small server on a real socket (a real one: tests/controlplane)."""

import asyncio
from dataclasses import replace

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import (
    CHANNEL,
    EMPTY_BODY,
    Answer,
    Body,
    BodyState,
    Direction,
    End,
    Exchange,
    Frame,
    Nanos,
    Request,
    Seq,
)
from kproxy.replay.engine import Drive, replay
from kproxy.replay.result import ReplayResult
from kproxy.replay.senders import One
from kproxy.replay.transport import Transport
from kproxy.replay.upgradable import why_not
from kproxy.wire.requestinfo import request_info
from kproxy.wire.websocket import BINARY, CLOSE, PONG, WebSocketReader
from tests.support.memory import MemoryRecording
from tests.support.upgraded import websocket

TARGET = "/api/v1/namespaces/default/pods/a/exec?command=cat&stdin=true&stdout=true"
PROTOCOL = "v5.channel.k8s.io"


def talk(*frames: tuple[str, str, bytes]) -> tuple[MemoryRecording, Exchange]:
    """A recorded exec: `>` from the client, `<` from the server, channel, content."""
    recording = MemoryRecording()
    for index, (way, channel, content) in enumerate(frames):
        recording.frame_list.append(
            Frame(
                seq=Seq(1),
                index=index,
                at=Nanos(index),
                direction=Direction.REQUEST if way == ">" else Direction.ANSWER,
                kind=CHANNEL,
                channel=channel,
                body=recording.keep(content) if content else EMPTY_BODY,
            )
        )
    headers = (
        ("Host", "there"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", PROTOCOL),
    )
    answer = Answer(status=101, reason="", http_version="HTTP/1.1", headers=(("Sec-WebSocket-Protocol", PROTOCOL),))
    exchange = Exchange(
        seq=Seq(1),
        connection=1,
        started=Nanos(0),
        answered=Nanos(1),
        ended=Nanos(2),
        end=End.COMPLETE,
        upgrade="websocket",
        request=Request(
            method="GET",
            target=TARGET,
            http_version="HTTP/1.1",
            headers=headers,
            body=Body(state=BodyState.COUNTED, size=9),
        ),
        info=request_info("GET", TARGET),
        answer=answer,
    )
    recording.exchange_list.append(exchange)
    return recording, exchange


def replayed(recording: MemoryRecording, *, silent: bool = False) -> tuple[list[tuple[int, bytes]], ReplayResult]:
    """What a server hears that says back what it hears on stdin, and pings once."""
    heard: list[tuple[int, bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n" + websocket(9, b"there?")
        )
        frames, payload = WebSocketReader(), b""
        while data := await reader.read(65536):
            for part in frames.feed(data):
                payload += part.stretch.read(0, len(part.stretch))
                if not part.last:
                    continue
                heard.append((part.opcode, payload))
                if part.opcode == BINARY and payload[:1] == b"\x00" and not silent:
                    writer.write(websocket(BINARY, b"\x01" + payload[1:]))
                if part.opcode == CLOSE:
                    writer.close()
                payload = b""

    async def run() -> ReplayResult:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        target = upstream_from_url(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with asyncio.timeout(60):
            result = await replay(recording, One(Transport(target)), drive=Drive(patience=0.3 if silent else 30))
        server.close()
        return result

    return heard, asyncio.run(run())


CONVERSATION = (
    (">", "stdin", b"one\n"),
    ("<", "stdout", b"one\n"),
    (">", "stdin", b"two\n"),
    (">", "close:stdin", b""),
    ("<", "stdout", b"two\n"),
    (">", "close", b"\x03\xe8"),
)


def test_a_client_says_what_it_said_each_time_when_the_server_had_said_as_much() -> None:
    recording, _ = talk(*CONVERSATION)
    heard, result = replayed(recording)
    said = [payload for opcode, payload in heard if opcode != PONG]
    assert said == [b"\x00one\n", b"\x00two\n", b"\xff\x00", b"\x03\xe8"]
    assert (PONG, b"there?") in heard
    assert result.sent == 1
    assert not result.waited_in_vain
    assert not result.unsent


def test_a_server_that_says_less_does_not_hold_the_client_for_ever() -> None:
    recording, _ = talk(*CONVERSATION)
    heard, result = replayed(recording, silent=True)
    assert [payload for opcode, payload in heard if opcode != PONG][-1] == b"\x03\xe8"
    (said,) = result.waited_in_vain
    assert (said.seq, said.events, said.recorded) == (1, 0, 8)


def test_an_upgrade_whose_content_is_not_kept_is_left_out() -> None:
    recording, exchange = talk(*CONVERSATION)
    assert why_not(recording, exchange) is None
    first = recording.frame_list[0]
    recording.frame_list[0] = replace(first, body=Body(state=BodyState.COUNTED, size=4))
    assert why_not(recording, exchange) == "it is an upgrade to websocket, whose content is not kept"
    recording.frame_list.clear()
    assert why_not(recording, exchange) == "it is an upgrade to websocket, whose content is not kept"


@pytest.mark.parametrize(("channel", "reason"), [("data:80/1", None), ("what", "'what' has no number")])
def test_a_frame_that_cannot_be_said_leaves_the_upgrade_out(channel: str, reason: str | None) -> None:
    recording, exchange = talk((">", channel, b"x"))
    found = why_not(recording, exchange)
    assert found is None if reason is None else reason in (found or "")
