"""The ground `otlp`: a span of the api-server's own names the request (its audit id) and the key, and the time fits.

Its clock is the server's: a change is looked for from a little before the span began. If spans of two requests fit,
neither is taken.
"""

from bisect import bisect_right
from collections import defaultdict

from kproxy.correlate.changes import Changes
from kproxy.correlate.claims import Claims
from kproxy.correlate.writes import WRITE_VERBS, is_write
from kproxy.model.attribution import Basis
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Seq, header
from kproxy.model.recording import Recording

EARLY = 5_000_000
"""Nanoseconds that the two clocks may differ."""
LATE = 1_000_000_000
"""Nanoseconds after a span's end in which kproxy may see what it wrote."""


def claim_spanned(recording: Recording, changes: Changes, claims: Claims) -> None:
    """Lay claim to the changes that a span tells of."""
    spans = _spans(recording)
    if not spans:
        return
    by_audit = _audited(recording)
    prefix = recording.session.etcd_prefix.rstrip("/")
    for name, found in spans.items():
        found.sort()
        full = name if name.startswith(f"{prefix}/") else f"{prefix}/{name.lstrip('/')}"
        for place in changes.of_key(EtcdKey(full.encode("utf-8", "surrogateescape"))):
            audit_ids = _around(found, changes.seen(place))
            seq = by_audit.get(audit_ids.pop()) if len(audit_ids) == 1 else None
            if seq is not None and not changes.is_past(place):
                evidence = "a span of the api-server's with this exchange's audit id wrote the key at that time"
                claims.claim(place, Basis.OTLP, seq, evidence)


def _spans(recording: Recording) -> dict[str, list[tuple[int, int, str]]]:
    """By key the spans that may have written it: start, end, audit id."""
    spans: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for span in recording.spans():
        if span.audit_id and span.key:
            spans[span.key].append((span.started, span.ended, span.audit_id))
    return dict(spans)


def _audited(recording: Recording) -> dict[str, Seq]:
    """The writing exchanges by their audit id; an id that two of them have names neither."""
    found: dict[str, Seq | None] = {}
    for exchange in recording.exchanges(WRITE_VERBS):
        audit_id = header(exchange.answer.headers, "audit-id") if exchange.answer else ""
        if audit_id and is_write(exchange):
            found[audit_id] = exchange.seq if audit_id not in found else None
    return {audit_id: seq for audit_id, seq in found.items() if seq is not None}


def _around(spans: list[tuple[int, int, str]], seen: int) -> set[str]:
    """The requests whose spans may have made a change seen then: those that were going on, if there are any."""
    last = bisect_right(spans, seen + EARLY, key=lambda span: span[0])
    fitting = [span for span in spans[max(0, last - 8) : last] if seen <= span[1] + LATE]
    inside = [span for span in fitting if span[0] - EARLY <= seen <= span[1] + EARLY]
    return {audit_id for _, _, audit_id in inside or fitting}
