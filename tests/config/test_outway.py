import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.config.outway import OutwardProxy, environment_proxy, parse_proxy
from kproxy.errors import ConfigError

SET = {"HTTPS_PROXY": "http://p:3128"}


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://p:3128", OutwardProxy(scheme="http", host="p", port=3128)),
        ("p:3128", OutwardProxy(scheme="http", host="p", port=3128)),
        ("http://p", OutwardProxy(scheme="http", host="p", port=80)),
        ("socks5://[::1]", OutwardProxy(scheme="socks5", host="::1", port=1080)),
        ("socks5h://u:p%40ss@p:1", OutwardProxy(scheme="socks5", host="p", port=1, username="u", password="p@ss")),
    ],
)
def test_a_url_says_where_a_proxy_is_and_how_it_is_spoken_to(url: str, proxy: OutwardProxy) -> None:
    assert parse_proxy(url, "x") == proxy


@pytest.mark.parametrize(
    "url", ["https://p", "ftp://p", "http://", "http://p:x", "http://a b", f"http://{'u' * 256}@p"]
)
def test_what_kproxy_cannot_use_is_said_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^the proxy"):
        parse_proxy(url, "the proxy")


def test_a_password_is_in_no_repr_and_no_sentence() -> None:
    proxy = parse_proxy("http://u:hush@p:1", "x")

    assert "hush" not in repr(proxy) + proxy.shown
    with pytest.raises(ConfigError) as raised:
        parse_proxy("https://u:hush@p:1", "x")
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("exceptions", "host", "proxied"),
    [
        ("", "api.example", True),
        ("*", "api.example", False),
        ("example", "api.example", False),
        (".example", "api.example", False),
        ("*.example", "api.example", False),
        (".api.example", "api.example", True),
        ("other, api.example:6443", "api.example", False),
        ("api.example:443", "api.example", True),
        ("ample", "api.example", True),
        ("10.0.0.0/8", "10.1.2.3", False),
        ("10.0.0.0/8", "11.1.2.3", True),
        ("10.1.2.3", "10.1.2.3", False),
        ("fd00::/8", "fd00::1", False),
        ("[fd00::1]:6443", "fd00::1", False),
        ("", "localhost", False),
        ("", "127.9.9.9", False),
        ("", "::1", False),
    ],
)
def test_the_environment_is_read_as_go_reads_it(exceptions: str, host: str, proxied: bool) -> None:
    assert (environment_proxy(host, 6443, {**SET, "NO_PROXY": exceptions}) is not None) is proxied
    assert (environment_proxy(host, 6443, {"https_proxy": "p", "no_proxy": exceptions}) is not None) is proxied


def test_without_https_proxy_there_is_none() -> None:
    assert environment_proxy("api.example", 443, {"HTTP_PROXY": "http://p"}) is None


@given(st.text(), st.text())
def test_any_environment_is_a_proxy_none_or_a_sentence(url: str, exceptions: str) -> None:
    try:
        found = environment_proxy("api.example", 443, {"HTTPS_PROXY": url, "NO_PROXY": exceptions})
    except ConfigError:
        return
    assert found is None or found.host
