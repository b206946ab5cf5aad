"""How etcd is reached."""

from pathlib import Path

import pytest

from kproxy.errors import EtcdError
from kproxy.etcd.settings import EtcdSettings

CA = Path("/nowhere/ca.crt")


def test_an_address_without_scheme_is_tls_where_there_are_certificates() -> None:
    (plain,) = EtcdSettings(endpoints=("127.0.0.1:2379",)).parsed()
    (secure,) = EtcdSettings(endpoints=("127.0.0.1:2379",), cacert=CA).parsed()
    (named,) = EtcdSettings(endpoints=("http://localhost",), cacert=CA).parsed()
    assert (plain.tls, plain.target) == (False, "127.0.0.1:2379")
    assert secure.tls
    assert (named.tls, named.target) == (False, "localhost:2379")


def test_ipv6_addresses_keep_their_brackets() -> None:
    (endpoint,) = EtcdSettings(endpoints=("https://[::1]:23790",)).parsed()
    assert (endpoint.host, endpoint.target) == ("::1", "[::1]:23790")


@pytest.mark.parametrize("url", ["", "ftp://x", "https://", "https://x:port", "http://[::1", "://x"])
def test_what_is_no_address_is_named(url: str) -> None:
    with pytest.raises(EtcdError, match="is no address"):
        EtcdSettings(endpoints=(url,)).parsed()


@pytest.mark.parametrize(
    "url",
    [
        "https://root:hunter2@10.0.0.1:2379",
        "root:hunter2@10.0.0.1:2379",
        "https://root:hunter2@10.0.0.1:port",
        "https://hunter2@10.0.0.1",
        "https://10.0.0.1/?password=hunter2",
        "https://10.0.0.1#hunter2",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_told(url: str) -> None:
    with pytest.raises(EtcdError, match="--etcd-user") as refused:
        EtcdSettings(endpoints=("https://10.0.0.2:2379", url)).parsed()
    assert "hunter2" not in str(refused.value)


def test_a_certificate_and_its_key_go_together() -> None:
    for settings in (EtcdSettings(endpoints=("x",), cert=CA), EtcdSettings(endpoints=("x",), key=CA)):
        with pytest.raises(EtcdError, match="go together"):
            settings.parsed()


def test_a_password_never_shows() -> None:
    assert "hunter2" not in repr(EtcdSettings(endpoints=("x",), user="u", password="hunter2"))
