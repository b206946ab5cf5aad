"""Frames made of messages are read as what they were made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.proxy.flows.frames import ABNORMAL, NO_STATUS, close_frame, frame
from kproxy.wire.websocket import BINARY, CLOSE, TEXT, WebSocketReader


@given(st.sampled_from([TEXT, BINARY]), st.sampled_from([0, 1, 125, 126, 65535, 65536, 70000]), st.booleans())
def test_a_message_of_any_length_is_one_frame(opcode: int, size: int, from_client: bool) -> None:
    content = b"x" * size
    (part,) = WebSocketReader().feed(frame(opcode, content, from_client=from_client))
    assert (part.opcode, part.first, part.last) == (opcode, True, True)
    assert part.stretch.read(0, size) == content


@pytest.mark.parametrize(
    ("code", "reason", "content"),
    [(1000, "", b"\x03\xe8"), (1001, "gone", b"\x03\xe9gone"), (NO_STATUS, "", b""), (None, None, b"")],
)
def test_an_end_that_was_said_is_a_close_frame(code: int | None, reason: str | None, content: bytes) -> None:
    (part,) = WebSocketReader().feed(close_frame(code, reason, from_client=True))
    assert part.opcode == CLOSE
    assert part.stretch.read(0, 125) == content


def test_of_a_side_that_just_was_gone_there_is_none() -> None:
    assert close_frame(ABNORMAL, "", from_client=False) == b""
