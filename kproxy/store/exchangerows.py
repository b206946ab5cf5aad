"""Exchanges and the frames of streams as rows of the tables, and back.

By position, as a million of them are read; of an exchange what recurs in others is read as one text, which is known.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from kproxy.model.api import RequestInfo
from kproxy.model.exchange import (
    Altered,
    Answer,
    Body,
    BodyState,
    Digest,
    Direction,
    End,
    Exchange,
    Frame,
    Headers,
    IdentityMode,
    Request,
    header,
)
from kproxy.store.cells import NO_BODY, STATES, Row, body_row, dump, headers_of, headers_text, known_headers, parsed

type Cells = tuple[Any, ...]
"""A row, or a part of one, as it is read."""

_OWN = 18
"""How many columns an exchange is read in: schema.OF_EACH, and all that recurs as a JSON list."""
_RECURRING = 26
"""How many are in that list."""
_LARGEST = 1 << 16
"""Characters of what is remembered of exchanges: a row that holds more is read anew each time."""
_SINCE_1: Row = ("one", "", "")
"""What those hold of an older recording that came with schema 2: identity, forwarded, fault."""
_REQUEST, _INFO, _ANSWER, _REST = slice(0, 5), slice(5, 11), slice(11, 18), slice(18, _RECURRING)
"""Where they are in it."""
_NUMBERS = frozenset({6, 13})
"""Which of request's, info's and rest's are no texts: is_resource and altered."""

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


class _Recurring(NamedTuple):
    """What an exchange has in common with others, as it is read: of its request and what that asks for, cells."""

    request: Cells
    info: Cells
    answer: "_Answer | None"
    end: End
    end_detail: str
    altered: Altered
    upgrade: str
    caller: str
    identity: IdentityMode
    forwarded: str
    fault: str


class _Answer(NamedTuple):
    """What an answer has in common with others."""

    status: int
    reason: str
    http_version: str
    trailers: Headers
    informational: tuple[int, ...]
    state: BodyState
    why: str


def exchange_of(row: Cells) -> Exchange:
    """What exchange_row made, as it is read (`schema.OF_EACH`), or an older schema's shorter row.

    ValueError, KeyError or TypeError if the row holds what no recorder writes.
    """
    if len(row) < _OWN:
        row = (*row[:-1], "", "", row[-1])  # trace_id and parent_id came with schema 3
    seq, connection, started, answered, ended, *asked, headers, size, digest, trace_id, parent_id, rest = row
    read = _asked if len(rest) + len(asked[0]) + len(asked[1]) < _LARGEST else _asked.__wrapped__
    request, info = read(rest, *asked)
    _, _, answer, end, end_detail, altered, upgrade, caller, identity, forwarded, fault = _known(rest)
    _check_numbers(seq, connection, started, answered, ended)
    return Exchange(
        seq=seq,
        connection=connection,
        started=started,
        answered=answered,
        ended=ended,
        request=request,
        info=info,
        answer=None if answer is None else _answered(answer, headers, size, digest),
        end=end,
        end_detail=end_detail,
        altered=altered,
        upgrade=upgrade,
        caller=caller,
        identity=identity,
        forwarded=forwarded,
        fault=fault,
        trace_id=trace_id,
        parent_id=parent_id,
    )


def _check_numbers(seq: object, connection: object, started: object, *later: object) -> None:
    """TypeError if one is none; of `later` ones, if one is neither a number nor missing."""
    if not (isinstance(seq, int) and isinstance(connection, int) and isinstance(started, int)):
        raise TypeError("a number is none")
    if not all(each is None or isinstance(each, int) for each in later):
        raise TypeError("a time is no number")


def _known(text: str) -> _Recurring:
    return _recurring(text) if len(text) < _LARGEST else _recurring.__wrapped__(text)


@lru_cache(maxsize=1024)
def _recurring(text: str) -> _Recurring:
    cells = parsed(text)
    if len(cells) < _RECURRING:
        cells += _SINCE_1
    answer = cells[_ANSWER]
    texts = [*cells[_REQUEST], *cells[_INFO], *cells[_REST]]
    _check_texts(each for place, each in enumerate(texts) if place not in _NUMBERS)
    end, end_detail, altered, upgrade, caller, identity, forwarded, fault = cells[_REST]
    return _Recurring(
        request=cells[_REQUEST],
        info=cells[_INFO],
        answer=None if answer[0] is None else _answer(answer),
        end=_ENDS[end],
        end_detail=end_detail,
        altered=Altered(altered),
        upgrade=upgrade,
        caller=caller,
        identity=_IDENTITIES[identity],
        forwarded=forwarded,
        fault=fault,
    )


@lru_cache(maxsize=1024)  # most requests recur
def _asked(  # noqa: PLR0913, PLR0917 - the columns of a request
    rest: str, target: str, headers: str, size: int, digest: Digest | None, path: str, namespace: str, name: str
) -> tuple[Request, RequestInfo]:
    """A request, and what it asks for."""
    known = _known(rest)
    _check_texts((target, path, namespace, name))
    _check_body(size, digest)
    method, http_version, trailers, state, reason = known.request
    verb, is_resource, group, version, resource, subresource = known.info
    request = Request(
        method=method,
        target=target,
        http_version=http_version,
        headers=known_headers(headers),
        body=Body(state=STATES[state], size=size, digest=digest, reason=reason),
        trailers=known_headers(trailers),
    )
    info = RequestInfo(
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
    return request, info


def _answer(cells: Cells) -> _Answer:
    status, reason, http_version, trailers, informational, state, why = cells
    _check_texts((reason, http_version, trailers, informational, state, why))
    if not isinstance(status, int):
        raise TypeError("a status is no number")
    return _Answer(
        status=status,
        reason=reason,
        http_version=http_version,
        trailers=known_headers(trailers),
        informational=() if informational == "[]" else tuple(map(int, json.loads(informational))),
        state=STATES[state],
        why=why,
    )


def _check_texts(cells: Iterable[object]) -> None:
    """TypeError if one is none."""
    if not all(isinstance(each, str) for each in cells):
        raise TypeError("a text is none")


def _check_body(size: object, digest: object) -> None:
    if not isinstance(size, int) or not (digest is None or isinstance(digest, str)):
        raise TypeError("a body's size is no number, or its name no text")


def _answered(answer: _Answer, headers: str, size: int, digest: Digest | None) -> Answer:
    status, reason, http_version, trailers, informational, state, why = answer
    _check_body(size, digest)
    return Answer(
        status=status,
        reason=reason,
        http_version=http_version,
        headers=headers_of(headers),
        body=Body(state=state, size=size, digest=digest, reason=why),
        trailers=trailers,
        informational=informational,
    )


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
