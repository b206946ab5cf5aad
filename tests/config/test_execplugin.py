import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.config.execplugin import ExecPlugin, exec_info, parse_credential
from kproxy.config.kubeconfig import parse_kubeconfig
from kproxy.errors import ConfigError
from kproxy.model.jsontypes import JSON, JSONObject
from tests.support.authority import Authority

V1 = "client.authentication.k8s.io/v1"
PLUGIN = ExecPlugin(what='user "u" in /x', version=V1, command="helper", interactive="Never")


def plugin_of(body: JSONObject, cluster: JSONObject | None = None) -> ExecPlugin | None:
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://h", **(cluster or {})}}],
        "users": [{"name": "u", "user": {"exec": body}}],
    }
    return parse_kubeconfig(json.dumps(document), Path("/home/ada/.kube/config")).upstream().plugin


def answer(*, version: str = V1, kind: str = "ExecCredential", **status: JSON) -> bytes:
    return json.dumps({"kind": kind, "apiVersion": version, "status": status}).encode()


def test_a_plugin_is_read_as_kubectl_reads_it() -> None:
    body: JSONObject = {
        "apiVersion": V1,
        "command": "bin/helper",
        "args": ["get-token", "--x"],
        "env": [{"name": "A", "value": "1"}],
        "installHint": "install it",
        "interactiveMode": "IfAvailable",
        "provideClusterInfo": True,
    }
    extension: JSON = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}

    plugin = plugin_of(body, {"certificate-authority-data": "Q0E=", "extensions": [extension]})

    assert plugin == ExecPlugin(
        what='user "u" in /home/ada/.kube/config',
        version=V1,
        command="/home/ada/.kube/bin/helper",
        args=("get-token", "--x"),
        env=(("A", "1"),),
        hint="install it",
        interactive="IfAvailable",
        cluster={"server": "https://h", "certificate-authority-data": "Q0E=", "config": {"audience": "x"}},
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"command": "x"}, "apiVersion of exec of user"),
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1", "command": "x"}, "not 'client"),
        ({"apiVersion": V1}, "names no command"),
        ({"apiVersion": V1, "command": "x"}, "must say its interactiveMode"),
        ({"apiVersion": V1, "command": "x", "interactiveMode": "maybe"}, "Never, IfAvailable or Always"),
        ({"apiVersion": V1, "command": "x", "interactiveMode": "Never", "env": [{"value": "1"}]}, "env of"),
        ({"apiVersion": V1, "command": "x", "interactiveMode": "Never", "args": "x"}, "list of strings"),
    ],
)
def test_what_kubectl_refuses_is_refused(body: JSONObject, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        plugin_of(body)


def test_the_beta_version_needs_no_interactive_mode() -> None:
    plugin = plugin_of({"apiVersion": V1 + "beta1", "command": "helper"})

    assert plugin is not None
    assert (plugin.interactive, plugin.command) == ("IfAvailable", "helper")


def test_a_plugin_is_told_the_version_and_whether_it_may_ask() -> None:
    assert json.loads(exec_info(PLUGIN, interactive=True)) == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {"interactive": True},
    }


def test_a_token_and_its_time_are_taken() -> None:
    given = parse_credential(answer(token="t", expirationTimestamp="2026-11-25T12:00:00Z"), PLUGIN)

    assert (given.token, given.certificate, given.expires) == ("t", None, 1795608000.0)
    assert "'t'" not in repr(given)


def test_a_certificates_own_end_counts_if_it_is_sooner() -> None:
    issued = Authority().client("ada")

    given = parse_credential(
        answer(
            clientCertificateData=issued.certificate,
            clientKeyData=issued.key,
            expirationTimestamp="2999-01-01T00:00:00+01:00",
        ),
        PLUGIN,
    )

    assert given.certificate == (issued.certificate, issued.key)
    assert given.expires is not None
    assert given.expires < 2_000_000_000


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (b"s3cret", "did not answer with JSON"),
        (b"[]", "ExecCredential that has a status"),
        (answer(kind="Pod", token="s3cret"), "ExecCredential that has a status"),
        (answer(version=V1 + "beta1", token="s3cret"), "another version"),
        (answer(), "neither a token nor a certificate"),
        (answer(token="s3cret\r\nX: 1"), "no header may have"),
        (answer(token=1), "no text"),
        (answer(token="s3cret", clientKeyData="K"), "only one of"),
        (answer(token="s3cret", expirationTimestamp="soon"), "no time"),
        (answer(token="s3cret", expirationTimestamp="2026-01-01T00:00:00"), "no time"),
        (answer(clientKeyData="s3cret", clientCertificateData="C"), "no certificate"),
    ],
)
def test_an_answer_that_is_none_is_said_without_repeating_it(output: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as raised:
        parse_credential(output, PLUGIN)
    assert "'helper' of user \"u\"" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@given(st.binary())
def test_any_output_is_a_credential_or_a_sentence(output: bytes) -> None:
    with suppress(ConfigError):
        assert parse_credential(output, PLUGIN).token != ""
