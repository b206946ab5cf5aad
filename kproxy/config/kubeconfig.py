"""A kubeconfig, found, merged and read as kubectl does it (k8s.io/client-go/tools/clientcmd, loader.go)."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kproxy.config.bounded_yaml import load_yaml
from kproxy.config.entry import Entry, is_field_value, read_bounded
from kproxy.config.execplugin import exec_plugin
from kproxy.config.impersonation import impersonation
from kproxy.config.outway import parse_proxy
from kproxy.config.upstream import Tls, Upstream, upstream_at
from kproxy.errors import ConfigError
from kproxy.model.jsontypes import JSONObject

PATHS = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
    "context": (),
}
"""Fields that hold a path, which is relative to the file it stands in."""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """A merged kubeconfig: of entries with the same name the first file's one counts."""

    files: tuple[Path, ...]
    current_context: str
    contexts: dict[str, Entry]
    clusters: dict[str, Entry]
    users: dict[str, Entry]

    def context(self, name: str | None) -> Entry:
        """The context of this name, or the current one."""
        wanted = name or self.current_context
        where = ", ".join(str(file) for file in self.files)
        if not wanted:
            raise ConfigError(f"No context is named and {where} sets no current-context.")
        if wanted not in self.contexts:
            known = ", ".join(sorted(self.contexts)[:10]) or "none"
            raise ConfigError(f'There is no context "{wanted}" in {where} (there are: {known}).')
        return self.contexts[wanted]

    def upstream(self, context: str | None = None) -> Upstream:
        """The api-server and the user that a context names. ConfigError, one sentence, where kproxy cannot use it."""
        chosen = self.context(context)
        cluster = self._of(self.clusters, chosen, "cluster")
        user = self._of(self.users, chosen, "user") if chosen.text("user") else Entry("user", "", {}, chosen.file)
        _refuse(user, "auth-provider", "Kubernetes has removed auth providers")
        place = upstream_at(cluster.text("server"), what=f"server of {cluster.what}", tls=_tls(cluster, user))
        token_file = user.text("tokenFile")
        proxy = cluster.text("proxy-url")
        if proxy and place.tls is None:
            _refuse(cluster, "proxy-url", "it tunnels to https servers only")
        return replace(
            place,
            token=_credential(user, "token"),
            token_file=Path(token_file) if token_file else None,
            username=_credential(user, "username"),
            password=_credential(user, "password"),
            plugin=exec_plugin(user, cluster),
            impersonate=impersonation(user),
            context=chosen.name,
            cluster=cluster.name,
            user=user.name,
            proxy=parse_proxy(proxy, f"proxy-url of {cluster.what}") if proxy else None,
            namespace=chosen.text("namespace") or "default",
        )

    def _of(self, among: dict[str, Entry], context: Entry, field: str) -> Entry:
        name = context.text(field)
        if name not in among:
            raise ConfigError(f'{context.what} names {field} "{name}", which is in none of the files.')
        return among[name]


def load_kubeconfig(explicit: Path | None = None, environ: Mapping[str, str] = os.environ) -> Kubeconfig:
    """The kubeconfig that kubectl would use: `explicit` alone, or the files of $KUBECONFIG, or ~/.kube/config.

    Files of $KUBECONFIG that do not exist are skipped. ConfigError if nothing is there or a file cannot be used.
    """
    files = kubeconfig_files(explicit, environ)
    found = [file.absolute() for file in files if explicit is not None or file.exists()]
    if not found:
        raise ConfigError(f"No kubeconfig is at {', '.join(str(file) for file in files)}; give --kubeconfig FILE.")
    return merge((file, _read(file)) for file in found)


def kubeconfig_files(explicit: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where a kubeconfig is looked for."""
    return (explicit,) if explicit is not None else _default_files(environ)


def parse_kubeconfig(text: str, file: Path) -> Kubeconfig:
    """A kubeconfig from its text; `file` is where its relative paths start and what its errors name."""
    return merge([(file, _document(text.encode(), file))])


def merge(documents: Iterable[tuple[Path, JSONObject]]) -> Kubeconfig:
    """One kubeconfig of many, the first one wins per named entry and for current-context."""
    files: list[Path] = []
    current = ""
    entries: dict[str, dict[str, Entry]] = {"context": {}, "cluster": {}, "user": {}}
    for file, document in documents:
        files.append(file)
        stated = document.get("current-context")
        if not current and isinstance(stated, str):
            current = stated
        for kind, known in entries.items():
            for entry in _entries(file, document, kind):
                known.setdefault(entry.name, entry)
    return Kubeconfig(tuple(files), current, entries["context"], entries["cluster"], entries["user"])


def _default_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    listed = [Path(part) for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    if listed:
        return tuple(dict.fromkeys(listed))
    home = environ.get("HOME")
    return ((Path(home) if home else Path.home()) / ".kube" / "config",)


def _read(file: Path) -> JSONObject:
    try:
        raw = read_bounded(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(f"The kubeconfig {file} cannot be read: {reason}.") from error
    return _document(raw, file)


def _document(raw: bytes, file: Path) -> JSONObject:
    document = load_yaml(raw, f"The kubeconfig {file}")
    if document is None:
        return {}  # kubectl takes an empty file for an empty configuration
    if not isinstance(document, dict):
        raise ConfigError(f"The kubeconfig {file} is not a mapping.")
    kind = document.get("kind", "Config")
    if kind and kind != "Config":
        raise ConfigError(f"The file {file} is no kubeconfig: its kind is {kind!r}.")
    return document


def _entries(file: Path, document: JSONObject, kind: str) -> Iterable[Entry]:
    listed = document.get(f"{kind}s")
    if listed is None:
        return
    if not isinstance(listed, list):
        raise ConfigError(f"{kind}s in {file} must be a list.")
    for item in listed:
        name = item.get("name") if isinstance(item, dict) else None
        body = (item.get(kind) or {}) if isinstance(item, dict) else None
        if not isinstance(name, str) or not isinstance(body, dict):
            raise ConfigError(f"{kind}s in {file} has an entry that is not a name and a {kind}.")
        yield Entry(kind, name, _absolute(body, PATHS[kind], file.parent), file)


def _absolute(body: JSONObject, fields: tuple[str, ...], folder: Path) -> JSONObject:
    paths: JSONObject = {
        field: os.path.normpath(folder / value)
        for field in fields
        if isinstance(value := body.get(field), str) and value
    }
    plugin = body.get("exec")
    if isinstance(plugin, dict) and isinstance(command := plugin.get("command"), str) and "/" in command:
        paths["exec"] = {**plugin, "command": os.path.normpath(folder / command)}
    return {**body, **paths}


def _refuse(entry: Entry, field: str, reason: str) -> None:
    if entry.body.get(field):
        raise ConfigError(f"{entry.what} has {field}, which kproxy cannot use: {reason}.")


def _tls(cluster: Entry, user: Entry) -> Tls:
    ca_pem = cluster.pem("certificate-authority")
    insecure = cluster.flag("insecure-skip-tls-verify")
    if insecure and ca_pem is not None:
        raise ConfigError(f"{cluster.what} has both a certificate-authority and insecure-skip-tls-verify.")
    server_name = cluster.text("tls-server-name")
    if not is_field_value(server_name):
        raise ConfigError(f"tls-server-name of {cluster.what} is no host name.")
    certificate, key = user.pem("client-certificate"), user.pem("client-key")
    if (certificate is None) != (key is None):
        raise ConfigError(f"{user.what} must have both client-certificate and client-key, or neither.")
    return Tls(
        ca_pem=ca_pem,
        client_cert_pem=certificate,
        client_key_pem=key,
        client_cert_file=_file(user, "client-certificate"),
        client_key_file=_file(user, "client-key"),
        server_name=server_name,
        insecure=insecure,
    )


def _file(user: Entry, field: str) -> Path | None:
    """Where it was read from, and may be read again; None where it stands in the kubeconfig itself."""
    path = user.text(field)
    return Path(path) if path and not user.text(f"{field}-data") else None


def _credential(user: Entry, field: str) -> str | None:
    value = user.text(field)
    if not value:
        return None
    if field == "token" and not is_field_value(value):
        raise ConfigError(f"{field} of {user.what} holds characters that no header may have.")
    return value
