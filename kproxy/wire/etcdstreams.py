"""The streams of a connection to etcd, each as far as it has come: one call, or the requests of a stream of them.

A stream gets the DATA of both sides with the times they passed (CLOCK_MONOTONIC, nanoseconds) and gives the calls that
are complete.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from kproxy.model.etcd import EtcdCall, KeyOperation, Operation, Revision
from kproxy.model.exchange import Nanos
from kproxy.wire.etcdcalls import (
    COUNTS_UNREAD,
    NESTED,
    NOTHING_ANSWERED,
    NOTHING_ASKED,
    Answered,
    Asked,
    Method,
    answered,
    asked,
)
from kproxy.wire.grpcmessages import Budget, Deframer, Message

REQUEST_LIMIT = 4 * 1024 * 1024
"""Bytes of a request that is read; etcd takes 1.5 MiB unless it is told another bound."""
ANSWER_LIMIT = 4 * 1024 * 1024
"""The same of an answer that has no bulk to be read past."""

type Calls = list[EtcdCall]


class Opened(NamedTuple):
    """How a stream began. `number` gives the next call's."""

    connection: int
    stream: int
    number: Callable[[], int]
    at: int
    trace_id: str = ""
    parent_id: str = ""


class Stream(Protocol):
    """A stream that is read."""

    def request(self, data: memoryview, at: int) -> Calls:
        """The client's bytes."""

    def answer(self, data: memoryview, at: int) -> Calls:
        """The server's."""

    def end(self, at: int, status: int | None) -> Calls:
        """Nothing more comes; `status` None: without trailers."""

    def unreadable(self, reason: str) -> None:
        """What comes from here on cannot be read."""


class Unary:
    """One request; its answer, which may come in parts (KV/RangeStream)."""

    __slots__ = ("_answered", "_answers", "_asked", "_method", "_number", "_opened", "_partial", "_requests")

    def __init__(self, method: Method, opened: Opened, budget: Budget) -> None:
        self._method = method
        self._opened = opened
        self._number = opened.number()
        self._requests = Deframer(REQUEST_LIMIT, budget)
        self._answers = Deframer(ANSWER_LIMIT, budget, method.bulk)
        self._asked = NOTHING_ASKED
        self._answered = NOTHING_ANSWERED
        self._partial = ""

    def request(self, data: memoryview, at: int) -> Calls:
        """The client's bytes."""
        del at
        for message in self._requests.feed(data):
            content, self._partial = _content(message, "request", self._partial)
            if content is not None:
                self._asked = asked(self._method, content)
        return []

    def answer(self, data: memoryview, at: int) -> Calls:
        """The server's."""
        del at
        for message in self._answers.feed(data):
            content, self._partial = _content(message, "answer", self._partial)
            if message.dropped and self._method.name == "KV/Txn":  # its bulk is what each operation answered
                self._partial = self._partial or COUNTS_UNREAD
            if content is not None:
                self._answered = _merged(self._answered, answered(self._method, content))
        return []

    def unreadable(self, reason: str) -> None:
        """What comes from here on cannot be read."""
        self._partial = self._partial or reason

    def end(self, at: int, status: int | None) -> Calls:
        """Nothing more comes; `status` None: without trailers."""
        self._requests.close()
        self._answers.close()
        what, opened = self._answered, self._opened
        broken = self._requests.failed or self._answers.failed
        operations = _carried_out(self._asked, what)
        return [
            EtcdCall(
                number=self._number,
                cluster=what.cluster,
                connection=opened.connection,
                stream=opened.stream,
                started=Nanos(opened.at),
                ended=Nanos(at),
                method=self._method.name,
                trace_id=opened.trace_id,
                parent_id=opened.parent_id,
                compares=self._asked.compares,
                operations=operations,
                succeeded=what.succeeded,
                revision=what.revision,
                status=status,
                request_size=self._requests.total,
                answer_size=self._answers.total,
                lease=what.lease or self._asked.lease,
                partial=broken or self._partial or self._asked.partial or what.partial or _nested(operations),
            )
        ]


def _nested(operations: tuple[KeyOperation, ...]) -> str:
    for each in operations:
        if each.operation is Operation.TXN:
            return NESTED
    return ""


def _carried_out(question: Asked, what: Answered) -> tuple[KeyOperation, ...]:
    """The operations of the branch that was taken, with the counts of the answer."""
    operations = question.otherwise if what.succeeded is False else question.operations
    if not any(what.counts):
        return operations
    counts = (*what.counts, *(0 for _ in operations[len(what.counts) :]))
    return tuple(
        _counted(operation, count) if count else operation for operation, count in zip(operations, counts, strict=False)
    )


def _counted(each: KeyOperation, count: int) -> KeyOperation:
    return KeyOperation(
        operation=each.operation,
        keys=each.keys,
        count=count,
        limit=each.limit,
        at=each.at,
        count_only=each.count_only,
        keys_only=each.keys_only,
        size=each.size,
        lease=each.lease,
    )


def _merged(before: Answered, now: Answered) -> Answered:
    """Parts of one answer: what only the last has is not taken away by an earlier one."""
    if before is NOTHING_ANSWERED:
        return now
    return Answered(
        now.cluster or before.cluster,
        Revision(now.revision or before.revision),
        now.succeeded if now.succeeded is not None else before.succeeded,
        now.counts if any(now.counts) else before.counts,
        now.lease or before.lease,
        now.partial or before.partial,
    )


def _content(message: Message, what: str, partial: str) -> tuple[bytes | memoryview | None, str]:
    """A message's content, if it can be read, and what is to be said if not."""
    if message.compressed:
        return None, partial or f"the {what} is compressed"
    if message.content is None:
        return None, partial or f"the {what} of {message.size} bytes is not read"
    return message.content, partial
