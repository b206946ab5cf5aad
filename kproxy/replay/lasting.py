"""How long exchanges lasted, and how long a watch may."""

from kproxy.model.exchange import Exchange
from kproxy.renaming.target import parameter, prolonged

_SERVERS_OWN = 1800
"""Seconds that a watch may live at least without timeoutSeconds (kube-apiserver's --min-request-timeout)."""


def seconds_of(exchange: Exchange) -> float:
    """How long it had lasted."""
    return ((exchange.ended or exchange.started) - exchange.started) / 1e9


def granted_seconds(exchange: Exchange) -> int:
    """How long its request lets a watch live; the server's own time where it does not say."""
    return _granted(exchange.request.target)


def was_left(exchange: Exchange) -> bool:
    """Whether a watch's client left it before its time was over."""
    return exchange.info.verb == "watch" and seconds_of(exchange) < granted_seconds(exchange)


def allowed_seconds(exchange: Exchange) -> int:
    """How long a replay's request lets the watch live."""
    target = exchange.request.target
    return _granted(prolonged(target) if was_left(exchange) else target)


def _granted(target: str) -> int:
    asked = parameter(target, "timeoutSeconds") or ""
    return int(asked) if asked.isdecimal() and len(asked) < 10 else _SERVERS_OWN
