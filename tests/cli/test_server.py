from pathlib import Path

import pytest

from kproxy.cli import server as module
from kproxy.cli.server import reached
from kproxy.config.upstream import Tls, Upstream
from kproxy.errors import ConfigError

POD = Upstream(url="https://10.96.0.1", host="10.96.0.1", port=443, tls=Tls(), token_file=Path("/t"), namespace="apps")
TEXT = """
current-context: here
contexts: [{name: here, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: 'https://api.example:6443'}}]
users: [{name: u, user: {token: t}}]
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    file = tmp_path / "config"
    file.write_text(TEXT)
    return file


def test_upstream_alone_has_no_credentials_and_may_have_several_places(kubeconfig: Path) -> None:
    config, server = reached(("https://a", "https://b:1"), None, None, {"KUBECONFIG": str(kubeconfig)})

    assert (config, server.host, server.others, server.injects) == (None, "a", (("b", 1),), False)


def test_upstream_with_a_kubeconfig_moves_its_user(kubeconfig: Path) -> None:
    config, server = reached(("https://a",), kubeconfig, None, {})

    assert config is not None
    assert (server.host, server.token, server.user) == ("a", "t", "u")


def test_without_a_kubeconfig_a_pod_is_its_own(
    kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "in_cluster", lambda _: POD)

    assert reached((), None, None, {"HOME": str(tmp_path)}) == (None, POD)
    assert reached((), None, None, {"KUBECONFIG": str(kubeconfig)})[1].host == "api.example"


def test_without_anything_the_sentence_says_where_was_looked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No kubeconfig is at"):
        reached((), None, None, {"HOME": str(tmp_path)})


def test_https_proxy_counts_where_the_kubeconfig_names_none(kubeconfig: Path) -> None:
    environ = {"HTTPS_PROXY": "http://p:3128"}

    _, server = reached((), kubeconfig, None, environ)
    assert server.proxy is not None
    assert server.proxy.shown == "http://p:3128"
    assert reached(("http://a",), None, None, environ)[1].proxy is None
    kubeconfig.write_text(TEXT.replace("'https://api.example:6443'", "'https://api.example', proxy-url: 'socks5://q'"))
    named = reached((), kubeconfig, None, environ)[1].proxy
    assert named is not None
    assert named.shown == "socks5://q:1080"
