from pathlib import Path

import pytest

from kproxy.config.incluster import in_cluster
from kproxy.config.upstream import BearerToken
from kproxy.errors import ConfigError

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def account(folder: Path, **files: str) -> Path:
    for name, text in {"token": "one", "ca.crt": "CA", "namespace": "apps\n", **files}.items():
        (folder / name).write_text(text)
    return folder


def test_a_pod_finds_its_api_server_and_its_token_is_read_again(tmp_path: Path) -> None:
    upstream = in_cluster(POD, account(tmp_path))

    assert upstream is not None
    assert (upstream.host, upstream.port, upstream.namespace, upstream.injects) == ("10.96.0.1", 443, "apps", True)
    assert upstream.tls is not None
    assert upstream.tls.ca_pem == "CA"
    now = 0.0
    bearer = BearerToken(upstream, lambda: now)
    assert bearer.authorization() == "Bearer one"
    (tmp_path / "token").write_text("two")
    now = 60.0
    assert bearer.authorization() == "Bearer two"


def test_an_address_of_version_6_is_put_into_brackets(tmp_path: Path) -> None:
    upstream = in_cluster({**POD, "KUBERNETES_SERVICE_HOST": "fd00::1"}, account(tmp_path))

    assert upstream is not None
    assert (upstream.host, upstream.url) == ("fd00::1", "https://[fd00::1]:443")


@pytest.mark.parametrize("environ", [{}, {"KUBERNETES_SERVICE_HOST": "h"}, {"KUBERNETES_SERVICE_PORT": "1"}])
def test_elsewhere_there_is_none(environ: dict[str, str], tmp_path: Path) -> None:
    assert in_cluster(environ, account(tmp_path)) is None
    assert in_cluster(POD, tmp_path / "none") is None


def test_an_account_without_its_ca_is_said(tmp_path: Path) -> None:
    account(tmp_path)
    (tmp_path / "ca.crt").unlink()

    with pytest.raises(ConfigError, match=r"ca\.crt cannot be read"):
        in_cluster(POD, tmp_path)
