"""The options of the ways in, and what they mean together."""

import pytest

from kproxy.cli.way_options import default_identity, listener_of
from kproxy.config.upstream import upstream_from_url
from kproxy.errors import UsageError
from kproxy.proxy.ways.way import Mode, Way

SECURE, PLAIN = upstream_from_url("https://x"), upstream_from_url("http://x")


def test_each_way_in_has_an_address_of_its_own_and_knows_whether_clients_speak_tls() -> None:
    assert listener_of(Way(), None, PLAIN) == ("https://127.0.0.1:0", True)
    assert listener_of(Way(), "http://127.0.0.1:1", SECURE) == ("http://127.0.0.1:1", False)
    assert listener_of(Way(mode=Mode.REGULAR), None, SECURE) == ("http://127.0.0.1:0", True)
    assert listener_of(Way(mode=Mode.REGULAR), "http://127.0.0.1:1", PLAIN) == ("http://127.0.0.1:1", False)
    assert listener_of(Way(mode=Mode.TRANSPARENT), "https://[::]:1", SECURE) == ("https://[::]:1", True)


def test_a_firewall_needs_an_address_to_redirect_to() -> None:
    with pytest.raises(UsageError, match="needs --listen"):
        listener_of(Way(mode=Mode.TRANSPARENT), None, SECURE)


def test_who_does_not_know_of_kproxy_keeps_his_credentials() -> None:
    assert [default_identity(Way(mode=mode)) for mode in Mode] == [None, None, "pass"]
