"""The model's values as rows of the tables, and back."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import chain
from json.scanner import make_scanner
from typing import Any

from kproxy.model.api import RequestInfo
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision, key_text
from kproxy.model.exchange import (
    Altered,
    Answer,
    Body,
    BodyState,
    Direction,
    End,
    Exchange,
    Frame,
    Headers,
    IdentityMode,
    Nanos,
    Request,
    Seq,
    header,
)
from kproxy.model.session import Gap, Mark, Server, Session, SessionEnd
from kproxy.model.start import StartKey, StartObject

type Row = tuple[int | str | bytes | None, ...]
type Columns = Mapping[str, Any]

_NO_BODY: Row = (None, None, None, None)
_dump = json.JSONEncoder(separators=(",", ":")).encode


@lru_cache(maxsize=8192)
def _field_text(field: tuple[str, str]) -> str:
    return _dump(field)


def _headers_text(headers: Headers) -> str:
    """As JSON. Field by field, because heads differ in little but an Audit-Id, and the rest is known."""
    return f"[{','.join(map(_field_text, headers))}]"


def _body_row(body: Body) -> Row:
    return (body.state._value_, body.size, body.digest, body.reason)


def exchange_row(exchange: Exchange) -> Row:
    """In the order of schema.exchanges's columns."""
    request, info, answer = exchange.request, exchange.info, exchange.answer
    answered: Row = (None, None, None, None, None, None, *_NO_BODY)
    if answer is not None:
        answered = (
            answer.status,
            answer.reason,
            answer.http_version,
            _headers_text(answer.headers),
            _headers_text(answer.trailers),
            _dump(answer.informational) if answer.informational else "[]",
            *_body_row(answer.body),
        )
    return (
        exchange.seq,
        exchange.connection,
        exchange.started,
        exchange.answered,
        exchange.ended,
        request.method,
        request.target,
        request.http_version,
        _headers_text(request.headers),
        _headers_text(request.trailers),
        *_body_row(request.body),
        info.verb,
        info.path,
        info.is_resource,
        info.group,
        info.version,
        info.resource,
        info.subresource,
        info.namespace,
        info.name,
        header(request.headers, "user-agent"),
        header(answer.headers, "audit-id") if answer is not None else "",
        *answered,
        exchange.end._value_,
        exchange.end_detail,
        int(exchange.altered),
        exchange.upgrade,
        exchange.caller,
        exchange.identity._value_,
        exchange.forwarded,
        exchange.fault,
        exchange.trace_id,
        exchange.parent_id,
    )


def frame_row(frame: Frame) -> Row:
    """In the order of schema.frames's columns."""
    return (
        frame.seq,
        frame.index,
        frame.at,
        frame.direction._value_,
        frame.kind,
        *_body_row(frame.body),
        frame.channel,
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
        *(_NO_BODY if change.value is None else _body_row(change.value)),
        *(_NO_BODY if change.previous is None else _body_row(change.previous)),
        change.create_revision,
        change.version,
        change.lease,
    )


def start_key_row(key: StartKey) -> Row:
    """In the order of schema.start_keys's columns."""
    return (
        key.cluster,
        key.key,
        key_text(key.key),
        *_body_row(key.value),
        key.create_revision,
        key.mod_revision,
        key.version,
        key.lease,
        key.ttl,
    )


def start_object_row(each: StartObject) -> Row:
    """In the order of schema.start_objects's columns."""
    return (
        each.group,
        each.resource,
        each.namespace,
        each.name,
        each.version,
        each.kind,
        each.revision,
        *_body_row(each.value),
        each.status,
    )


def gap_row(gap: Gap) -> Row:
    """In the order of schema.gaps's columns, but its number."""
    return (
        gap.kind,
        gap.reason,
        gap.at,
        gap.count,
        gap.first_seq,
        gap.last_seq,
        gap.first_revision,
        gap.last_revision,
        gap.cluster,
    )


def mark_row(mark: Mark) -> Row:
    """In the order of schema.marks's columns, but its number."""
    return (mark.at, mark.seq, mark.text)


def session_row(session: Session) -> Row:
    """In the order of schema.session's columns."""
    server = session.server
    return (
        session.id,
        session.schema,
        session.kproxy_version,
        session.started_at,
        server.url,
        server.kind,
        server.version,
        server.system_uid,
        server.etcd_version,
        server.etcd_cluster,
        session.etcd_start,
        session.etcd_end,
        session.etcd_prefix,
        session.when_stuck,
        session.end.value,
        session.ended,
        _dump(session.command),
        session.exit_code,
        session.max_lag,
        session.lane,
        session.capture,
        session.traced,
        session.start_state,
    )


_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # typeshed's name


def parsed(text: str) -> Any:
    """What a column of ours holds, JSON without space around it: a third of json.loads's time for a short one.

    ValueError if it is none.
    """
    try:
        value, end = _scan(text, 0)
    except StopIteration as error:
        raise ValueError("a column holds no JSON") from error
    if end != len(text):
        raise ValueError("a column holds more than one JSON value")
    return value


# by value: each of a million rows is asked for a few, and calling the enum is slow
_STATES = {each.value: each for each in BodyState}
_TYPES = {each.value: each for each in ChangeType}
_ENDS = {each.value: each for each in End}
_DIRECTIONS = {each.value: each for each in Direction}
_IDENTITIES = {each.value: each for each in IdentityMode}


@lru_cache(maxsize=256)
def _altered(number: int) -> Altered:
    return Altered(number)


def _columns(prefix: str) -> tuple[str, str, str, str]:
    return f"{prefix}_state", f"{prefix}_size", f"{prefix}_digest", f"{prefix}_reason"


_BODY, _VALUE, _PREVIOUS = _columns("body"), _columns("value"), _columns("previous")


def _body(row: Columns, columns: tuple[str, str, str, str]) -> Body:
    state, size, digest, reason = columns
    return Body(state=_STATES[row[state]], size=row[size], digest=row[digest], reason=row[reason])


def _headers(text: str) -> Headers:
    """The header fields that a column holds. ValueError or TypeError if it holds something else."""
    fields = parsed(text)
    if not isinstance(fields, list):
        raise TypeError("header fields are no list of pairs of strings")
    pairs = tuple([(name, value) for name, value in fields])
    "".join(
        chain.from_iterable(pairs)
    )  # TypeError unless all are strings: a loop of ours takes as long as all else here
    return pairs


_known_headers = lru_cache(maxsize=4096)(_headers)
"""Of what recurs: requests' heads, and trailers. Answers' heads do not: each has an Audit-Id of its own."""


@lru_cache(maxsize=1024)
def _request(  # noqa: PLR0913, PLR0917 - a row's columns; most requests recur
    method: Any,
    target: Any,
    version: Any,
    headers: Any,
    trailers: Any,
    state: Any,
    size: Any,
    digest: Any,
    reason: Any,
) -> Request:
    return Request(
        method=method,
        target=target,
        http_version=version,
        headers=_known_headers(headers),
        body=Body(state=_STATES[state], size=size, digest=digest, reason=reason),
        trailers=_known_headers(trailers),
    )


@lru_cache(maxsize=1024)
def _info(  # noqa: PLR0913, PLR0917 - as above
    verb: Any,
    path: Any,
    is_resource: Any,
    group: Any,
    version: Any,
    resource: Any,
    subresource: Any,
    namespace: Any,
    name: Any,
) -> RequestInfo:
    return RequestInfo(
        verb=verb,
        path=path,
        is_resource=bool(is_resource),
        group=group,
        version=version,
        resource=resource,
        subresource=subresource,
        namespace=namespace,
        name=name,
    )


_SINCE_1: Row = ("one", "", "", "", "")
"""What the columns that came with schemas 2 and 3 hold of an older recording: identity to parent_id."""
_EXCHANGE = 45
"""How many columns schema.exchanges has."""


def exchange_of(row: Row) -> Exchange:
    """What exchange_row made, or an older schema's shorter row.

    ValueError, KeyError or TypeError if the row holds what no recorder writes.
    """
    if len(row) < _EXCHANGE:
        row = (*row, *_SINCE_1[len(row) - _EXCHANGE :])
    return _exchange(*row)


def _exchange(  # noqa: PLR0913, PLR0917 - a row's columns; by position, as a million rows are read so
    seq: Any,
    connection: Any,
    started: Any,
    answered: Any,
    ended: Any,
    method: Any,
    target: Any,
    request_version: Any,
    request_headers: Any,
    request_trailers: Any,
    request_state: Any,
    request_size: Any,
    request_digest: Any,
    request_reason: Any,
    verb: Any,
    path: Any,
    is_resource: Any,
    group: Any,
    version: Any,
    resource: Any,
    subresource: Any,
    namespace: Any,
    name: Any,
    _user_agent: Any,
    _audit_id: Any,
    status: Any,
    reason: Any,
    answer_version: Any,
    answer_headers: Any,
    answer_trailers: Any,
    informational: Any,
    answer_state: Any,
    answer_size: Any,
    answer_digest: Any,
    answer_reason: Any,
    end: Any,
    end_detail: Any,
    altered: Any,
    upgrade: Any,
    caller: Any,
    identity: Any,
    forwarded: Any,
    fault: Any,
    trace_id: Any,
    parent_id: Any,
) -> Exchange:
    return Exchange(
        seq=seq,
        connection=connection,
        started=started,
        answered=answered,
        ended=ended,
        request=_request(
            method,
            target,
            request_version,
            request_headers,
            request_trailers,
            request_state,
            request_size,
            request_digest,
            request_reason,
        ),
        info=_info(verb, path, is_resource, group, version, resource, subresource, namespace, name),
        answer=None
        if status is None
        else Answer(
            status=status,
            reason=reason,
            http_version=answer_version,
            headers=_headers(answer_headers),
            body=Body(state=_STATES[answer_state], size=answer_size, digest=answer_digest, reason=answer_reason),
            trailers=_known_headers(answer_trailers),
            informational=() if informational == "[]" else tuple(map(int, json.loads(informational))),
        ),
        end=_ENDS[end],
        end_detail=end_detail,
        altered=_altered(altered),
        upgrade=upgrade,
        caller=caller,
        identity=_IDENTITIES[identity],
        forwarded=forwarded,
        fault=fault,
        trace_id=trace_id,
        parent_id=parent_id,
    )


def frame_of(row: Row) -> Frame:
    """What frame_row made, or an older schema's shorter row. As for `exchange_of`."""
    return _frame(*row)


def _frame(  # noqa: PLR0913, PLR0917 - a row's columns
    seq: Any,
    number: Any,
    at: Any,
    direction: Any,
    kind: Any,
    state: Any,
    size: Any,
    digest: Any,
    reason: Any,
    channel: Any = "",
) -> Frame:
    return Frame(
        seq=seq,
        index=number,
        at=at,
        direction=_DIRECTIONS[direction],
        kind=kind,
        body=Body(state=_STATES[state], size=size, digest=digest, reason=reason),
        channel=channel,
    )


def change_of(row: Columns) -> KeyChange:
    """What change_row made."""
    return KeyChange(
        cluster=ClusterId(row["cluster"]),
        revision=Revision(row["revision"]),
        key=EtcdKey(row["key"]),
        type=_TYPES[row["type"]],
        at=Nanos(row["at"]),
        value=None if row["value_state"] is None else _body(row, _VALUE),
        previous=None if row["previous_state"] is None else _body(row, _PREVIOUS),
        create_revision=Revision(row["create_revision"]),
        version=row["version"],
        lease=row["lease"],
    )


def start_key_of(row: Columns) -> StartKey:
    """What start_key_row made."""
    return StartKey(
        cluster=ClusterId(row["cluster"]),
        key=EtcdKey(row["key"]),
        value=_body(row, _VALUE),
        create_revision=Revision(row["create_revision"]),
        mod_revision=Revision(row["mod_revision"]),
        version=row["version"],
        lease=row["lease"],
        ttl=row["ttl"],
    )


def start_object_of(row: Columns) -> StartObject:
    """What start_object_row made."""
    return StartObject(
        group=row["api_group"],
        version=row["api_version"],
        resource=row["resource"],
        kind=row["kind"],
        namespace=row["namespace"],
        name=row["name"],
        revision=Revision(row["revision"]),
        value=_body(row, _VALUE),
        status=bool(row["status"]),
    )


def gap_of(row: Columns) -> Gap:
    """What gap_row made."""
    return Gap(
        kind=row["kind"],
        reason=row["reason"],
        at=Nanos(row["at"]),
        count=row["count"],
        first_seq=row["first_seq"],
        last_seq=row["last_seq"],
        first_revision=row["first_revision"],
        last_revision=row["last_revision"],
        cluster=ClusterId(row.get("cluster", "")),
    )


def mark_of(row: Columns) -> Mark:
    """What mark_row made."""
    return Mark(at=Nanos(row["at"]), seq=Seq(row["seq"]), text=row["text"])


def session_of(row: Columns) -> Session:
    """What session_row made."""
    return Session(
        id=row["id"],
        schema=row["schema"],
        kproxy_version=row["kproxy_version"],
        started_at=row["started_at"],
        server=Server(
            url=row["server_url"],
            kind=row["server_kind"],
            version=row["server_version"],
            system_uid=row["server_system_uid"],
            etcd_version=row["server_etcd_version"],
            etcd_cluster=row["server_etcd_cluster"],
        ),
        etcd_start=row["etcd_start"],
        etcd_end=row["etcd_end"],
        etcd_prefix=row["etcd_prefix"],
        when_stuck=row["when_stuck"],
        end=SessionEnd(row["end"]),
        ended=row["ended"],
        command=tuple(str(argument) for argument in json.loads(row["command"])),
        exit_code=row["exit_code"],
        max_lag=Nanos(row["max_lag"]),
        lane=row.get("lane", "tap"),
        capture=row.get("capture", ""),
        traced=row.get("traced", ""),
        start_state=row.get("start_state", ""),
    )
