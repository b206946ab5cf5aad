"""The recording and the api-server's audit log, joined: the same requests, or which are missing where.

By Audit-ID, which the api-server sets on every answer but those of upgrades; these, and exchanges that got no answer,
by URI, client and time. Left out are the api-server's own loopback client, the lab's probe, and what kproxy itself asks
(TokenReviews, where it authenticates clients): they do not go through kproxy.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kproxy.lab.users import PROBE
from kproxy.model.exchange import Exchange, header

LOOPBACK = "system:apiserver"
ITSELF = {"kproxy", "kproxy-lab"}  # the User-Agents of kproxy's own requests and of the lab's probe, who impersonates
APART = 10.0  # seconds that the two may see an upgrade apart: both run on one busy machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One request of the audit log.

    `user`: as whom it was served, the impersonated one where there is one; `received`: seconds since the epoch;
    `status`: 0 if none was logged.
    """

    audit_id: str
    user: str
    agent: str
    verb: str
    uri: str
    received: float
    status: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of both.

    `missing`: in the audit log only; `extra`: answered by the server, in the recording only; `unanswered`: exchanges
    without an answer that the audit log does not know either, which is how a client looks that left too soon.
    """

    pairs: list[tuple[Exchange, Audited]] = field(default_factory=list)
    missing: list[Audited] = field(default_factory=list)
    extra: list[Exchange] = field(default_factory=list)
    unanswered: list[Exchange] = field(default_factory=list)


def read_audit_log(path: Path) -> Iterator[Audited]:
    """Its requests, in the order in which they came, each with what its last event says."""
    requests: dict[str, dict[str, object]] = {}
    with path.open() as log:
        for line in log:
            event = json.loads(line)
            requests[event["auditID"]] = requests.get(event["auditID"], {}) | event
    for audit_id, event in requests.items():
        user, status = event.get("impersonatedUser") or event.get("user"), event.get("responseStatus")
        yield Audited(
            audit_id=audit_id,
            user=str(user.get("username")) if isinstance(user, dict) else "",
            agent=str(event.get("userAgent", "")),
            verb=str(event["verb"]),
            uri=str(event["requestURI"]),
            received=datetime.fromisoformat(str(event["requestReceivedTimestamp"])).timestamp(),
            status=int(status.get("code", 0)) if isinstance(status, dict) else 0,
        )


def join(exchanges: Iterable[Exchange], began: float, audit: Iterable[Audited]) -> Joined:
    """`began`: the session's start, seconds since the epoch."""
    joined = Joined()
    exchanges = list(exchanges)
    recorded = {header(exchange.answer.headers, "audit-id") for exchange in exchanges if exchange.answer}
    left = {each.audit_id: each for each in audit if each.audit_id in recorded or not _by_itself(each)}
    nameless = []
    for exchange in exchanges:
        audit_id = header(exchange.answer.headers, "audit-id") if exchange.answer else ""
        if not audit_id:
            nameless.append(exchange)
        elif audit_id in left:
            joined.pairs.append((exchange, left.pop(audit_id)))
        else:
            joined.extra.append(exchange)
    for exchange in nameless:
        nearest = _nearest(exchange, began, left.values())
        if nearest is not None:
            joined.pairs.append((exchange, left.pop(nearest.audit_id)))
        elif exchange.answer is None or header(exchange.answer.headers, "x-kproxy"):
            joined.unanswered.append(exchange)
        else:
            joined.extra.append(exchange)
    joined.missing.extend(left.values())
    return joined


def _by_itself(audited: Audited) -> bool:
    """The lab's probe goes through kproxy only where it makes sure of the controllers."""
    return audited.user in {LOOPBACK, PROBE} or audited.agent in ITSELF


def _nearest(exchange: Exchange, began: float, audit: Iterable[Audited]) -> Audited | None:
    at = began + exchange.started / 1e9
    agent = header(exchange.request.headers, "user-agent")
    same = [each for each in audit if each.uri == exchange.request.target and each.agent == agent]
    nearest = min(same, key=lambda each: abs(each.received - at), default=None)
    return nearest if nearest is not None and abs(nearest.received - at) < APART else None
