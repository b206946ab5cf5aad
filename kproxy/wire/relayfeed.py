"""The etcd relay's feed: what it tells whoever attaches to its unix socket (docs/etcd-relay.md).

Relay to reader, from the moment of attaching, a stream of frames: `length u32 | type u8 | CBOR`, big-endian, `length`
that of type and CBOR. Each frame's CBOR is an array, read by its type:

    HELLO    version, relay's id, its pid, [[etcd's URL, URL to give to --etcd-servers], …], now, the last number given
    CALLS    calls that ended, each an array of CALL's columns; a call counts if its request came after the attaching
    LOST     calls, first, last: so many were not told, as this reader was too slow; the times of their ends
    UNREAD   connection, etcd's URL, at, why: it is relayed on, but nothing of it is read any more; those that were so
             before the attaching are told behind HELLO
    SYNCED   token, at: all calls whose answers had passed the relay when the token came are told

All times are CLOCK_MONOTONIC in nanoseconds. Reader to relay: tokens, u64 each, which are answered by SYNCED; the
reader shuts its side down or closes to detach.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import cbor2

from kproxy.model.etcd import ClusterId, Compared, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.model.exchange import Nanos

VERSION = 1
_MAX_FRAME = 64 * 1024 * 1024
"""Bytes of a frame; a length beyond it means that the stream is not ours."""

_LENGTH = struct.Struct("!IB")
_TOKEN = struct.Struct("!Q")


class FeedError(Exception):
    """The bytes are no feed of a relay; says why, as the end of a sentence."""


class _Type(IntEnum):
    HELLO = 1
    CALLS = 2
    LOST = 3
    UNREAD = 4
    SYNCED = 5


@dataclass(frozen=True, slots=True)
class Relayed:
    """One etcd member: its own URL, and the relay's URL for it."""

    etcd: str
    listen: str


@dataclass(frozen=True, slots=True)
class Hello:
    """The first record. `relay`: an id that no other start of a relay has; `calls`: the last number it has given."""

    relay: str
    pid: int
    relayed: tuple[Relayed, ...]
    at: int
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """So many calls were not told; `first` and `last`: when the first and last of them ended."""

    count: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A connection that is relayed, but not read, from `at` on."""

    connection: int
    etcd: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Synced:
    """The answer to a token."""

    token: int
    at: int


type FeedRecord = Hello | EtcdCall | Lost | Unread | Synced
"""A call's `number` counts the calls of this relay from its start; `started` and `ended` are CLOCK_MONOTONIC."""


def pack_hello(hello: Hello) -> bytes:
    """HELLO."""
    relayed = [(each.etcd, each.listen) for each in hello.relayed]
    return _frame(_Type.HELLO, (VERSION, hello.relay, hello.pid, relayed, hello.at, hello.calls))


def pack_calls(calls: Iterable[EtcdCall]) -> bytes:
    """CALLS."""
    return _frame(_Type.CALLS, [_row(call) for call in calls])


def pack_lost(lost: Lost) -> bytes:
    """LOST."""
    return _frame(_Type.LOST, (lost.count, lost.first, lost.last))


def pack_unread(unread: Unread) -> bytes:
    """UNREAD."""
    return _frame(_Type.UNREAD, (unread.connection, unread.etcd, unread.at, unread.reason))


def pack_synced(synced: Synced) -> bytes:
    """SYNCED."""
    return _frame(_Type.SYNCED, (synced.token, synced.at))


def pack_token(token: int) -> bytes:
    """What a reader sends to be told SYNCED."""
    return _TOKEN.pack(token)


class TokenReader:
    """The relay's side: tokens out of a reader's bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[int]:
        """The tokens that these bytes complete."""
        data = self._rest + data
        whole = len(data) // _TOKEN.size * _TOKEN.size
        self._rest = data[whole:]
        return [token for (token,) in _TOKEN.iter_unpack(data[:whole])]


class FeedReader:
    """A reader's side: the feed's bytes in, records out."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[FeedRecord]:
        """The records that these bytes complete. FeedError if they are none of a relay's."""
        self._buffer += data
        records: list[FeedRecord] = []
        at = 0
        while len(self._buffer) - at >= _LENGTH.size:
            length, kind = _LENGTH.unpack_from(self._buffer, at)
            if not 1 <= length <= _MAX_FRAME:
                raise FeedError(f"a frame of {length} bytes cannot be")
            end = at + 4 + length
            if len(self._buffer) < end:
                break
            records += _records(kind, bytes(self._buffer[at + _LENGTH.size : end]))
            at = end
        del self._buffer[:at]
        return records


def _frame(kind: _Type, content: object) -> bytes:
    packed = cbor2.dumps(content)
    return _LENGTH.pack(len(packed) + 1, kind) + packed


def _records(kind: int, packed: bytes) -> list[FeedRecord]:
    try:
        content = cbor2.loads(packed)
        if kind == _Type.CALLS:
            return [_call(row) for row in content]
        return [_other(kind, content)]
    except FeedError:
        raise
    except (cbor2.CBORDecodeError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise FeedError(f"a frame of type {kind} cannot be read ({type(error).__name__})") from None


def _other(kind: int, content: Sequence[object]) -> FeedRecord:
    if kind == _Type.HELLO:
        known = (_NUMBER, _TEXT, _NUMBER, _LIST, _NUMBER, _NUMBER)
        version, relay, pid, relayed, at, calls = _checked(content, known)
        if version != VERSION:
            raise FeedError(f"it is of version {version}, and this kproxy reads {VERSION}")
        return Hello(relay, pid, tuple(Relayed(*_checked(each, (_TEXT, _TEXT))) for each in relayed), at, calls)
    if kind == _Type.LOST:
        return Lost(*_checked(content, (_NUMBER, _NUMBER, _NUMBER)))
    if kind == _Type.UNREAD:
        return Unread(*_checked(content, (_NUMBER, _TEXT, _NUMBER, _TEXT)))
    if kind == _Type.SYNCED:
        return Synced(*_checked(content, (_NUMBER, _NUMBER)))
    raise FeedError(f"there is no frame of type {kind}")


type _ComparedRow = tuple[bytes, str, str, int]
type _OperationRow = tuple[str, bytes, bytes, int, int, int, bool, bool, int, int]
type _Row = tuple[
    int,
    str,
    int,
    int,
    int,
    int | None,
    str,
    str,
    str,
    list[_ComparedRow],
    list[_OperationRow],
    bool | None,
    int,
    int | None,
    int,
    int,
    int,
    str,
]


def _row(call: EtcdCall) -> _Row:
    """CALL's columns: EtcdCall's fields in their order."""
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
        [(each.key, each.target, each.relation, each.expected) for each in call.compares],
        [_operation_row(each) for each in call.operations],
        call.succeeded,
        call.revision,
        call.status,
        call.request_size,
        call.answer_size,
        call.lease,
        call.partial,
    )


def _operation_row(each: KeyOperation) -> _OperationRow:
    keys = each.keys
    return (
        each.operation._value_,
        keys.key,
        keys.end,
        each.count,
        each.limit,
        each.at,
        each.count_only,
        each.keys_only,
        each.size,
        each.lease,
    )


_NUMBER, _TEXT, _BYTES, _BOOL, _LIST = (frozenset({kind}) for kind in (int, str, bytes, bool, list))
_MAYBE = frozenset({type(None)})
_CALL_TYPES = (
    *(_NUMBER, _TEXT, _NUMBER, _NUMBER, _NUMBER, _NUMBER | _MAYBE, _TEXT, _TEXT, _TEXT, _LIST, _LIST),
    *(_BOOL | _MAYBE, _NUMBER, _NUMBER | _MAYBE, _NUMBER, _NUMBER, _NUMBER, _TEXT),
)
_COMPARED_TYPES = (_BYTES, _TEXT, _TEXT, _NUMBER)
_OPERATION_TYPES = (*(_TEXT, _BYTES, _BYTES, _NUMBER, _NUMBER, _NUMBER, _BOOL, _BOOL, _NUMBER, _NUMBER),)


def _checked(row: Sequence[Any], types: tuple[frozenset[type], ...]) -> Sequence[Any]:  # each of one of its types
    """A row. FeedError if its columns are not of these types: what is read is what it says it is."""
    if not all(type(value) in known for value, known in zip(row, types, strict=True)):
        raise FeedError("a column is of another type")
    return row


class _Shapes:
    """The same for many rows: what was right once is right again. What may be are the products of few alternatives."""

    def __init__(self, types: tuple[frozenset[type], ...]) -> None:
        self._types = types
        self._known: set[tuple[type, ...]] = set()

    def check(self, row: Sequence[object]) -> None:
        """FeedError."""
        shape = tuple(map(type, row))
        if shape not in self._known:
            _checked(row, self._types)
            self._known.add(shape)


_CALLS, _COMPARES, _OPERATIONS = _Shapes(_CALL_TYPES), _Shapes(_COMPARED_TYPES), _Shapes(_OPERATION_TYPES)


def _call(row: _Row) -> EtcdCall:
    _CALLS.check(row)
    number, cluster, connection, stream, started, ended, method, trace_id, parent_id = row[:9]
    compares, operations, succeeded, revision, status, request_size, answer_size, lease, partial = row[9:]
    return EtcdCall(
        number=number,
        cluster=ClusterId(cluster),
        connection=connection,
        stream=stream,
        started=Nanos(started),
        ended=None if ended is None else Nanos(ended),
        method=method,
        trace_id=trace_id,
        parent_id=parent_id,
        compares=tuple([_compared(each) for each in compares]),
        operations=tuple([_operation(each) for each in operations]),
        succeeded=succeeded,
        revision=Revision(revision),
        status=status,
        request_size=request_size,
        answer_size=answer_size,
        lease=lease,
        partial=partial,
    )


def _compared(row: _ComparedRow) -> Compared:
    _COMPARES.check(row)
    key, target, relation, expected = row
    return Compared(key=EtcdKey(key), target=target, relation=relation, expected=expected)


_KINDS = {each.value: each for each in Operation}


def _operation(row: _OperationRow) -> KeyOperation:
    _OPERATIONS.check(row)
    operation, key, end, count, limit, at, count_only, keys_only, size, lease = row
    return KeyOperation(
        operation=_KINDS[operation],
        keys=KeyRange(key=EtcdKey(key), end=end),
        count=count,
        limit=limit,
        at=Revision(at),
        count_only=count_only,
        keys_only=keys_only,
        size=size,
        lease=lease,
    )
