"""kproxy.wire.channels_out: what it writes, kproxy.wire.channels reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, Opcode

from kproxy.wire.channels import channels_of
from kproxy.wire.channels_out import channel_writer
from kproxy.wire.stretch import StreamError

EXEC = "/api/v1/namespaces/default/pods/a/exec?command=sh"
FORWARD = "/api/v1/namespaces/default/pods/a/portforward?ports=8080&ports=81"
KEEP = 1 << 20

COMMANDS = ("stdin", "resize", "stdout", "stderr", "error")


def read_again(
    target: str, upgrade: str, protocol: str, frames: list[tuple[str, bytes]]
) -> list[tuple[str, bytes | None]]:
    """What a server's side reads of them, and how much it is told to keep."""
    writer = channel_writer(upgrade, protocol)
    reader = channels_of(target, upgrade, protocol, KEEP)
    assert reader is not None
    data = b"".join(writer.frame(channel, content) for channel, content in frames)
    return [(frame.channel, frame.content) for frame in reader.feed(data, answer=False)]


@pytest.mark.parametrize(
    "protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io", ""]
)
@given(frames=st.lists(st.tuples(st.sampled_from(COMMANDS), st.binary(max_size=300)), max_size=8))
def test_websocket_messages_are_read_as_they_were_said(protocol: str, frames: list[tuple[str, bytes]]) -> None:
    assert read_again(EXEC, "websocket", protocol, frames) == frames


def test_the_end_of_a_channel_and_of_the_connection_can_be_said() -> None:
    ended = [("stdin", b"x"), ("close:stdin", b""), ("close", b"\x03\xe8bye")]
    assert read_again(EXEC, "websocket", "v5.channel.k8s.io", ended) == ended
    with pytest.raises(StreamError, match="only v5"):
        channel_writer("websocket", "v4.channel.k8s.io").frame("close:stdin", b"")


def test_a_forwarded_port_has_two_channels() -> None:
    said = [("data:8080/0", b"a"), ("data:81/1", b"b"), ("error:81/1", b"")]
    assert read_again(FORWARD, "websocket", "v4.channel.k8s.io", said) == said


@pytest.mark.parametrize(("upgrade", "protocol"), [("SPDY/3.1", ""), ("websocket", "SPDY/3.1+portforward.k8s.io")])
def test_spdy_streams_are_opened_used_and_ended(upgrade: str, protocol: str) -> None:
    said = [
        ("open:error:8080/7", b""),
        ("close:error:8080/7", b""),
        ("open:data:8080/7", b""),
        ("data:8080/7", b"hello" * 1000),
        ("close:data:8080/7", b""),
        ("open:stdin", b""),
        ("stdin", b"y"),
        ("reset:stdin", b""),
    ]
    again = read_again(FORWARD, upgrade, protocol, said)
    assert [(channel, content or b"") for channel, content in again] == said


@pytest.mark.parametrize(
    ("upgrade", "protocol", "channel"),
    [
        ("websocket", "v5.channel.k8s.io", "data:80/1000"),
        ("websocket", "v5.channel.k8s.io", "anything"),
        ("websocket", "v5.channel.k8s.io", "channel-256"),
        ("SPDY/3.1", "", "stdin"),
        ("SPDY/3.1", "", "open:stream-5"),
        ("SPDY/3.1", "", "open:data:x/1"),
        ("SPDY/3.1", "", "close:stdin"),
    ],
)
def test_what_cannot_be_said_is_one_error(upgrade: str, protocol: str, channel: str) -> None:
    with pytest.raises(StreamError):
        channel_writer(upgrade, protocol).frame(channel, b"")


def test_another_protocol_is_one_error() -> None:
    with pytest.raises(StreamError, match="WebSocket and SPDY"):
        channel_writer("h2c", "")


def test_pings_are_answered_where_there_are_any() -> None:
    assert channel_writer("websocket", "v5.channel.k8s.io").pong(b"x")[:2] == b"\x8a\x81"
    assert channel_writer("SPDY/3.1", "").pong(b"x") == b""


def test_a_tunnelled_connection_ends_as_its_websocket_does() -> None:
    writer = channel_writer("websocket", "SPDY/3.1+portforward.k8s.io")
    for content, code, reason in ((b"\x03\xe9bye", 1001, "bye"), (b"\x03\xe8", 1000, ""), (b"", 1000, "")):
        reader = FrameProtocol(client=False, extensions=[])
        reader.receive_bytes(writer.frame("close", content))
        [frame] = reader.received_frames()
        assert (frame.opcode, frame.payload) == (Opcode.CLOSE, (code, reason))
