"""The address that clients come to."""

import socket

import pytest

from kproxy.errors import ConfigError
from kproxy.proxy.ways.listen import parse_listen


@pytest.mark.parametrize(
    ("given", "url", "loopback"),
    [
        ("https://127.0.0.1:0", "https://127.0.0.1:7", True),
        ("http://localhost", "http://127.0.0.1:7", True),
        ("https://0.0.0.0:0/a/b/", "https://127.0.0.1:7/a/b", False),
        ("https://[::]:0", "https://[::1]:7", False),
        ("http://[::1]:0", "http://[::1]:7", True),
        ("https://kproxy.example:0", "https://kproxy.example:7", False),
    ],
)
def test_an_address_says_how_clients_find_it_and_who_does(given: str, url: str, *, loopback: bool) -> None:
    listen = parse_listen(given)
    assert listen.url(("x", 7)) == url
    assert listen.is_loopback is loopback


def test_every_address_of_both_families_is_one_socket() -> None:
    [listening] = parse_listen("http://[::]:0").bind()
    with listening:
        port = listening.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), timeout=10).close()


@pytest.mark.parametrize("given", ["", "127.0.0.1:1", "http://h:99999", "http://h/a b", "http://h?x", "ftp://h"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="to listen on"):
        parse_listen(given)
