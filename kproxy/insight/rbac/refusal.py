"""What the api-server's 403 says: whom it refused what."""

import re
from dataclasses import dataclass

from kproxy.insight.contents import object_in
from kproxy.model.exchange import Exchange
from kproxy.model.jsontypes import text
from kproxy.model.recording import Recording

_BY_AUTHORIZER = re.compile(r'\bforbidden: User "(?P<user>(?:[^"\\]|\\.)*)" cannot (?P<verb>\S+) (?:resource|path) ')
"""k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, ForbiddenStatusError."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An authorizer's no: the user that it knew, and the verb that was asked."""

    user: str
    verb: str


def refusal_of(recording: Recording, exchange: Exchange) -> Refusal | None:
    """None: it was not refused, or not by an authorizer; admission says 403 too, of requests that were authorized."""
    answer = exchange.answer
    if answer is None or answer.status != 403:
        return None
    found = _BY_AUTHORIZER.search(text(object_in(recording, answer.headers, answer.body).get("message")))
    return Refusal(found["user"], found["verb"]) if found else None
