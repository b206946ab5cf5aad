"""Which api-server is meant: by --upstream, by a kubeconfig, or by the pod that this is."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kproxy.config.incluster import in_cluster
from kproxy.config.kubeconfig import Kubeconfig, kubeconfig_files, load_kubeconfig
from kproxy.config.outway import environment_proxy
from kproxy.config.upstream import Upstream, at_places


def reached(
    upstream: tuple[str, ...], kubeconfig: Path | None, context: str | None, environ: Mapping[str, str]
) -> tuple[Kubeconfig | None, Upstream]:
    """The kubeconfig that leads there, None without one, and the api-server with its user. ConfigError."""
    if upstream and kubeconfig is None and context is None:
        return None, _proxied(at_places(None, upstream), environ)
    config, server = _own(kubeconfig, context, environ)
    return config, _proxied(at_places(server, upstream) if upstream else server, environ)


def _own(
    kubeconfig: Path | None, context: str | None, environ: Mapping[str, str]
) -> tuple[Kubeconfig | None, Upstream]:
    if kubeconfig is None and not any(file.exists() for file in kubeconfig_files(None, environ)):
        server = in_cluster(environ)
        if server is not None:
            return None, server
    config = load_kubeconfig(kubeconfig, environ)
    return config, config.upstream(context)


def _proxied(server: Upstream, environ: Mapping[str, str]) -> Upstream:
    """As Go's programs: HTTPS_PROXY counts where the kubeconfig names no proxy."""
    if server.proxy is not None or server.tls is None:
        return server
    return replace(server, proxy=environment_proxy(server.host, server.port, environ))
