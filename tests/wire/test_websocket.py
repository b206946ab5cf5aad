import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.stretch import StreamError
from kproxy.wire.websocket import BINARY, CLOSE, PING, TEXT, WebSocketReader
from tests.support.upgraded import cut, websocket

KEYS = st.one_of(st.just(b""), st.binary(min_size=4, max_size=4))
PLACES = st.sets(st.integers(1, 3000), max_size=40)


def read(pieces: list[bytes]) -> list[tuple[int, bytes]]:
    """(opcode, payload) of whole messages and control frames, put together from their parts."""
    reader = WebSocketReader()
    found: list[tuple[int, bytes]] = []
    open_: dict[bool, bytes] = {}
    for piece in pieces:
        for part in reader.feed(piece):
            control = part.opcode >= CLOSE
            assert part.first == (control not in open_)
            open_[control] = open_.get(control, b"") + part.stretch.read(0, len(part.stretch))
            if part.last:
                found.append((part.opcode, open_.pop(control)))
    assert not open_
    return found


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Frames of messages with control frames between them, and what they say."""
    wire, said = b"", []
    for _ in range(draw(st.integers(1, 6))):
        opcode = draw(st.sampled_from([TEXT, BINARY]))
        fragments = draw(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
        for at, fragment in enumerate(fragments):
            if at and draw(st.booleans()):
                wire += websocket(PING, b"alive", key=draw(KEYS))
                said.append((PING, b"alive"))
            last = at == len(fragments) - 1
            wire += websocket(0 if at else opcode, fragment, key=draw(KEYS), last=last)
        said.append((opcode, b"".join(fragments)))
    return wire, said


@given(conversations(), PLACES)
def test_messages_come_whole_however_their_bytes_are_cut(
    conversation: tuple[bytes, list[tuple[int, bytes]]], places: set[int]
) -> None:
    wire, said = conversation
    assert read(list(cut(wire, places))) == said


def test_every_single_split_gives_the_same_messages() -> None:
    wire = websocket(BINARY, b"\x01out", key=b"abcd") + websocket(TEXT, b"") + websocket(CLOSE, b"\x03\xe8bye")
    said = [(BINARY, b"\x01out"), (TEXT, b""), (CLOSE, b"\x03\xe8bye")]
    assert read([wire[at : at + 1] for at in range(len(wire))]) == said
    for place in range(1, len(wire)):
        assert read([wire[:place], wire[place:]]) == said


@pytest.mark.parametrize("size", [125, 126, 127, 65535, 65536, 300_000])
def test_each_form_of_the_length_is_read(size: int) -> None:
    assert read([websocket(BINARY, b"x" * size, key=b"k3y!")]) == [(BINARY, b"x" * size)]


def test_payload_is_not_copied() -> None:
    wire = websocket(BINARY, b"x" * 100_000)
    (part,) = WebSocketReader().feed(wire)
    assert part.stretch.data is wire


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"\xc2\x00", "extension"),
        (b"\x83\x00", "opcode 3"),
        (b"\x89\x7e\x01\x00", "control frame"),
        (b"\x09\x00", "control frame"),
        (b"\x08\x00", "control frame"),
        (b"\x80\x00", "follow each other"),
        (websocket(TEXT, b"a", last=False) + websocket(TEXT, b"b"), "follow each other"),
    ],
)
def test_what_is_no_websocket_is_said_so(wire: bytes, why: str) -> None:
    with pytest.raises(StreamError, match=why):
        read([wire])


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_are_read_or_refused_by_one_error(pieces: list[bytes]) -> None:
    reader = WebSocketReader()
    try:
        for piece in pieces:
            for part in reader.feed(piece):
                assert len(part.stretch) <= len(piece)
    except StreamError:
        pass
