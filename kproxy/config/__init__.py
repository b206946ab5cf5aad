"""Kubeconfigs and what they say about an api-server: who it is, how to trust it, as whom to speak to it."""

from kproxy.config.kubeconfig import Kubeconfig, load_kubeconfig
from kproxy.config.upstream import BearerToken, Tls, Upstream, upstream_from_url
from kproxy.config.written import minimal_kubeconfig, through_proxy

__all__ = [
    "BearerToken",
    "Kubeconfig",
    "Tls",
    "Upstream",
    "load_kubeconfig",
    "minimal_kubeconfig",
    "through_proxy",
    "upstream_from_url",
]
