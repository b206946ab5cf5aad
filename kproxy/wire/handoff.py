"""The hand-off's format: how the proxy's bytes reach the recorder, and what the recorder answers.

Proxy to recorder, a stream of batches:

    batch  = number u64 | length u32 | records        numbers count from 1 and never repeat in a session
    record = type u8 | seq u64 | at u64 | length u32 | payload      (big-endian; `at`: CLOCK_MONOTONIC, nanoseconds)

A batch is idempotent: what it says of an exchange is the same however often it is said. A recorder that was started
again gets, before the batches that were not acknowledged, the retained records of every exchange that was open then
(batch number 0: never acknowledged), from its first record or from a RESUME.

Recorder to proxy, a stream of fixed messages (type u8 | a u64 | b u64 | c u32):

    READY       a = the last batch that is committed in the recording (0: none)
    COMMITTED   a = this batch and all before it are committed; since it was said last the recorder has worked
                b nanoseconds and waited c microseconds for a CPU
    CHECKPOINT  a = seq, b = offset in the answer's body, c = frames: all of this stream before `offset` is committed
                as `c` frames, the proxy need not retain it
    BLOCKED     the disk is full or the recording cannot be written: nothing is committed for now, a: errno
    UNBLOCKED   it goes on
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from kproxy.model.exchange import Altered, End, IdentityMode, Seq


class RecordType(IntEnum):
    """What a record's payload is."""

    REQUEST_HEAD = 1  # flags: see pack_head; then the raw head as the client sent it, CRLFCRLF included
    REQUEST_BODY = 2  # content, the transfer coding taken away
    REQUEST_TRAILERS = 3  # raw trailer section
    INFORMATIONAL = 4  # a 1xx answer's raw head (but 101)
    ANSWER_HEAD = 5  # raw head as the server sent it
    ANSWER_BODY = 6
    ANSWER_TRAILERS = 7
    UPGRADED = 8  # after a 101: payload is empty, what follows is TUNNEL
    TUNNEL = 9  # direction u8 (0 request, 1 answer) | bytes u64: how much went by after an upgrade
    END = 10  # code u8 (END_CODES) | detail as UTF-8
    RESUME = 11  # offset u64 | frames u32: a retained stream begins here; follows its heads
    GAP = 12  # last seq u64 | exchanges u32 | bytes u64 | reason as UTF-8; the record's seq is the first missing one
    CHANNEL = 13  # a frame of an upgraded connection: see pack_channel
    FAULT = 14  # the rule of --fault that touched the exchange, as UTF-8
    MARK = 15  # a named point, as UTF-8; the record's seq is that of the next exchange


class AnswerType(IntEnum):
    """What the recorder says."""

    READY = 1
    COMMITTED = 2
    CHECKPOINT = 3
    BLOCKED = 4
    UNBLOCKED = 5


END_CODES: tuple[End, ...] = (
    End.COMPLETE,
    End.CLIENT_GONE,
    End.SERVER_GONE,
    End.TIMEOUT,
    End.REFUSED,
    End.UNREACHABLE,
    End.STOPPED,
    End.UNKNOWN,
)
_END_NUMBER = {end: number for number, end in enumerate(END_CODES)}

_IDENTITIES: tuple[IdentityMode, ...] = (
    IdentityMode.NONE,
    IdentityMode.ONE,
    IdentityMode.PASS,
    IdentityMode.FRONT_PROXY,
    IdentityMode.IMPERSONATE,
)
IDENTITY_NUMBER = {mode: number for number, mode in enumerate(_IDENTITIES)}

_TYPES = {kind.value: kind for kind in RecordType}

RECORD = struct.Struct("!BQQI")
BATCH = struct.Struct("!QI")
HEAD = struct.Struct("!IBBBHH")  # connection, altered, identity, 1 if the connection is TLS, lengths of two names
ANSWER = struct.Struct("!BQQI")
RESUME = struct.Struct("!QI")
GAP = struct.Struct("!QIQ")
TUNNEL = struct.Struct("!BQ")
CHANNEL = struct.Struct("!BQBB")  # direction, bytes of content, 1 if the content follows, length of the channel's name

MAX_WAITED = 0xFFFFFFFF
"""Microseconds: more is said as so much."""

MAX_BATCH = 256 * 1024 * 1024
"""More than any batch the proxy makes: a length beyond it means that the stream is not ours."""


class Record(NamedTuple):
    """One record of a batch (a NamedTuple: half a dozen are made for each exchange)."""

    type: RecordType
    seq: Seq
    at: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class HeadPayload:
    """What a REQUEST_HEAD record says beside the head's bytes."""

    connection: int
    altered: Altered
    tls: bool
    caller: str
    raw: bytes
    identity: IdentityMode = IdentityMode.ONE
    forwarded: str = ""


@dataclass(frozen=True, slots=True)
class ChannelPayload:
    """What a CHANNEL record says. `content` is None where only its length was to be kept."""

    answer: bool
    channel: str
    size: int
    content: bytes | None


def pack_record(kind: RecordType, seq: int, at: int, payload: bytes = b"") -> bytes:
    """One record's bytes."""
    return RECORD.pack(kind, seq, at, len(payload)) + payload


@lru_cache(maxsize=256)
def _altered(number: int) -> Altered:
    """Making a flag of a number costs more than the rest of a head."""
    return Altered(number)


def pack_head(  # noqa: PLR0913 - all named; a function call less counts on the way of each request
    connection: int,
    altered: int,
    *,
    tls: bool,
    caller: bytes,
    raw: bytes,
    identity: int = IDENTITY_NUMBER[IdentityMode.ONE],
    forwarded: bytes = b"",
) -> bytes:
    """The payload of a REQUEST_HEAD record; `identity`: of IDENTITY_NUMBER."""
    return HEAD.pack(connection, altered, identity, tls, len(caller), len(forwarded)) + caller + forwarded + raw


def unpack_head(payload: bytes) -> HeadPayload:
    """What pack_head packed."""
    connection, altered, identity, tls, of_caller, of_forwarded = HEAD.unpack_from(payload)
    start = HEAD.size + of_caller
    caller = payload[HEAD.size : start].decode("utf-8", "replace")
    forwarded = payload[start : start + of_forwarded].decode("utf-8", "replace")
    return HeadPayload(
        connection=connection,
        altered=_altered(altered),
        tls=bool(tls),
        caller=caller,
        raw=payload[start + of_forwarded :],
        identity=_IDENTITIES[identity],
        forwarded=forwarded,
    )


def pack_channel(*, answer: bool, channel: bytes, size: int, content: bytes | None) -> bytes:
    """The payload of a CHANNEL record; `channel`: at most 255 bytes of UTF-8."""
    return CHANNEL.pack(answer, size, content is not None, len(channel)) + channel + (content or b"")


def unpack_channel(payload: bytes) -> ChannelPayload:
    """What pack_channel packed."""
    answer, size, kept, length = CHANNEL.unpack_from(payload)
    start = CHANNEL.size + length
    name = payload[CHANNEL.size : start].decode("utf-8", "replace")
    return ChannelPayload(bool(answer), name, size, payload[start:] if kept else None)


def pack_end(end: End, detail: str = "") -> bytes:
    """The payload of an END record."""
    return bytes([_END_NUMBER[end]]) + detail.encode()


def unpack_end(payload: bytes) -> tuple[End, str]:
    """What pack_end packed."""
    return END_CODES[payload[0]], payload[1:].decode("utf-8", "replace")


def pack_batch(number: int, records: bytes) -> bytes:
    """A batch of packed records."""
    return BATCH.pack(number, len(records)) + records


def unpack_records(records: bytes) -> Iterator[Record]:
    """The records of a batch's body. ValueError if they are cut."""
    offset, end = 0, len(records)
    while offset < end:
        if offset + RECORD.size > end:
            raise ValueError("a hand-off record is cut in its head")
        kind, seq, at, length = RECORD.unpack_from(records, offset)
        offset += RECORD.size
        if offset + length > end:
            raise ValueError("a hand-off record is cut in its payload")
        if kind not in _TYPES:
            raise ValueError(f"a hand-off record is of unknown type {kind}")
        yield Record(_TYPES[kind], Seq(seq), at, records[offset : offset + length])
        offset += length


def pack_answer(kind: AnswerType, a: int = 0, b: int = 0, c: int = 0) -> bytes:
    """One of the recorder's answers."""
    return ANSWER.pack(kind, a, b, c)
