"""How long exchanges lasted, and how long a watch may."""

from kproxy.model.exchange import Exchange
from kproxy.renaming.target import parameter

SERVERS_OWN = 1800
"""Seconds that a watch may live at least without timeoutSeconds (kube-apiserver's --min-request-timeout)."""


def seconds_of(exchange: Exchange) -> float:
    """How long it had lasted."""
    return ((exchange.ended or exchange.started) - exchange.started) / 1e9


def granted_seconds(exchange: Exchange) -> int:
    """How long its request lets a watch live; the server's own time where it does not say."""
    asked = parameter(exchange.request.target, "timeoutSeconds") or ""
    return int(asked) if asked.isdecimal() and len(asked) < 10 else SERVERS_OWN
