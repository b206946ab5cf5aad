from pathlib import Path

import pytest

from kproxy.config.upstream import TOKEN_FILE_AGE, BearerToken, Tls, Upstream, at_places, upstream_at, upstream_from_url
from kproxy.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "host", "port", "host_header"),
    [
        ("http://127.0.0.1:8001", "127.0.0.1", 8001, "127.0.0.1:8001"),
        ("https://api.example", "api.example", 443, "api.example"),
        ("https://api.example:443", "api.example", 443, "api.example:443"),
        ("http://[::1]:80", "::1", 80, "[::1]:80"),
        ("localhost:8080", "localhost", 8080, "localhost:8080"),
    ],
)
def test_a_url_says_where_the_server_is(url: str, host: str, port: int, host_header: str) -> None:
    upstream = upstream_from_url(url)

    assert (upstream.host, upstream.port, upstream.host_header) == (host, port, host_header)
    assert not upstream.injects


@pytest.mark.parametrize(
    "url", ["", "https://", "ftp://x", "https://u:p@x", "https://x/?q", "http://x:y", "http://a b"]
)
def test_a_url_that_is_none_of_an_api_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        upstream_from_url(url)


def test_a_token_file_is_read_again_when_it_is_old(tmp_path: Path) -> None:
    file, now = tmp_path / "token", [0.0]
    file.write_text("first\n")
    bearer = BearerToken(Upstream(url="https://x", host="x", port=443, token_file=file), lambda: now[0])

    assert bearer.authorization() == "Bearer first"
    file.write_text("second\n")
    assert bearer.authorization() == "Bearer first"
    now[0] = TOKEN_FILE_AGE
    assert bearer.authorization() == "Bearer second"
    file.unlink()
    now[0] = 2 * TOKEN_FILE_AGE
    assert bearer.authorization() == "Bearer second"


@pytest.mark.parametrize("content", ["", "a\nb", "x" * 70_000, "t\u00e9"])
def test_a_token_file_without_a_token_is_an_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)

    with pytest.raises(ConfigError, match="token file"):
        BearerToken(Upstream(url="https://x", host="x", port=443, token_file=file)).authorization()


def test_name_and_password_are_basic_authentication() -> None:
    upstream = Upstream(url="https://x", host="x", port=443, username="ada", password="pw")

    assert BearerToken(upstream).authorization() == "Basic YWRhOnB3"


def test_without_credentials_only_the_place_and_its_trust_are_left() -> None:
    tls = Tls(ca_pem="CA", client_cert_pem="C", client_key_pem="K", server_name="n")
    whole = Upstream(
        url="https://h:1/p",
        host="h",
        port=1,
        path_prefix="/p",
        tls=tls,
        token="t",
        token_file=Path("/f"),
        username="u",
        password="p",
        impersonate=(("Impersonate-User", "x"),),
        context="c",
        user="ada",
    )

    bare = whole.without_credentials()

    assert whole.injects
    assert not bare.injects
    assert bare.tls == Tls(ca_pem="CA", server_name="n")
    assert (bare.token, bare.token_file, bare.username, bare.password, bare.impersonate) == (None, None, None, None, ())
    assert (bare.url, bare.path_prefix, bare.context) == ("https://h:1/p", "/p", "c")


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secretpw@host",
        "https://user:secret/pw@host:6443",
        "http://user:secret?pw@host",
        "http://host?token=secret",
        "https://host/#secret",
        "http://host:80?a@secret",
        "http://ho st?secret",
    ],
)
def test_a_url_that_is_refused_is_named_without_what_may_be_secret(url: str) -> None:
    for upstream in (upstream_from_url, lambda url: at_places(None, [url])):
        with pytest.raises(ConfigError) as refused:
            upstream(url)
        assert "secret" not in str(refused.value)
    with pytest.raises(ConfigError) as refused:
        upstream_at(url, what="the server of a cluster", tls=Tls())
    assert "secret" not in str(refused.value)
