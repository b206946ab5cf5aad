"""The trace context of requests (W3C Trace Context): a client's own, and the one that a request goes on with.

While a relay stands between the api-server and etcd, each request goes on with a parent id of kproxy's, in a client's
own trace where it has one. An api-server without tracing hands it on, unchanged, in the metadata of each call to etcd.
The ids are made of random bytes of the session and the exchange's number, so that nobody has to remember them.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from kproxy.wire.http1_head import KnownField

_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^\r\n]*+)?")
_OF_TRACES = re.compile(rb"(?i:trace(?:parent|state)):[^\r\n]*+\r\n")
_TRACEPARENTS = re.compile(rb"(?i:traceparent):[^\r\n]*+\r\n")
_NO_TRACE, _NO_PARENT = b"0" * 32, b"0" * 16
_KNOWN_FLAGS = 0x03  # sampled, and level 2's random; a participant that changes the parent clears the others
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class TraceSeeds:
    """What a session's ids are made of; a successor of the recorder must have the same.

    `trace`: the first 16 hex digits of a trace id, the exchange's number the last 16. `parent`: 63 bits, the highest of
    them set, that a parent id's number is mixed with. `sampled`: whether an api-server that traces is told to keep its
    spans of our traces (a client's own flags stay what they are).
    """

    trace: str
    parent: int
    sampled: bool = False

    def trace_id(self, seq: int) -> str:
        """The trace of a request that belongs to none of its client's."""
        return f"{self.trace}{seq:016x}"

    def parent_id(self, seq: int) -> str:
        """Kproxy's part in a request's trace, whosever it is."""
        return f"{self.parent ^ seq:016x}"


def new_seeds(*, sampled: bool = False) -> TraceSeeds:
    """Random ones."""
    return TraceSeeds(secrets.token_hex(8), secrets.randbits(62) | 1 << 62, sampled)


@dataclass(frozen=True, slots=True)
class ClientTrace:
    """What a client's own traceparent says: 32, 16 and 2 hex digits."""

    trace_id: bytes
    parent_id: bytes
    flags: bytes


def client_trace(values: Sequence[bytes]) -> ClientTrace | None:
    """The trace that a request's traceparent fields name; None where they name none (section 3.2.2).

    Of a version to come only what this one has is read, as section 4.1 wants it.
    """
    match = _TRACEPARENT.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == b"ff" or (version == b"00" and rest is not None):
        return None
    if trace_id == _NO_TRACE or parent_id == _NO_PARENT:
        return None
    known = int(flags, 16) & (_KNOWN_FLAGS if version == b"00" else _SAMPLED)
    return ClientTrace(trace_id, parent_id, b"%02x" % known)


def trace_ids(value: bytes) -> tuple[str, str]:
    """The trace and parent that one traceparent names, "" and "" where it names none."""
    trace = client_trace((value.strip(b" \t"),))
    return ("", "") if trace is None else (trace.trace_id.decode("ascii"), trace.parent_id.decode("ascii"))


class Tracer:
    """Writes the traceparent into heads on their way."""

    def __init__(self, seeds: TraceSeeds) -> None:
        self._trace = seeds.trace.encode("ascii")
        self._parent = seeds.parent
        self._flags = b"01" if seeds.sampled else b"00"
        self._start = b"Traceparent: 00-" + self._trace
        self._end = b"-%b\r\n\r\n" % self._flags

    def traceparent(self, trace: ClientTrace | None, seq: int) -> bytes:
        """The field's value for a request, of a client's trace or its own."""
        if trace is None:
            return b"00-%b%016x-%016x-%b" % (self._trace, seq, seq ^ self._parent, self._flags)
        return b"00-%b-%016x-%b" % (trace.trace_id, seq ^ self._parent, trace.flags)

    def onward(self, fields: Sequence[KnownField], head: bytes, seq: int) -> bytes:
        """`head`, whose fields have become what they become, with our traceparent in the place of the client's.

        `fields`: those that the client sent. A tracestate goes on with its trace only (section 3.3.1).
        """
        if not any(each[0].startswith(b"trace") for each in fields):  # what nearly all are like, written out
            return b"%b%b%016x-%016x%b" % (head[:-2], self._start, seq, seq ^ self._parent, self._end)
        trace = client_trace([value for name, value, *_ in fields if name == b"traceparent"])
        line, _, section = head.partition(b"\n")
        kept = _without(_OF_TRACES if trace is None else _TRACEPARENTS, section[:-2])
        return b"%b\n%bTraceparent: %b\r\n\r\n" % (line, kept, self.traceparent(trace, seq))


def _without(pattern: re.Pattern[bytes], section: bytes) -> bytes:
    """A field section without the lines that match."""
    return b"".join(line for line in section.splitlines(keepends=True) if pattern.fullmatch(line) is None)
