"""The api-server as a pod finds it, where there is no kubeconfig (k8s.io/client-go/rest, InClusterConfig)."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kproxy.config.entry import read_bounded
from kproxy.config.upstream import Tls, Upstream, upstream_at
from kproxy.errors import ConfigError

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def in_cluster(environ: Mapping[str, str] = os.environ, folder: Path = _ACCOUNT) -> Upstream | None:
    """The cluster that this process is a pod of, with its service account's token, which is read again when rotated.

    None if it is no pod. ConfigError if it is one whose account cannot be used.
    """
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    token = folder / "token"
    if not host or not port or not token.exists():
        return None
    try:
        ca_pem = read_bounded(folder / "ca.crt").decode("ascii")
    except (OSError, ValueError) as error:
        raise ConfigError(f"The service account's {folder / 'ca.crt'} cannot be read: {error}.") from error
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    place = upstream_at(url, what="KUBERNETES_SERVICE_HOST and _PORT", tls=Tls(ca_pem=ca_pem))
    return replace(place, token_file=token, user="the pod's service account", namespace=_namespace(folder))


def _namespace(folder: Path) -> str:
    try:
        return read_bounded(folder / "namespace").decode("ascii").strip() or "default"
    except (OSError, ValueError):
        return "default"
