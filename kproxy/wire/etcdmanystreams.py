"""Streams to etcd that carry many requests: watches, and leases kept alive. Each answered request is a call."""

from collections import deque
from typing import NamedTuple, Protocol

from google.protobuf.message import DecodeError

from kproxy.model.etcd import ClusterId, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.model.exchange import Nanos
from kproxy.wire.etcdcalls import (
    NOTHING_ANSWERED,
    NOTHING_ASKED,
    Answered,
    Asked,
    Method,
    answered,
    asked,
    key_range,
    parsed,
)
from kproxy.wire.etcdstreams import ANSWER_LIMIT, REQUEST_LIMIT, Calls, Opened, Stream
from kproxy.wire.grpcmessages import Budget, Bulk, Deframer, Message

MAX_WAITING = 20_000
"""Requests of a stream that wait for their answers, and watches whose keys are remembered."""


class _Waiting(NamedTuple):
    """A request within a stream whose answer has not come."""

    number: int
    at: int
    size: int
    asked: Asked
    first: bool  # what opened the stream: its trace is the stream's


class KeepAlives:
    """Lease/LeaseKeepAlive: an answer for each request, in their order."""

    def __init__(self, method: Method, opened: Opened, budget: Budget) -> None:
        self._method = method
        self._opened = opened
        self._requests = Deframer(REQUEST_LIMIT, budget)
        self._answers = Deframer(ANSWER_LIMIT, budget)
        self._waiting: deque[_Waiting] = deque()
        self._first = True
        self._deaf = False

    def request(self, data: memoryview, at: int) -> Calls:
        """The client's bytes."""
        for message in self._requests.feed(data):
            what = NOTHING_ASKED if message.content is None else asked(self._method, message.content)
            if self._deaf or len(self._waiting) >= MAX_WAITING:
                self.unreadable("too many requests wait for their answers")
                continue
            self._waiting.append(_Waiting(self._opened.number(), at, message.size, what, self._first))
            self._first = False
        _heed(self, self._requests)
        return []

    def answer(self, data: memoryview, at: int) -> Calls:
        """The server's."""
        calls = []
        for message in self._answers.feed(data):
            if self._waiting:
                what = NOTHING_ANSWERED if message.content is None else answered(self._method, message.content)
                calls.append(
                    _within(self._method.name, self._opened, self._waiting.popleft(), what, _Ended(at, message.size))
                )
        _heed(self, self._answers)
        return calls

    def unreadable(self, reason: str) -> None:
        """No request is told any more: which answer is whose is not known."""
        del reason
        self._deaf = True
        self._waiting.clear()

    def end(self, at: int, status: int | None) -> Calls:
        """Nothing more comes; `status` None: without trailers."""
        self._requests.close()
        self._answers.close()
        return [
            _within(self._method.name, self._opened, each, NOTHING_ANSWERED, _Ended(at, status=status or None))
            for each in self._waiting
        ]


class _Create(Protocol):
    key: bytes
    range_end: bytes
    start_revision: int


class _Cancel(Protocol):
    watch_id: int


class _WatchRequest(Protocol):
    create_request: _Create
    cancel_request: _Cancel

    def WhichOneof(self, name: str) -> str | None: ...  # noqa: N802 - protobuf's


class _Header(Protocol):
    cluster_id: int
    revision: int


class _WatchAnswer(Protocol):
    header: _Header
    watch_id: int
    created: bool
    canceled: bool
    compact_revision: int


class Watches:
    """Watch/Watch: watches are made and ended within one stream; events are passed over."""

    def __init__(self, opened: Opened, budget: Budget) -> None:
        self._opened = opened
        self._requests = Deframer(REQUEST_LIMIT, budget)
        self._answers = Deframer(ANSWER_LIMIT, budget, Bulk(11))
        self._making: deque[_Waiting] = deque()
        self._ending: dict[int, _Waiting] = {}
        self._keys: dict[int, KeyRange] = {}
        self._first = True
        self._deaf = False

    def request(self, data: memoryview, at: int) -> Calls:
        """The client's bytes."""
        for message in self._requests.feed(data):
            if message.content is None or len(self._making) >= MAX_WAITING:
                self.unreadable("a request is not read")
            elif not self._deaf:
                self._asked(message, message.content, at)
        _heed(self, self._requests)
        return []

    def answer(self, data: memoryview, at: int) -> Calls:
        """The server's."""
        calls: Calls = []
        for message in self._answers.feed(data):
            if message.content is not None and not message.dropped and not is_event(message.content):
                calls += self._answered(message, message.content, at)
        _heed(self, self._answers)
        return calls

    def unreadable(self, reason: str) -> None:
        """No watch is told any more: which answer is whose is not known."""
        del reason
        self._deaf = True
        self._making.clear()
        self._ending.clear()

    def end(self, at: int, status: int | None) -> Calls:
        """Nothing more comes; `status` None: without trailers."""
        self._requests.close()
        self._answers.close()
        left, ended = [*self._making, *self._ending.values()], _Ended(at, status=status or None)
        return [_within("Watch/Watch", self._opened, each, NOTHING_ANSWERED, ended) for each in left]

    def _asked(self, message: Message, content: bytes | memoryview, at: int) -> None:
        try:
            request: _WatchRequest = parsed("WatchRequest", content)
        except DecodeError:
            return
        kind = request.WhichOneof("request_union")
        if kind == "create_request":
            create = request.create_request
            keys = key_range(create.key, create.range_end)
            operation = KeyOperation(operation=Operation.WATCH, keys=keys, at=Revision(create.start_revision))
            self._making.append(self._waits(message, operation, at))
        elif kind == "cancel_request" and len(self._ending) < MAX_WAITING:
            watch = request.cancel_request.watch_id
            keys = self._keys.get(watch, _NO_KEYS)
            self._ending[watch] = self._waits(message, KeyOperation(operation=Operation.CANCEL, keys=keys), at)

    def _waits(self, message: Message, operation: KeyOperation, at: int) -> _Waiting:
        first, self._first = self._first, False
        return _Waiting(self._opened.number(), at, message.size, Asked(operations=(operation,)), first)

    def _answered(self, message: Message, content: bytes | memoryview, at: int) -> Calls:
        try:
            answer: _WatchAnswer = parsed("WatchResponse", content)
        except DecodeError:
            return []
        header = answer.header
        what = Answered(ClusterId(f"{header.cluster_id:016x}"), Revision(header.revision))
        calls: Calls = []
        if answer.created and self._making:
            making = self._making.popleft()
            if len(self._keys) < MAX_WAITING:
                self._keys[answer.watch_id] = making.asked.operations[0].keys
            calls.append(_within("Watch/Watch", self._opened, making, what, _Ended(at, message.size)))
        if answer.canceled and not self._deaf:
            ending = self._ending.pop(answer.watch_id, None) or self._unasked(answer, at)
            self._keys.pop(answer.watch_id, None)
            calls.append(_within("Watch/Watch", self._opened, ending, what, _Ended(at, message.size)))
        return calls

    def _unasked(self, answer: _WatchAnswer, at: int) -> _Waiting:
        """Etcd itself ended the watch."""
        keys, before = self._keys.get(answer.watch_id, _NO_KEYS), Revision(answer.compact_revision)
        operation = KeyOperation(operation=Operation.CANCEL, keys=keys, at=before)
        return _Waiting(self._opened.number(), at, 0, Asked(operations=(operation,)), first=False)


_NO_KEYS = KeyRange(key=EtcdKey(b""))


def is_event(content: bytes | memoryview) -> bool:
    """Whether a WatchResponse brings events or progress: header, the watch's id, no word of its making or ending.

    Each change of a key comes so, once for each watch that sees it; reading them whole would cost more than all calls.
    """
    size = len(content)
    if size < 2 or content[0] != 0x0A or content[1] >= 0x80:
        return False
    at = 2 + content[1]
    if at < size and content[at] == 0x10:  # the watch's id, a varint
        at += 1
        while at < size and content[at] >= 0x80:
            at += 1
        at += 1
    return at >= size or content[at] in {0x38, 0x5A}  # nothing more, `fragment`, `events`


def _heed(stream: Stream, side: Deframer) -> None:
    if side.failed:
        stream.unreadable(side.failed)


class _Ended(NamedTuple):
    """How a request within a stream ended; `status`: if no answer came."""

    at: int
    size: int = 0
    status: int | None = None


def _within(method: str, opened: Opened, waiting: _Waiting, what: Answered, end: _Ended) -> EtcdCall:
    return EtcdCall(
        number=waiting.number,
        cluster=what.cluster,
        connection=opened.connection,
        stream=opened.stream,
        started=Nanos(waiting.at),
        ended=Nanos(end.at),
        method=method,
        trace_id=opened.trace_id if waiting.first else "",
        parent_id=opened.parent_id if waiting.first else "",
        operations=waiting.asked.operations,
        revision=what.revision,
        status=0 if what.cluster else end.status,
        request_size=waiting.size,
        answer_size=end.size,
        lease=what.lease or waiting.asked.lease,
        partial=waiting.asked.partial or what.partial,
    )
