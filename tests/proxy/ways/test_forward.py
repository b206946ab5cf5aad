"""The forward proxy's rules: what a CONNECT says, who may use it, what a request that names its server becomes."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.proxy.status import OwnAnswer
from kproxy.proxy.ways.forward import AbsoluteForm, Destination, Members, basic_credentials, connect_destination
from kproxy.wire.http1 import RequestHead
from kproxy.wire.http1_head import parse_request_head

SHOWN = f"Proxy-Authorization: Basic {basic_credentials('s3cret')}\r\n".encode()
MEMBERS = Members("s3cret")
SERVER = Destination("api.example", 8080)


def status(verdict: object) -> int:
    assert isinstance(verdict, OwnAnswer)
    return verdict.status


@pytest.mark.parametrize(
    ("target", "where"),
    [
        (b"api.example:443", Destination("api.example", 443)),
        (b"API.Example.:443", Destination("api.example", 443)),
        (b"10.0.0.1:6443", Destination("10.0.0.1", 6443)),
        (b"[fd00::1]:6443", Destination("fd00::1", 6443)),
    ],
)
def test_a_connect_names_a_host_and_a_port(target: bytes, where: Destination) -> None:
    assert connect_destination(b"CONNECT %b HTTP/1.1\r\nHost: x\r\n\r\n" % target) == where


@pytest.mark.parametrize(
    "raw",
    [
        b"CONNECT api.example HTTP/1.1\r\n\r\n",
        b"CONNECT api.example:0 HTTP/1.1\r\n\r\n",
        b"CONNECT api.example:65536 HTTP/1.1\r\n\r\n",
        b"CONNECT http://api.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT api.example:443 HTTP/2\r\n\r\n",
        b"CONNECT api.example:443 HTTP/1.1\nHost: x\r\n\r\n",
        b"CONNECT api.example:443 HTTP/1.1\r\nHost : x\r\n\r\n",
        b"CONNECT api.example:443 HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"CONNECT api.example:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        b"CONNECT api.example:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"CONNECT user@api.example:443 HTTP/1.1\r\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_no_connect(raw: bytes) -> None:
    assert status(connect_destination(raw)) == 400


@given(st.binary(max_size=200))
def test_no_bytes_after_connect_break_it(raw: bytes) -> None:
    assert isinstance(connect_destination(b"CONNECT " + raw), OwnAnswer | Destination)


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        b"Proxy-Authorization: Basic !\r\n",
        b"Proxy-Authorization: Bearer s3cret\r\n",
        b"Proxy-Authorization: Basic " + b64encode(b"kproxy:other") + b"\r\n",
        b"Proxy-Authorization: Basic " + b64encode(b"other:s3cret") + b"\r\n",
        b"Authorization: Basic " + basic_credentials("s3cret").encode() + b"\r\n",
        SHOWN + SHOWN,
    ],
)
def test_who_does_not_show_the_token_is_asked_for_it(fields: bytes) -> None:
    refused = MEMBERS.refusal(fields + b"\r\n", b"CONNECT")
    assert status(refused) == 407
    assert refused is not None
    assert b"\r\nProxy-Authenticate: Basic realm=" in refused.head
    assert b"s3cret" not in refused.wire


def test_who_shows_it_comes_in() -> None:
    assert MEMBERS.refusal(b"Host: x\r\n" + SHOWN + b"\r\n", b"CONNECT") is None
    assert MEMBERS.refusal(SHOWN.replace(b"Proxy-A", b"pROXY-a").replace(b"Basic", b"bASIC") + b"\r\n", b"GET") is None
    assert Members(None).refusal(b"\r\n", b"GET") is None


def enter(target: bytes, fields: bytes = SHOWN, line: bytes = b"GET") -> RequestHead | OwnAnswer:
    raw = b"%b %b HTTP/1.1\r\nHost: api.example:8080\r\n%bAccept: a\r\n\r\n" % (line, target, fields)
    return AbsoluteForm(MEMBERS, frozenset({SERVER, Destination("plain.example", 80)})).enter(parse_request_head(raw))


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://api.example:8080/api?x=http://y/", b"/api?x=http://y/"),
        (b"HTTP://API.example:8080", b"/"),
        (b"http://api.example:8080?x", b"/?x"),
        (b"http://plain.example/api", b"/api"),
    ],
)
def test_a_request_that_names_its_server_becomes_that_servers_own(target: bytes, path: bytes) -> None:
    head = enter(target, SHOWN + b"Proxy-Connection: keep-alive\r\n")
    assert isinstance(head, RequestHead)
    assert head.raw == b"GET %b HTTP/1.1\r\nHost: api.example:8080\r\nAccept: a\r\n\r\n" % path
    assert head.values(b"host") == [b"api.example:8080"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (b"/api", 400),
        (b"https://api.example:8080/", 400),
        (b"http://user@api.example:8080/", 400),
        (b"http://api.example:8080@evil.example/", 400),
        (b"http://api.example:99999/", 400),
        (b"http://api.example/", 403),
        (b"http://evil.example:8080/", 403),
    ],
)
def test_other_servers_and_odd_targets_are_refused(target: bytes, code: int) -> None:
    assert status(enter(target)) == code


def test_a_request_without_the_token_is_asked_for_it() -> None:
    assert status(enter(b"http://evil.example/", b"")) == 407
