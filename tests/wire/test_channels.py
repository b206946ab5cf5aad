import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire import channels_spdy
from kproxy.wire.channels import ChannelFrame, Channels, channels_of
from kproxy.wire.stretch import StreamError
from kproxy.wire.websocket import BINARY, CLOSE, PING, TEXT
from tests.support.upgraded import Spdy, cut, spdy_data, spdy_goaway, spdy_ping, spdy_reset, websocket

POD = "/api/v1/namespaces/default/pods/p"
KEY = b"\x01\x02\x03\x04"
PLACES = st.sets(st.integers(1, 400), max_size=30)


def made(target: str, upgrade: str, protocol: str = "", keep: int = 1000) -> Channels:
    found = channels_of(POD + target, upgrade, protocol, keep)
    assert found is not None
    return found


def read(reader: Channels, said: list[tuple[bool, bytes]], places: set[int] | None = None) -> list[ChannelFrame]:
    return [
        frame
        for answer, wire in said
        for piece in cut(wire, places or set())
        for frame in reader.feed(piece, answer=answer)
    ]


def frames(found: list[ChannelFrame]) -> list[tuple[str, str, int, bytes | None]]:
    return [("<" if frame.answer else ">", frame.channel, frame.size, frame.content) for frame in found]


@given(PLACES)
def test_exec_over_websocket_v5_is_frames_of_its_channels_however_it_is_cut(places: set[int]) -> None:
    said = [
        (True, websocket(BINARY, b"\x01")),
        (False, websocket(BINARY, b"\x00hello\n", key=KEY) + websocket(PING, b"", key=KEY)),
        (False, websocket(BINARY, b"\x04" + b'{"Width":80}', key=KEY)),
        (True, websocket(BINARY, b"\x01hel", last=False) + websocket(PING, b"?") + websocket(0, b"lo\n")),
        (False, websocket(BINARY, b"\xff\x00", key=KEY)),
        (True, websocket(BINARY, b"\x02oh") + websocket(BINARY, b'\x03{"status":"Success"}')),
        (True, websocket(CLOSE, b"\x03\xe8")),
        (False, websocket(CLOSE, b"\x03\xe8", key=KEY)),
    ]
    assert frames(read(made("/exec?command=cat", "websocket", "v5.channel.k8s.io"), said, places)) == [
        ("<", "stdout", 0, b""),
        (">", "stdin", 6, b"hello\n"),
        (">", "resize", 12, b'{"Width":80}'),
        ("<", "stdout", 6, b"hello\n"),
        (">", "close:stdin", 0, b""),
        ("<", "stderr", 2, b"oh"),
        ("<", "error", 20, b'{"status":"Success"}'),
        ("<", "close", 2, b"\x03\xe8"),
        (">", "close", 2, b"\x03\xe8"),
    ]


@pytest.mark.parametrize("protocol", ["", "channel.k8s.io", "v4.channel.k8s.io"])
def test_before_v5_the_last_byte_value_is_a_channel_like_others(protocol: str) -> None:
    said = [(False, websocket(BINARY, b"\xff\x00", key=KEY)), (False, websocket(BINARY, b"", key=KEY))]
    assert frames(read(made("/attach", "WebSocket", protocol), said)) == [(">", "channel-255", 1, b"\x00")]


@given(st.binary(max_size=90), PLACES)
def test_base64_channels_count_and_keep_what_is_meant(data: bytes, places: set[int]) -> None:
    said = [(True, websocket(TEXT, b"1" + base64.b64encode(data)))]
    found = read(made("/exec", "websocket", "base64.channel.k8s.io"), said, places)
    assert frames(found) == [("<", "stdout", len(data), data)]


def test_base64_that_is_none_is_kept_as_it_came() -> None:
    found = read(made("/exec", "websocket", "v4.base64.channel.k8s.io"), [(True, websocket(TEXT, b"1!!!!"))])
    assert found[0].content == b"!!!!"


def test_a_forwarded_port_over_websocket_is_two_channels() -> None:
    said = [(True, websocket(BINARY, bytes([code]) + b"\x90\x1f")) for code in range(5)]
    found = read(made("/portforward?ports=8080,x&ports=9", "websocket", "v4.channel.k8s.io"), said)
    assert [frame.channel for frame in found] == ["data:8080/0", "error:8080/0", "data:?/1", "error:?/1", "data:9/2"]


def command_over_spdy() -> list[tuple[bool, bytes]]:
    client, server = Spdy(), Spdy()
    return [
        (False, client.opened(1, streamtype="error") + client.opened(3, streamtype="stdin")),
        (True, server.replied(1) + server.replied(3)),
        (False, client.opened(5, streamtype="stdout") + spdy_data(3, b"in") + spdy_ping(1)),
        (False, spdy_data(3, b"", fin=True)),
        (True, spdy_data(5, b"out", fin=True) + spdy_reset(1) + spdy_goaway()),
    ]


@given(PLACES)
def test_exec_over_spdy_is_frames_of_the_streams_named_by_their_headers(places: set[int]) -> None:
    assert frames(read(made("/exec?command=cat", "SPDY/3.1"), command_over_spdy(), places)) == [
        (">", "open:error", 0, None),
        (">", "open:stdin", 0, None),
        (">", "open:stdout", 0, None),
        (">", "stdin", 2, b"in"),
        (">", "close:stdin", 0, None),
        ("<", "stdout", 3, b"out"),
        ("<", "close:stdout", 0, None),
        ("<", "reset:error", 0, None),
        ("<", "close", 0, None),
    ]


@given(PLACES, st.sets(st.integers(1, 200), max_size=10))
def test_port_forward_in_a_websocket_is_spdy_cut_at_any_message(places: set[int], messages: set[int]) -> None:
    client = Spdy()
    spdy = client.opened(1, streamtype="error", port="8080", requestid="3") + spdy_data(1, b"", fin=True)
    spdy += client.opened(3, streamtype="data", port="8080", requestid="3") + spdy_data(3, b"GET /")
    wire = b"".join(websocket(BINARY, piece, key=KEY) for piece in cut(spdy, messages))
    wire += websocket(CLOSE, b"\x03\xe8", key=KEY)
    found = read(made("/portforward", "websocket", "SPDY/3.1+portforward.k8s.io"), [(False, wire)], places)
    assert frames(found) == [
        (">", "open:error:8080/3", 0, None),
        (">", "close:error:8080/3", 0, None),
        (">", "open:data:8080/3", 0, None),
        (">", "data:8080/3", 5, b"GET /"),
        (">", "close", 0, None),
    ]


def test_a_stream_is_named_by_nothing_that_could_hold_a_secret() -> None:
    client = Spdy()
    wire = client.opened(1, streamtype="my-password") + client.opened(3, streamtype="data", port="s3cret")
    wire += client.opened(5, streamtype="data", port="80", requestid="s3cret")
    names = [frame.channel for frame in read(made("/portforward", "SPDY/3.1"), [(False, wire)])]
    assert names == ["open:stream-1", "open:data", "open:data:80/5"]


def test_names_of_streams_are_forgotten_when_both_sides_have_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels_spdy, "MAX_STREAMS", 2)
    reader, client = made("/portforward", "SPDY/3.1"), Spdy()
    for number in range(1, 20, 2):
        opened = client.opened(number, streamtype="data", port="80", requestid=str(number))
        closed = spdy_data(number, b"", fin=True)
        found = read(reader, [(False, opened + closed), (True, closed)])
        assert [frame.channel for frame in found[1:]] == [f"close:data:80/{number}"] * 2
    read(reader, [(False, b"".join(client.opened(number, streamtype="error") for number in (101, 103, 105)))])
    left = read(reader, [(True, spdy_data(101, b"a") + spdy_data(105, b"a"))])
    assert [frame.channel for frame in left] == ["stream-101", "error"]


@pytest.mark.parametrize("keep", [0, 10])
def test_of_content_only_what_was_asked_for_is_kept(keep: int) -> None:
    wire = websocket(BINARY, b"\x01" + b"x" * 500)
    (found,) = read(made("/exec", "websocket", "v5.channel.k8s.io", keep), [(True, wire)], {7, 8, 100})
    assert found.size == 500
    assert found.content == (b"x" * keep if keep else None)


def test_what_broke_off_is_told_with_the_bytes_that_came() -> None:
    socket = made("/exec", "websocket", "v5.channel.k8s.io")
    assert not read(socket, [(True, websocket(BINARY, b"\x01" + b"x" * 500)[:104])])
    assert frames(list(socket.rest())) == [("<", "stdout", 99, b"x" * 99)]
    spdy = made("/exec", "SPDY/3.1")
    assert not read(spdy, [(False, spdy_data(9, b"x" * 500)[:108])])
    assert frames(list(spdy.rest())) == [(">", "stream-9", 100, b"x" * 100)]


def test_other_upgrades_have_no_channels() -> None:
    assert channels_of(f"{POD}/proxy/ws", "websocket", "") is None
    assert channels_of("/apis/x.io/v1/namespaces/a/machines/m/exec", "websocket", "") is None


@pytest.mark.parametrize(("upgrade", "protocol"), [("h2c", ""), ("websocket", "v9.channel.k8s.io")])
def test_protocols_of_the_future_are_refused_by_name(upgrade: str, protocol: str) -> None:
    with pytest.raises(StreamError):
        channels_of(f"{POD}/exec", upgrade, protocol)


@given(
    st.sampled_from(
        ["/exec SPDY/3.1 ", "/exec websocket v5.channel.k8s.io", "/portforward websocket SPDY/3.1+x.k8s.io"]
    ),
    st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=12),
)
def test_any_bytes_are_read_or_refused_by_one_error(kind: str, said: list[tuple[bool, bytes]]) -> None:
    target, upgrade, protocol = kind.split(" ")
    reader = made(target, upgrade, protocol)
    try:
        read(reader, said)
    except StreamError:
        return
    for frame in reader.rest():
        assert frame.size <= sum(len(wire) for _, wire in said)


def test_a_client_is_told_that_its_server_goes_away_between_two_messages_and_not_amid_one() -> None:
    for upgrade, protocol in (("websocket", "v5.channel.k8s.io"), ("websocket", "SPDY/3.1+portforward.k8s.io")):
        target = "/exec?command=cat" if "v5" in protocol else "/portforward?ports=80"
        reader = made(target, upgrade, protocol)
        assert reader.farewell() == b"\x88\x02\x03\xe9"
        read(reader, [(True, websocket(BINARY, b"\x01hello")[:4])])
        assert reader.farewell() == b""
        read(reader, [(True, websocket(BINARY, b"\x01hello")[4:])])
        assert reader.farewell() == (b"\x88\x02\x03\xe9" if "v5" in protocol else reader.farewell())
    assert made("/exec?command=cat", "SPDY/3.1").farewell() == b""
