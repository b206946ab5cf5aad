"""What is known of etcd and of traces as rows of the tables, and back: etcds, changes of keys, calls, spans."""

import json
from typing import Any

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
    key_text,
)
from kproxy.model.exchange import Nanos
from kproxy.model.jsontypes import JSONObject
from kproxy.model.trace import Span
from kproxy.store.cells import NO_BODY, VALUE, Columns, Row, body_columns, body_of, body_row, dump, parsed, texts_of
from kproxy.store.structure import bytes_to_json, json_bytes

_PREVIOUS = body_columns("previous")
_TYPES = {each.value: each for each in ChangeType}


def store_row(store: EtcdStore, number: int) -> Row:
    """In the order of schema.etcds's columns."""
    return (
        store.cluster,
        number,
        dump(store.endpoints),
        store.version,
        dump(store.resources),
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
        endpoints=texts_of(row["endpoints"]),
        version=row["version"],
        resources=texts_of(row["resources"]),
        start=row["start"],
        end=row["end"],
        history=row["history"],
        whole=row["whole"],
        whole_at=row["whole_at"],
    )


def change_row(change: KeyChange) -> Row:
    """In the order of schema.key_changes's columns."""
    return (
        change.cluster,
        change.revision,
        change.key,
        key_text(change.key),
        change.type._value_,
        change.at,
        *(NO_BODY if change.value is None else body_row(change.value)),
        *(NO_BODY if change.previous is None else body_row(change.previous)),
        change.create_revision,
        change.version,
        change.lease,
    )


def change_of(row: Columns) -> KeyChange:
    """What change_row made."""
    return KeyChange(
        cluster=ClusterId(row["cluster"]),
        revision=Revision(row["revision"]),
        key=EtcdKey(row["key"]),
        type=_TYPES[row["type"]],
        at=Nanos(row["at"]),
        value=None if row["value_state"] is None else body_of(row, VALUE),
        previous=None if row["previous_state"] is None else body_of(row, _PREVIOUS),
        create_revision=Revision(row["create_revision"]),
        version=row["version"],
        lease=row["lease"],
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
        dump([_compared_json(each) for each in call.compares]) if call.compares else "[]",
        dump([_operation_json(each) for each in call.operations]) if call.operations else "[]",
        call.succeeded,
        call.revision,
        call.status,
        call.request_size,
        call.answer_size,
        call.lease,
        call.partial,
    )


def _compared_json(each: Compared) -> JSONObject:
    """As to_json makes it; by hand, as that takes several times as long, and calls are many."""
    made: JSONObject = {"key": bytes_to_json(each.key), "target": each.target, "relation": each.relation}
    if each.expected:
        made["expected"] = each.expected
    return made


def _operation_json(each: KeyOperation) -> JSONObject:
    keys: JSONObject = {"key": bytes_to_json(each.keys.key)}
    if each.keys.end:
        keys["end"] = bytes_to_json(each.keys.end)
    made: JSONObject = {"operation": each.operation._value_, "keys": keys}
    for name in _SELDOM:
        if value := getattr(each, name):
            made[name] = value
    return made


type _Read = dict[str, Any]
"""What a column's JSON holds, until it is looked at."""

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


def _compared(value: _Read) -> Compared:
    """What to_json made; by hand, as from_json takes several times as long, and calls are many."""
    _check(value.get("expected", 0), int)
    _check(value["target"], str)
    _check(value["relation"], str)
    return Compared(**value | {"key": EtcdKey(json_bytes(value["key"]))})


def _operation(value: _Read) -> KeyOperation:
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
        dump(span.attributes),
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
