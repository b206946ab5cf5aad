"""Kubeconfigs that kproxy writes: one that leads a command through it, one for a server of its own."""

from base64 import b64encode

import yaml

from kproxy.config.entry import Entry
from kproxy.config.kubeconfig import Kubeconfig
from kproxy.model.jsontypes import JSON, JSONObject


def through_proxy(  # noqa: PLR0913 - what leads there, in the order of a kubeconfig
    config: Kubeconfig,
    context: str | None,
    server_url: str,
    ca_pem: str | None,
    token: str | None,
    *,
    via: str | None = None,
    server_name: str = "",
) -> str:
    """The YAML of `config` with one context, made the current one, going through kproxy, and all others as they were.

    The context gets a cluster of its own, and a user of its own with `token` ("": with nothing); where `token` is None
    its user stays, whose credentials are to count. `via`: the proxy-url; `server_name`: what the server's certificate
    has to be for, where that is not its host. Others may share what it had. Paths are absolute, so that the text
    can live anywhere. It holds secrets: whoever writes it uses mode 0600.
    """
    chosen = config.context(context)
    cluster = _fresh(f"kproxy-{chosen.text('cluster')}", config.clusters)
    user = chosen.text("user") if token is None else _fresh(f"kproxy-{chosen.name}", config.users)
    led: JSONObject = {**chosen.body, "cluster": cluster, "user": user}
    contexts = [_item(entry, led if entry.name == chosen.name else entry.body) for entry in config.contexts.values()]
    clusters = [_item(entry, entry.body) for entry in config.clusters.values()]
    users = [_item(entry, entry.body) for entry in config.users.values()]
    clusters.append({"name": cluster, "cluster": _cluster(server_url, ca_pem, via, server_name)})
    if token is not None:
        users.append({"name": user, "user": {"token": token} if token else {}})
    return _text(chosen.name, contexts, clusters, users)


def minimal_kubeconfig(  # noqa: PLR0913 - the parts of a kubeconfig, all named
    *,
    server: str,
    ca_pem: str | None = None,
    token: str | None = None,
    client_cert_pem: str | None = None,
    client_key_pem: str | None = None,
    namespace: str | None = None,
    name: str = "kproxy",
    via: str | None = None,
) -> str:
    """The YAML of a kubeconfig with one context, cluster and user, all called `name`."""
    return kubeconfig_of_users(
        server=server,
        ca_pem=ca_pem,
        users={name: user_entry(token=token, client_cert_pem=client_cert_pem, client_key_pem=client_key_pem)},
        namespace=namespace,
        cluster=name,
        via=via,
    )


def kubeconfig_of_users(  # noqa: PLR0913 - the same
    *,
    server: str,
    ca_pem: str | None,
    users: dict[str, JSONObject],
    namespace: str | None = None,
    cluster: str = "kproxy",
    via: str | None = None,
) -> str:
    """The YAML of a kubeconfig for one server with a context per user, called as the user; the first is current."""
    body: JSONObject = {"namespace": namespace} if namespace else {}
    contexts: list[JSON] = [{"name": user, "context": {"cluster": cluster, "user": user, **body}} for user in users]
    entries: list[JSON] = [{"name": user, "user": entry} for user, entry in users.items()]
    return _text(
        next(iter(users), ""), contexts, [{"name": cluster, "cluster": _cluster(server, ca_pem, via)}], entries
    )


def user_entry(
    *, token: str | None = None, client_cert_pem: str | None = None, client_key_pem: str | None = None
) -> JSONObject:
    """The user part of a kubeconfig."""
    entry: JSONObject = {}
    if token:
        entry["token"] = token
    if client_cert_pem and client_key_pem:
        entry["client-certificate-data"] = _data(client_cert_pem)
        entry["client-key-data"] = _data(client_key_pem)
    return entry


def _cluster(server: str, ca_pem: str | None, via: str | None = None, server_name: str = "") -> JSONObject:
    cluster: JSONObject = {"server": server}
    if via:
        cluster["proxy-url"] = via
    if server_name:
        cluster["tls-server-name"] = server_name
    if ca_pem:
        cluster["certificate-authority-data"] = _data(ca_pem)
    return cluster


def _data(pem: str) -> str:
    return b64encode(pem.encode("ascii")).decode("ascii")


def _item(entry: Entry, body: JSONObject) -> JSON:
    return {"name": entry.name, entry.kind: body}


def _fresh(name: str, taken: dict[str, Entry]) -> str:
    while name in taken:
        name += "-"
    return name


def _text(current: str, contexts: list[JSON], clusters: list[JSON], users: list[JSON]) -> str:
    document: JSONObject = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "contexts": contexts,
        "clusters": clusters,
        "users": users,
    }
    return yaml.safe_dump(document, sort_keys=False)
