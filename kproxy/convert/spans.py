"""A recording as spans: one for each exchange, under it the calls to etcd that it caused, on it the keys it changed.

Names and attributes follow OpenTelemetry's semantic conventions where they have any (HTTP server spans, database and
RPC client spans, k8s.*); what is kproxy's own begins with `kproxy.`.
"""

from collections.abc import Iterator
from hashlib import sha256

from kproxy.model.attribution import Attribution, Ledger
from kproxy.model.etcd import EtcdCall, EtcdKey, KeyOperation, key_text
from kproxy.model.exchange import End, Exchange, Nanos, header
from kproxy.model.recording import Recording
from kproxy.model.session import Session
from kproxy.otlp.writing import Event, Kind, OutSpan, Value

MOST_EVENTS = 100
"""Key changes that are told of one exchange: a deletecollection may have thousands."""
MOST_KEYS = 10
"""Keys that are named of one call."""


def spans_of(recording: Recording, ledger: Ledger) -> Iterator[OutSpan]:
    """All spans of a recording: exchanges in the order of seq, then the calls that one of them caused.

    An exchange keeps the trace that it went on with, and hangs below the client's own span where it had one; without
    one its ids are derived from the session's, so that exporting twice gives the same.
    """
    session = recording.session
    known: set[tuple[str, str]] = set()
    for exchange in recording.exchanges():
        span = _exchange_span(session, exchange, ledger.by_seq.get(exchange.seq, ()))
        known.add((span.trace_id, span.span_id))
        yield span
    for call in recording.etcd_calls():
        if (call.trace_id, call.parent_id) in known:
            yield _call_span(session, call)


def _exchange_span(session: Session, exchange: Exchange, changes: tuple[Attribution, ...]) -> OutSpan:
    answer = exchange.answer
    ended = exchange.ended if exchange.ended is not None else (exchange.answered or exchange.started)
    trace_id = _id(exchange.trace_id, 16) or _derived(session, f"exchange {exchange.seq}", 16)
    failure = _failure(exchange)
    return OutSpan(
        trace_id=trace_id,
        span_id=_id(exchange.parent_id, 8) or _derived(session, f"span {exchange.seq}", 8),
        parent_id=_clients_span(exchange, trace_id),
        name=f"{exchange.request.method} {_route(exchange)}",
        kind=Kind.SERVER,
        started=exchange.started,
        ended=ended,
        failure=failure,
        attributes=tuple(_exchange_attributes(exchange)),
        events=(
            *((Event(at=exchange.answered, name="answer"),) if answer and exchange.answered is not None else ()),
            *(_change_event(each, ended) for each in changes[:MOST_EVENTS]),
        ),
    )


def _exchange_attributes(exchange: Exchange) -> Iterator[tuple[str, Value]]:
    info, request, answer = exchange.info, exchange.request, exchange.answer
    path, _, query = request.target.partition("?")
    said: dict[str, Value] = {
        "http.request.method": request.method,
        "url.path": path,
        "url.query": query,
        "http.route": _route(exchange),
        "http.response.status_code": answer.status if answer else 0,
        "http.request.body.size": request.body.size,
        "http.response.body.size": answer.body.size if answer else 0,
        "user_agent.original": header(request.headers, "user-agent"),
        "enduser.id": exchange.forwarded or exchange.caller,
        "k8s.namespace.name": info.namespace,
        "audit-id": header(answer.headers, "audit-id") if answer else "",
        "kproxy.seq": exchange.seq,
        "kproxy.connection": exchange.connection,
        "kproxy.verb": info.verb,
        "kproxy.group": info.group,
        "kproxy.version": info.version,
        "kproxy.resource": info.resource,
        "kproxy.subresource": info.subresource,
        "kproxy.name": info.name,
        "kproxy.end": exchange.end.value,
        "kproxy.fault": exchange.fault,
    }
    yield from ((name, value) for name, value in said.items() if value not in {"", 0})


def _route(exchange: Exchange) -> str:
    """The path without what differs from object to object; another path as it is, without its query."""
    info = exchange.info
    path = exchange.request.target.partition("?")[0]
    if not info.is_resource:
        return path
    root = f"/apis/{info.group}/{info.version}" if info.group else f"/api/{info.version}"
    parts = [root]
    if info.namespace and info.resource != "namespaces":
        parts.append("namespaces/{namespace}")
    parts += [info.resource, "{name}"] if info.name else [info.resource]
    return "/".join([*parts, info.subresource] if info.subresource else parts)


def _failure(exchange: Exchange) -> str:
    """Why it is no success for a server, "" if it is: an answer of 500 or more, or an end that is the server's."""
    if exchange.answer is not None and exchange.answer.status >= 500:
        return f"status {exchange.answer.status}"
    if exchange.end in {End.COMPLETE, End.CLIENT_GONE, End.STOPPED}:
        return ""
    return exchange.end_detail or exchange.end.value


def _clients_span(exchange: Exchange, trace_id: str) -> str:
    """The client's own span, where kproxy joined its trace (W3C Trace Context: 00-TRACE-PARENT-FLAGS)."""
    parts = header(exchange.request.headers, "traceparent").strip().split("-")
    return _id(parts[2], 8) if len(parts) >= 4 and parts[1] == trace_id else ""


def _change_event(change: Attribution, at: Nanos) -> Event:
    return Event(
        at=at,
        name="etcd change",
        attributes=(
            ("kproxy.etcd.key", key_text(change.key)),
            ("kproxy.etcd.revision", change.revision),
            ("kproxy.basis", change.basis.value),
            ("kproxy.evidence", change.evidence),
        ),
    )


def _call_span(session: Session, call: EtcdCall) -> OutSpan:
    keys = [_range_text(each) for each in call.operations]
    said: dict[str, Value] = {
        "db.system.name": "etcd",
        "db.operation.name": call.method,
        "rpc.system": "grpc",
        "rpc.method": call.method,
        "rpc.grpc.status_code": call.status or 0,
        "kproxy.etcd.keys": ", ".join(keys[:MOST_KEYS])
        + (f" and {len(keys) - MOST_KEYS} more" if keys[MOST_KEYS:] else ""),
        "kproxy.etcd.revision": call.revision,
        "kproxy.etcd.cluster": call.cluster,
        "kproxy.etcd.request_size": call.request_size,
        "kproxy.etcd.answer_size": call.answer_size,
    }
    if call.succeeded is not None:
        said["kproxy.etcd.succeeded"] = call.succeeded
    return OutSpan(
        trace_id=call.trace_id,
        span_id=_derived(session, f"call {call.number}", 8),
        parent_id=call.parent_id,
        name=f"etcd {call.method}",
        kind=Kind.CLIENT,
        started=call.started,
        ended=call.ended if call.ended is not None else call.started,
        failure="" if call.status == 0 else "no answer" if call.status is None else f"gRPC status {call.status}",
        attributes=tuple((name, value) for name, value in said.items() if value != ""),
        events=(),
    )


def _range_text(operation: KeyOperation) -> str:
    """`put /registry/pods/default/x`, `range /registry/pods/…` up to its end."""
    end = f" to {key_text(EtcdKey(operation.keys.end))}" if operation.keys.end else ""
    return f"{operation.operation.value} {key_text(operation.keys.key)}{end}"


def _id(found: str, size: int) -> str:
    """An id of `size` bytes as a recording has it, "" where that is none."""
    return found if len(found) == 2 * size and not set(found) - set("0123456789abcdef") else ""


def _derived(session: Session, what: str, size: int) -> str:
    """An id of `size` bytes, always the same for the same part of a session."""
    return sha256(f"{session.id} {what}".encode()).hexdigest()[: 2 * size]
