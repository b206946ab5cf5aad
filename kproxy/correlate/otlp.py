"""The ground `otlp`: a span of the api-server's own names the request (its audit id) and the key, and the time fits.

A span names no revision, its clock is the server's, and kproxy sees a change some time after it was made: every span of
the key's that began before, and ended not long before, may have written it. If those are of several requests, the one
whose answer has the revision is meant; without such an answer neither is taken. Spans are dropped where they are many:
an answer that has the revision, of a request without a span, is never overruled by another request's span.
"""

from bisect import bisect_right
from collections import defaultdict

from kproxy.correlate.changes import Changes
from kproxy.correlate.claims import Claims
from kproxy.model.api import WRITE_VERBS
from kproxy.model.attribution import Basis
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Seq, header
from kproxy.model.recording import Recording
from kproxy.wire.requestinfo import is_write

WRITING = ("Create ", "GuaranteedUpdate ", "Delete ")
"""What spans of the storage layer that write are called (k8s.io/apiserver/pkg/storage/etcd3/store.go)."""
EARLY = 5_000_000
"""Nanoseconds that the two clocks may differ."""
LATE = 2_000_000_000
"""Nanoseconds after a span's end in which kproxy may see what it wrote."""
MOST = 64
"""Spans of one key's that are looked at before a change: of a key that is written more often, none is alone."""

_FAILED = 400
"""Statuses from here on: the storage layer was asked (a conflict has a span, too), and wrote nothing."""


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
            fitting = {by_audit.get(audit_id, Seq(0)) for audit_id in _around(found, changes.seen(place))}
            answered = claims.answered(place)
            seq = answered or (fitting.pop() if len(fitting) == 1 else Seq(0))
            if seq and (not answered or answered in fitting) and not changes.is_past(place):
                evidence = "a span of the api-server's with this exchange's audit id wrote the key at that time"
                claims.claim(place, Basis.OTLP, seq, evidence)


def _spans(recording: Recording) -> dict[str, list[tuple[int, int, str]]]:
    """By key the spans that may have written it: start, end, audit id."""
    spans: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for span in recording.spans():
        if span.audit_id and span.key and span.name.startswith(WRITING):
            spans[span.key].append((span.started, span.ended, span.audit_id))
    return dict(spans)


def _audited(recording: Recording) -> dict[str, Seq]:
    """The writing exchanges that did not fail, by their audit id; an id that two of them have names neither."""
    found: dict[str, Seq | None] = {}
    for exchange in recording.exchanges(WRITE_VERBS):
        answer = exchange.answer
        audit_id = header(answer.headers, "audit-id") if answer is not None else ""
        if answer is not None and audit_id and is_write(exchange):
            found[audit_id] = exchange.seq if audit_id not in found and answer.status < _FAILED else None
    return {audit_id: seq for audit_id, seq in found.items() if seq is not None}


def _around(spans: list[tuple[int, int, str]], seen: int) -> set[str]:
    """The requests whose spans may have made a change seen then."""
    last = bisect_right(spans, seen + EARLY, key=lambda span: span[0])
    return {audit_id for _, end, audit_id in spans[max(0, last - MOST) : last] if seen <= end + LATE}
