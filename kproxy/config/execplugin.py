"""Credential plugins of a kubeconfig, sans-I/O: what it says of one, what the plugin is told, what its answer means.

k8s.io/client-go/plugin/pkg/client/auth/exec/exec.go and clientcmd's validation of `exec`.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cryptography import x509

from kproxy.config.entry import Entry, is_field_value
from kproxy.errors import ConfigError, PluginError
from kproxy.model.jsontypes import JSON, JSONObject

VERSIONS = frozenset({"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"})
_MAX_HINT = 1000
"""Characters of an installHint that are shown."""

type Interactive = Literal["Never", "IfAvailable", "Always"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecPlugin:
    """A user's `exec`. `command`: a path, or a name that is looked for on PATH.

    `what`: whose it is; `cluster`: what the plugin is told of the server, None: nothing.
    """

    what: str
    version: str
    command: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    hint: str = ""
    interactive: Interactive = "IfAvailable"
    cluster: JSONObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecCredential:
    """What a plugin gave; `expires`: seconds since 1970, None: it did not say."""

    token: str | None = field(default=None, repr=False)
    certificate: tuple[str, str] | None = field(default=None, repr=False)  # with its key, PEM
    expires: float | None = None


def exec_plugin(user: Entry, cluster: Entry) -> ExecPlugin | None:
    """The plugin of a user; None if it has none. ConfigError where kubectl would refuse it too."""
    body = user.body.get("exec")
    if not body:
        return None
    if not isinstance(body, dict):
        raise ConfigError(f"exec of {user.what} must be a mapping.")
    said = Entry("exec", user.name, body, user.file, f"exec of {user.what}")
    version, command = said.text("apiVersion"), said.text("command")
    if version not in VERSIONS:
        raise ConfigError(f"apiVersion of {said.what} must be one of {', '.join(sorted(VERSIONS))}, not {version!r}.")
    if not command:
        raise ConfigError(f"{said.what} names no command.")
    return ExecPlugin(
        what=user.what,
        version=version,
        command=command,
        args=said.texts("args"),
        env=_environment(body.get("env"), said),
        hint=said.text("installHint")[:_MAX_HINT],
        interactive=_interactive(said, version),
        cluster=_cluster(cluster) if said.flag("provideClusterInfo") else None,
    )


def exec_info(plugin: ExecPlugin, *, interactive: bool) -> str:
    """KUBERNETES_EXEC_INFO: the ExecCredential that a plugin is asked with."""
    spec: JSONObject = {"interactive": interactive}
    if plugin.cluster is not None:
        spec["cluster"] = plugin.cluster
    return json.dumps({"kind": "ExecCredential", "apiVersion": plugin.version, "spec": spec})


def parse_credential(output: bytes, plugin: ExecPlugin) -> ExecCredential:
    """A plugin's answer. ConfigError; the sentence holds nothing of the output."""
    who = f"The credential plugin {plugin.command!r} of {plugin.what}"
    try:
        document = json.loads(output)
    except (ValueError, RecursionError) as error:
        raise PluginError(f"{who} did not answer with JSON.") from error
    status = document.get("status") if isinstance(document, dict) else None
    if not isinstance(status, dict) or document.get("kind") != "ExecCredential":
        raise PluginError(f"{who} did not answer with an ExecCredential that has a status.")
    if document.get("apiVersion") != plugin.version:
        raise PluginError(f"{who} was asked for {plugin.version} and answered with another version.")
    token = _text(status, "token", who)
    certificate, key = _text(status, "clientCertificateData", who), _text(status, "clientKeyData", who)
    if bool(certificate) != bool(key):
        raise PluginError(f"{who} answered with only one of clientCertificateData and clientKeyData.")
    if not token and not certificate:
        raise PluginError(f"{who} answered with neither a token nor a certificate.")
    if not is_field_value(token):
        raise PluginError(f"{who} answered with a token that no header may have.")
    expires = _expiry(status, who)
    if certificate:
        ends = _not_after(certificate, who)
        expires = ends if expires is None else min(expires, ends)
    return ExecCredential(
        token=token or None, certificate=(certificate, key) if certificate and key else None, expires=expires
    )


def _environment(listed: JSON, said: Entry) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for item in listed if isinstance(listed, list) else []:
        name, value = (item.get("name"), item.get("value", "")) if isinstance(item, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(value, str) or not name or "=" in name or "\0" in name + value:
            raise ConfigError(f"env of {said.what} has an entry that is not a name and a value.")
        found.append((name, value))
    return tuple(found)


def _interactive(said: Entry, version: str) -> Interactive:
    mode = said.text("interactiveMode")
    if not mode and version.endswith("/v1"):
        raise ConfigError(f"{said.what} must say its interactiveMode: Never, IfAvailable or Always.")
    if mode in {"", "IfAvailable"}:
        return "IfAvailable"
    if mode == "Never":
        return "Never"
    if mode == "Always":
        return "Always"
    raise ConfigError(f"interactiveMode of {said.what} must be Never, IfAvailable or Always, not {mode!r}.")


def _cluster(cluster: Entry) -> JSONObject:
    """client-go's clientauthentication.Cluster: where and how the server is reached, and the plugin's own settings."""
    told: JSONObject = {"server": cluster.text("server")}
    for name in ("tls-server-name", "proxy-url", "certificate-authority-data"):
        if value := cluster.text(name):
            told[name] = value
    if cluster.flag("insecure-skip-tls-verify"):
        told["insecure-skip-tls-verify"] = True
    if "certificate-authority-data" not in told and (data := cluster.data("certificate-authority")):
        told["certificate-authority-data"] = data
    extensions = cluster.body.get("extensions")
    for each in extensions if isinstance(extensions, list) else []:
        if isinstance(each, dict) and each.get("name") == "client.authentication.k8s.io/exec":
            told["config"] = each.get("extension")
    return told


def _text(status: JSONObject, name: str, who: str) -> str:
    value = status.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PluginError(f"{who} answered with a {name} that is no text.")
    return value


def _expiry(status: JSONObject, who: str) -> float | None:
    value = _text(status, "expirationTimestamp", who)
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise PluginError(f"{who} answered with an expirationTimestamp that is no time.") from error
    if at.tzinfo is None:
        raise PluginError(f"{who} answered with an expirationTimestamp that is no time.")
    return at.timestamp()


def _not_after(pem: str, who: str) -> float:
    try:
        return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc.timestamp()
    except ValueError as error:
        raise PluginError(f"{who} answered with a clientCertificateData that is no certificate.") from error
