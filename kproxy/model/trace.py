"""Spans, as OpenTelemetry has them: of an api-server that tells them, and those that kproxy gives away."""

from dataclasses import dataclass

from kproxy.model.exchange import Nanos


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span of an api-server's own; `audit_id` and `key` from its attributes, "" where it has none.

    Times are the session's (the server's clock, which may differ from kproxy's); `attributes` are the others, redacted.
    """

    trace_id: str  # 32 hex digits
    span_id: str  # 16
    parent_id: str = ""
    name: str
    started: Nanos
    ended: Nanos
    audit_id: str = ""
    key: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
