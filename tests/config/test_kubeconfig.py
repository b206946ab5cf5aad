import os
from base64 import b64encode
from pathlib import Path

import pytest
import yaml

from kproxy.config.kubeconfig import load_kubeconfig, parse_kubeconfig
from kproxy.errors import ConfigError
from kproxy.model.jsontypes import JSONObject


def config(
    *, name: str = "one", cluster: JSONObject | None = None, user: JSONObject | None = None, current: str | None = None
) -> str:
    """A kubeconfig with one context, cluster and user of this name."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": current if current is not None else name,
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "apps"}}],
            "clusters": [{"name": name, "cluster": {"server": f"https://{name}:6443"} | (cluster or {})}],
            "users": [{"name": name, "user": user or {}}],
        }
    )


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_an_explicit_file_alone_counts(tmp_path: Path) -> None:
    explicit = write(tmp_path / "explicit", config(name="explicit"))
    other = write(tmp_path / "other", config(name="other"))

    loaded = load_kubeconfig(explicit, {"KUBECONFIG": str(other)})

    assert list(loaded.contexts) == ["explicit"]


def test_of_a_list_the_first_file_wins_for_each_entry_and_missing_files_are_skipped(tmp_path: Path) -> None:
    first = write(tmp_path / "a", config(name="shared", cluster={"server": "https://first"}))
    second = write(tmp_path / "b", config(name="shared", cluster={"server": "https://second"}, current="second"))
    third = write(tmp_path / "c", config(name="third"))
    listed = os.pathsep.join([str(tmp_path / "missing"), str(first), "", str(second), str(third)])

    loaded = load_kubeconfig(environ={"KUBECONFIG": listed})

    assert loaded.current_context == "shared"
    assert loaded.upstream().url == "https://first"
    assert loaded.upstream("third").url == "https://third:6443"


def test_without_kubeconfig_it_is_the_one_at_home(tmp_path: Path) -> None:
    write(tmp_path / ".kube" / "config", config())

    assert load_kubeconfig(environ={"HOME": str(tmp_path)}).current_context == "one"


def test_relative_paths_start_at_the_file_that_has_them(tmp_path: Path) -> None:
    write(tmp_path / "one" / "ca.pem", "CA of one")
    write(tmp_path / "one" / "config", config(cluster={"certificate-authority": "ca.pem"}, user={"tokenFile": "../t"}))

    upstream = load_kubeconfig(tmp_path / "one" / "config").upstream()

    assert upstream.tls is not None
    assert upstream.tls.ca_pem == "CA of one"
    assert upstream.token_file == tmp_path / "t"


def test_an_upstream_has_all_that_its_context_says() -> None:
    data = b64encode(b"PEM").decode()
    text = config(
        cluster={"certificate-authority-data": data, "tls-server-name": "kubernetes", "server": "https://h/k8s/c-1/"},
        user={"client-certificate-data": data, "client-key-data": data, "token": "t", "as": "ada", "as-groups": ["g"]},
    )

    upstream = parse_kubeconfig(text, Path("/x/config")).upstream()

    assert (upstream.host, upstream.port, upstream.path_prefix) == ("h", 443, "/k8s/c-1")
    assert (upstream.context, upstream.cluster, upstream.user, upstream.namespace) == ("one", "one", "one", "apps")
    assert upstream.token == "t"
    assert upstream.impersonate == (("Impersonate-User", "ada"), ("Impersonate-Group", "g"))
    assert upstream.tls is not None
    assert (upstream.tls.ca_pem, upstream.tls.client_cert_pem, upstream.tls.client_key_pem) == ("PEM", "PEM", "PEM")
    assert upstream.tls.server_name == "kubernetes"
    assert upstream.injects


def test_data_wins_over_a_file_as_in_kubectl() -> None:
    cluster: JSONObject = {"certificate-authority-data": b64encode(b"D").decode(), "certificate-authority": "/nowhere"}

    upstream = parse_kubeconfig(config(cluster=cluster), Path("/x")).upstream()

    assert upstream.tls is not None
    assert upstream.tls.ca_pem == "D"


def test_secrets_are_not_in_an_upstreams_repr() -> None:
    upstream = parse_kubeconfig(config(user={"token": "s3cret", "username": "u", "password": "hush"}), Path("/x"))

    assert "s3cret" not in repr(upstream.upstream())
    assert "hush" not in repr(upstream.upstream())


@pytest.mark.parametrize(
    ("cluster", "user", "sentence"),
    [
        ({"proxy-url": "https://x"}, {}, 'proxy-url of cluster "one" in /x/config is a proxy behind TLS'),
        ({"proxy-url": "http://x", "server": "http://h"}, {}, "tunnels to https servers only"),
        ({}, {"exec": {"command": "aws"}}, 'apiVersion of exec of user "one" in /x/config'),
        ({}, {"auth-provider": {"name": "gcp"}}, 'user "one" in /x/config has auth-provider'),
        ({}, {"as-user-extra": ["v"]}, 'as-user-extra of user "one" in /x/config must be'),
        ({}, {"as-user-extra": {"k": "v"}}, 'k of as-user-extra of user "one" in /x/config must be'),
        ({"server": "ftp://x"}, {}, 'server of cluster "one" in /x/config'),
        ({"server": "https://x:99999"}, {}, 'server of cluster "one" in /x/config'),
        ({"server": "https://x\r\nEvil: 1"}, {}, 'server of cluster "one" in /x/config'),
        ({"server": ["x"]}, {}, "must be a string"),
        ({"insecure-skip-tls-verify": "yes"}, {}, "must be true or false"),
        ({"insecure-skip-tls-verify": True, "certificate-authority-data": "UA=="}, {}, "has both"),
        ({"tls-server-name": "k\u00fcbernetes"}, {}, "no host name"),
        ({"certificate-authority-data": "%%%"}, {}, "no base64"),
        ({"certificate-authority": "/nowhere/ca"}, {}, "cannot be read"),
        ({}, {"client-certificate-data": "UA=="}, "both client-certificate and client-key"),
        ({}, {"token": "a\r\nEvil: 1"}, "characters that no header may have"),
        ({}, {"as": "a\nb"}, "characters that no header may have"),
    ],
)
def test_what_kproxy_cannot_use_is_said_in_one_sentence_that_names_the_entry(
    cluster: JSONObject, user: JSONObject, sentence: str
) -> None:
    loaded = parse_kubeconfig(config(cluster=cluster, user=user), Path("/x/config"))

    with pytest.raises(ConfigError, match=sentence) as raised:
        loaded.upstream()
    assert "\n" not in str(raised.value)


def test_an_unknown_context_is_named_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r'no context "two" in /x \(there are: one\)'):
        parse_kubeconfig(config(), Path("/x")).upstream("two")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "contexts: {}",
        "contexts: [x]",
        "users: [{name: 1}]",
        "clusters: [{name: a, cluster: 3}]",
        "kind: Pod",
        "kind: {a: b}",
    ],
)
def test_a_file_that_is_no_kubeconfig_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="/x/config"):
        parse_kubeconfig(text, Path("/x/config"))


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_kubeconfig(tmp_path / "missing")
    with pytest.raises(ConfigError, match="No kubeconfig"):
        load_kubeconfig(environ={"HOME": str(tmp_path)})


def test_a_cluster_that_no_file_has_is_named() -> None:
    text = yaml.safe_dump({"contexts": [{"name": "c", "context": {"cluster": "gone", "user": "u"}}]})

    with pytest.raises(ConfigError, match='names cluster "gone"'):
        parse_kubeconfig(text, Path("/x")).upstream("c")
