"""What is known of etcd and of traces as rows of the tables, and back: etcds, calls, spans, the ledger."""

import json
from typing import Any

from kproxy.model.attribution import Attribution, Basis, Consequence, LedgerEntry, NoOpWrite, Standing
from kproxy.model.etcd import (
    ChangeType,
    ClusterId,
    Compared,
    EtcdCall,
    EtcdKey,
    EtcdStore,
    KeyChange,
    KeyOperation,
    KeyRange,
    Operation,
    Revision,
)
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.trace import Span
from kproxy.store.rows import Columns, Row, parsed
from kproxy.store.structure import bytes_to_json, json_bytes

_dump = json.JSONEncoder(separators=(",", ":")).encode


def store_row(store: EtcdStore, number: int) -> Row:
    """In the order of schema.etcds's columns."""
    return (
        store.cluster,
        number,
        _dump(store.endpoints),
        store.version,
        _dump(store.resources),
        store.start,
        store.end,
        store.history,
        store.whole,
        store.whole_at,
    )


def store_of(row: Columns) -> EtcdStore:
    """What store_row made."""
    return EtcdStore(
        cluster=ClusterId(row["cluster"]),
        endpoints=_texts(row["endpoints"]),
        version=row["version"],
        resources=_texts(row["resources"]),
        start=row["start"],
        end=row["end"],
        history=row["history"],
        whole=row["whole"],
        whole_at=row["whole_at"],
    )


def call_row(call: EtcdCall) -> Row:
    """In the order of schema.etcd_calls's columns."""
    return (
        call.number,
        call.cluster,
        call.connection,
        call.stream,
        call.started,
        call.ended,
        call.method,
        call.trace_id,
        call.parent_id,
        _dump([_compared_json(each) for each in call.compares]) if call.compares else "[]",
        _dump([_operation_json(each) for each in call.operations]) if call.operations else "[]",
        call.succeeded,
        call.revision,
        call.status,
        call.request_size,
        call.answer_size,
        call.lease,
        call.partial,
    )


def _compared_json(each: Compared) -> dict[str, Any]:
    """As to_json makes it; by hand, as that takes several times as long, and calls are many."""
    made: dict[str, Any] = {"key": bytes_to_json(each.key), "target": each.target, "relation": each.relation}
    if each.expected:
        made["expected"] = each.expected
    return made


def _operation_json(each: KeyOperation) -> dict[str, Any]:
    keys: dict[str, Any] = {"key": bytes_to_json(each.keys.key)}
    if each.keys.end:
        keys["end"] = bytes_to_json(each.keys.end)
    made: dict[str, Any] = {"operation": each.operation._value_, "keys": keys}
    for name in _SELDOM:
        if value := getattr(each, name):
            made[name] = value
    return made


_SELDOM = ("count", "limit", "at", "count_only", "keys_only", "size", "lease")


def call_of(row: Columns) -> EtcdCall:
    """What call_row made. ValueError if it holds what no recorder writes."""
    return EtcdCall(
        number=row["number"],
        cluster=ClusterId(row["cluster"]),
        connection=row["connection"],
        stream=row["stream"],
        started=Nanos(row["started"]),
        ended=row["ended"],
        method=row["method"],
        trace_id=row["trace_id"],
        parent_id=row["parent_id"],
        compares=tuple([_compared(each) for each in parsed(row["compares"])]) if row["compares"] != "[]" else (),
        operations=tuple([_operation(each) for each in parsed(row["operations"])]) if row["operations"] != "[]" else (),
        succeeded=None if row["succeeded"] is None else bool(row["succeeded"]),
        revision=Revision(row["revision"]),
        status=row["status"],
        request_size=row["request_size"],
        answer_size=row["answer_size"],
        lease=row["lease"],
        partial=row["partial"],
    )


def _compared(value: dict[str, Any]) -> Compared:
    """What to_json made; by hand, as from_json takes several times as long, and calls are many."""
    _check(value.get("expected", 0), int)
    _check(value["target"], str)
    _check(value["relation"], str)
    return Compared(**value | {"key": EtcdKey(json_bytes(value["key"]))})


def _operation(value: dict[str, Any]) -> KeyOperation:
    keys = value["keys"]
    span = KeyRange(key=EtcdKey(json_bytes(keys["key"])), end=json_bytes(keys.get("end", "")))
    for name, each in value.items():
        if name not in {"operation", "keys"}:
            _check(each, int)
    return KeyOperation(**value | {"operation": _OPERATIONS[value["operation"]], "keys": span})


def _check(value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")


_OPERATIONS = {each.value: each for each in Operation}


def span_row(span: Span) -> Row:
    """In the order of schema.spans's columns, but its number."""
    return (
        span.trace_id,
        span.span_id,
        span.parent_id,
        span.name,
        span.started,
        span.ended,
        span.audit_id,
        span.key,
        _dump(span.attributes),
    )


def span_of(row: Columns) -> Span:
    """What span_row made."""
    return Span(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        parent_id=row["parent_id"],
        name=row["name"],
        started=Nanos(row["started"]),
        ended=Nanos(row["ended"]),
        audit_id=row["audit_id"],
        key=row["key"],
        attributes=tuple((str(name), str(value)) for name, value in json.loads(row["attributes"])),
    )


def entry_row(entry: LedgerEntry) -> Row:
    """In the order of schema.ledger's columns."""
    change, ground, link = entry.change, entry.attribution, entry.consequence
    return (
        change.cluster,
        change.revision,
        change.key,
        entry.standing.value,
        *((None, None, None) if ground is None else (ground.seq, ground.basis.value, ground.evidence)),
        entry.background,
        *((None, None) if link is None else (link.seq, link.evidence)),
        _dump(entry.contradictions),
        entry.reason,
    )


def entry_of(row: Columns, change: KeyChange) -> LedgerEntry:
    """What entry_row made of this change's entry."""
    return LedgerEntry(
        change=change,
        standing=Standing(row["standing"]),
        attribution=None if row["seq"] is None else attribution_of(row, change.type),
        background=row["background"],
        consequence=None
        if row["consequence_seq"] is None
        else Consequence(seq=Seq(row["consequence_seq"]), evidence=row["consequence_evidence"]),
        contradictions=_texts(row["contradictions"]),
        reason=row["reason"],
    )


def attribution_of(row: Columns, kind: ChangeType) -> Attribution:
    """The attribution in what entry_row made; `kind`: its change's type."""
    return Attribution(
        cluster=ClusterId(row["cluster"]),
        revision=Revision(row["revision"]),
        key=EtcdKey(row["key"]),
        type=kind,
        seq=Seq(row["seq"]),
        basis=Basis(row["basis"]),
        evidence=row["evidence"],
    )


def no_op_row(write: NoOpWrite) -> Row:
    """In the order of schema.no_op_writes's columns."""
    return (write.seq, write.key, write.revision)


def no_op_of(row: Columns) -> NoOpWrite:
    """What no_op_row made."""
    return NoOpWrite(seq=Seq(row["seq"]), key=EtcdKey(row["key"]), revision=Revision(row["revision"]))


def _texts(value: str) -> tuple[str, ...]:
    return tuple(str(each) for each in json.loads(value))
