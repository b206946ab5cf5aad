from pathlib import Path

import pytest

from kproxy.cli.identity_options import identity_settings
from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.errors import UsageError
from kproxy.model.exchange import IdentityMode

NOBODY = upstream_from_url("https://h")
ADA = Upstream(url="https://h", host="h", port=443, token="t", context="c")


def test_with_credentials_everyone_is_their_user_without_them_clients_are_themselves() -> None:
    assert identity_settings(None, ADA, None, (None, None), has_tls=True).mode is IdentityMode.ONE
    assert identity_settings(None, NOBODY, None, (None, None), has_tls=True).mode is IdentityMode.PASS


def test_what_a_mode_needs_is_taken(tmp_path: Path) -> None:
    ca, cert, key = (tmp_path / name for name in ("ca", "cert", "key"))
    ca.write_text("CA")

    found = identity_settings("front-proxy", ADA, ca, (cert, key), has_tls=True)

    assert (found.mode, found.client_ca_pem, found.proxy_client) == (IdentityMode.FRONT_PROXY, "CA", (cert, key))


@pytest.mark.parametrize(
    ("asked", "server", "client_ca", "proxy_client", "tls", "sentence"),
    [
        ("one", NOBODY, None, (None, None), True, "needs credentials"),
        ("impersonate", NOBODY, None, (None, None), True, "needs credentials"),
        ("pass", ADA, "ca", (None, None), True, "--client-ca is for"),
        (None, ADA, "ca", (None, None), True, "--client-ca is for"),
        ("impersonate", ADA, "ca", (None, None), False, "needs a listener with TLS"),
        ("impersonate", ADA, "ca", (None, None), True, "ca cannot be read"),
        ("front-proxy", ADA, None, (None, None), True, "needs --proxy-client-cert"),
        ("front-proxy", ADA, None, ("cert", None), True, "needs --proxy-client-cert"),
        ("impersonate", ADA, None, ("cert", "key"), True, "are for --identity front-proxy"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(  # noqa: PLR0913, PLR0917 - a table's columns
    asked: str | None,
    server: Upstream,
    client_ca: str | None,
    proxy_client: tuple[str | None, str | None],
    tls: bool,
    sentence: str,
    tmp_path: Path,
) -> None:
    files = [tmp_path / name if name else None for name in (client_ca, *proxy_client)]

    with pytest.raises(UsageError, match=sentence):
        identity_settings(asked, server, files[0], (files[1], files[2]), has_tls=tls)
