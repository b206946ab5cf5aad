"""How long exchanges lasted, and how long a watch may."""

from kproxy.model.exchange import Exchange
from kproxy.renaming.target import parameter, prolonged

_SERVERS_OWN = 1800
"""Seconds that a watch may live at least without timeoutSeconds (kube-apiserver's --min-request-timeout)."""
_LONG = 60
"""Seconds: a client that wants to see a watch's end asks for fewer."""


def seconds_of(exchange: Exchange) -> float:
    """How long it had lasted."""
    return ((exchange.ended or exchange.started) - exchange.started) / 1e9


def granted_seconds(exchange: Exchange) -> int:
    """How long its request lets a watch live; the server's own time where it does not say."""
    return _granted(exchange.request.target)


def ends_by_itself(exchange: Exchange) -> bool:
    """Whether a watch's server is to end it: it had lived for all of its time, and that was short.

    In a replay that is slower than its recording, or faster, a long time would be over at another place of the session.
    """
    granted = granted_seconds(exchange)
    return granted < _LONG and seconds_of(exchange) >= granted


def is_left(exchange: Exchange) -> bool:
    """Whether it is a watch that a replay leaves, where its client had, or its server had ended it after long."""
    return exchange.info.verb == "watch" and not ends_by_itself(exchange)


def allowed_seconds(exchange: Exchange) -> int:
    """How long a replay's request lets the watch live."""
    target = exchange.request.target
    return _granted(prolonged(target) if is_left(exchange) else target)


def _granted(target: str) -> int:
    asked = parameter(target, "timeoutSeconds") or ""
    return int(asked) if asked.isdecimal() and len(asked) < 10 else _SERVERS_OWN
