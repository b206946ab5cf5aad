"""Tunnels through proxies, sans-I/O."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.config.outway import OutwardProxy
from kproxy.wire.outward import OutwardError, Tunnel

HTTP = OutwardProxy(scheme="http", host="p", port=1)
SOCKS = OutwardProxy(scheme="socks5", host="p", port=1)
NAMED = OutwardProxy(scheme="socks5", host="p", port=1, username="u", password="pw")


def fed(tunnel: Tunnel, answer: bytes) -> bytes:
    """All of an answer, as much at a time as the tunnel wants; what it then sends."""
    while answer and not tunnel.open:
        size = tunnel.wanted
        tunnel.feed(answer[:size])
        answer = answer[size:]
    assert answer == b""  # not a byte more was taken
    return tunnel.outgoing


def test_connect_names_the_server_and_opens_with_a_200() -> None:
    tunnel = Tunnel(HTTP, "api.example", 6443)

    assert tunnel.outgoing.startswith(b"CONNECT api.example:6443 HTTP/1.1\r\nHost: api.example:6443\r\n")
    assert b"Authorization" not in tunnel.outgoing
    fed(tunnel, b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
    assert tunnel.open


def test_connect_shows_its_user_and_brackets_addresses() -> None:
    tunnel = Tunnel(OutwardProxy(scheme="http", host="p", port=1, username="u", password="pw"), "fd00::1", 443)

    assert tunnel.outgoing.startswith(b"CONNECT [fd00::1]:443 ")
    assert b"Proxy-Authorization: Basic dTpwdw==\r\n" in tunnel.outgoing


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "answered 407"),
        (b"SSH-2.0-x\r\n\r\n", "is no HTTP"),
        (b"x" * 20000, "has no end"),
    ],
)
def test_an_answer_that_opens_nothing_is_said(answer: bytes, sentence: str) -> None:
    tunnel = Tunnel(HTTP, "h", 1)

    with pytest.raises(OutwardError, match=sentence):
        fed(tunnel, answer)


@pytest.mark.parametrize(
    ("host", "address"),
    [("h.x", b"\x03\x03h.x"), ("10.0.0.1", b"\x01\x0a\x00\x00\x01"), ("::1", b"\x04" + b"\0" * 15 + b"\x01")],
)
def test_socks_names_the_server_by_what_it_is(host: str, address: bytes) -> None:
    tunnel = Tunnel(SOCKS, host, 6443)

    assert tunnel.outgoing == b"\x05\x01\x00"
    assert fed(tunnel, b"\x05\x00") == b"\x05\x01\x00" + address + b"\x19\x2b"
    fed(tunnel, b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
    assert tunnel.open


@pytest.mark.parametrize("bound", [b"\x03\x05hello\x00\x50", b"\x04" + bytes(16) + b"\x00\x50"])
def test_socks_takes_whatever_address_the_proxy_has_bound_and_not_a_byte_more(bound: bytes) -> None:
    tunnel = Tunnel(SOCKS, "h", 1)
    fed(tunnel, b"\x05\x00")
    fed(tunnel, b"\x05\x00\x00" + bound)
    assert tunnel.open


def test_socks_shows_its_user_where_the_proxy_asks() -> None:
    tunnel = Tunnel(NAMED, "h", 1)

    assert tunnel.outgoing == b"\x05\x02\x00\x02"
    assert fed(tunnel, b"\x05\x02") == b"\x01\x01u\x02pw"
    assert fed(tunnel, b"\x01\x00").startswith(b"\x05\x01\x00\x03")


@pytest.mark.parametrize(
    ("proxy", "answer", "sentence"),
    [
        (SOCKS, b"\x05\xff", "other credentials"),
        (SOCKS, b"\x04\x00", "no SOCKS 5"),
        (SOCKS, b"\x05\x02", "other credentials"),
        (NAMED, b"\x05\x02\x01\x01", "does not take its user"),
        (SOCKS, b"\x05\x00\x05\x05\x00\x01\x00", "connection refused"),
        (SOCKS, b"\x05\x00\x05\x00\x00\x09\x00", "no known kind"),
    ],
)
def test_socks_says_why_there_is_no_tunnel(proxy: OutwardProxy, answer: bytes, sentence: str) -> None:
    tunnel = Tunnel(proxy, "h", 1)

    with pytest.raises(OutwardError, match=sentence):
        fed(tunnel, answer)


@given(st.sampled_from([HTTP, SOCKS, NAMED]), st.lists(st.binary(max_size=40)))
def test_whatever_a_proxy_says_it_is_a_tunnel_more_to_read_or_a_sentence(
    proxy: OutwardProxy, answers: list[bytes]
) -> None:
    tunnel = Tunnel(proxy, "h", 1)
    try:
        for answer in answers:
            if not tunnel.open:
                tunnel.feed(answer[: tunnel.wanted])
    except OutwardError as error:
        assert len(str(error)) < 200  # noqa: PT017 - both ends are right ones
