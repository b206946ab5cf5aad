"""Exchanges and the frames of streams as rows of the tables, and back.

By position, as a million of them are read.
"""

import json
from functools import lru_cache
from typing import Any

from kproxy.model.api import RequestInfo
from kproxy.model.exchange import (
    Altered,
    Answer,
    Body,
    Direction,
    End,
    Exchange,
    Frame,
    IdentityMode,
    Request,
    header,
)
from kproxy.store.cells import NO_BODY, STATES, Row, body_row, dump, headers_of, headers_text, known_headers

type Cells = tuple[Any, ...]
"""A row, or a part of one, as it is read."""

_SINCE_1: Row = ("one", "", "", "", "")
"""What the columns that came with schemas 2 and 3 hold of an older recording: identity to parent_id."""
_EXCHANGE = 45
"""How many columns schema.exchanges has."""
_REQUEST, _INFO, _ANSWER, _REST = slice(5, 14), slice(14, 23), slice(25, 35), slice(35, _EXCHANGE)
"""Where they are; what lies between is for questions of the database alone."""

# by value: calling the enum is slow
_ENDS = {each.value: each for each in End}
_DIRECTIONS = {each.value: each for each in Direction}
_IDENTITIES = {each.value: each for each in IdentityMode}


def exchange_row(exchange: Exchange) -> Row:
    """In the order of schema.exchanges's columns."""
    request, info, answer = exchange.request, exchange.info, exchange.answer
    answered: Row = (None, None, None, None, None, None, *NO_BODY)
    if answer is not None:
        answered = (
            answer.status,
            answer.reason,
            answer.http_version,
            headers_text(answer.headers),
            headers_text(answer.trailers),
            dump(answer.informational) if answer.informational else "[]",
            *body_row(answer.body),
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
        headers_text(request.headers),
        headers_text(request.trailers),
        *body_row(request.body),
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


def exchange_of(row: Cells) -> Exchange:
    """What exchange_row made, or an older schema's shorter row.

    ValueError, KeyError or TypeError if the row holds what no recorder writes.
    """
    if len(row) < _EXCHANGE:
        row = (*row, *_SINCE_1[len(row) - _EXCHANGE :])
    answer = row[_ANSWER]
    end, end_detail, altered, upgrade, caller, identity, forwarded, fault, trace_id, parent_id = row[_REST]
    return Exchange(
        seq=row[0],
        connection=row[1],
        started=row[2],
        answered=row[3],
        ended=row[4],
        request=_request(row[_REQUEST]),
        info=_info(row[_INFO]),
        answer=None if answer[0] is None else _answer(answer),
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


@lru_cache(maxsize=1024)  # most requests recur
def _request(cells: Cells) -> Request:
    method, target, http_version, headers, trailers, state, size, digest, reason = cells
    return Request(
        method=method,
        target=target,
        http_version=http_version,
        headers=known_headers(headers),
        body=Body(state=STATES[state], size=size, digest=digest, reason=reason),
        trailers=known_headers(trailers),
    )


@lru_cache(maxsize=1024)
def _info(cells: Cells) -> RequestInfo:
    verb, path, is_resource, group, version, resource, subresource, namespace, name = cells
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


def _answer(cells: Cells) -> Answer:
    status, reason, http_version, headers, trailers, informational, state, size, digest, why = cells
    return Answer(
        status=status,
        reason=reason,
        http_version=http_version,
        headers=headers_of(headers),
        body=Body(state=STATES[state], size=size, digest=digest, reason=why),
        trailers=known_headers(trailers),
        informational=() if informational == "[]" else tuple(map(int, json.loads(informational))),
    )


@lru_cache(maxsize=256)
def _altered(number: int) -> Altered:
    return Altered(number)


def frame_row(frame: Frame) -> Row:
    """In the order of schema.frames's columns."""
    return (
        frame.seq,
        frame.index,
        frame.at,
        frame.direction._value_,
        frame.kind,
        *body_row(frame.body),
        frame.channel,
    )


def frame_of(row: Cells) -> Frame:
    """What frame_row made, or an older schema's shorter row. As for `exchange_of`."""
    seq, index, at, direction, kind, state, size, digest, reason, *channel = row
    return Frame(
        seq=seq,
        index=index,
        at=at,
        direction=_DIRECTIONS[direction],
        kind=kind,
        body=Body(state=STATES[state], size=size, digest=digest, reason=reason),
        channel=channel[0] if channel else "",
    )
