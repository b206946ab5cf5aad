"""What a call to etcd asks and is told, out of its messages (etcd's rpc.proto). Of values the size alone counts.

Calls that are read: those of the services KV, Lease and Watch. `asked` reads a request, `answered` an answer.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple, Protocol

from google.protobuf.message import DecodeError, Message

from kproxy.model.etcd import ClusterId, Compared, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.wire.descriptors import ByTable, message_class
from kproxy.wire.grpcmessages import Bulk

PREFIX = b"/etcdserverpb."
"""What the paths of etcd's services begin with."""
MAX_OPERATIONS = 1000
"""Operations, and conditions, of a transaction that are kept; etcd's own bound is 128 unless it is told another."""

COUNTS_UNREAD = "the counts of its operations are not read"
"""Of a transaction whose answer is large: `EtcdCall.partial`."""

NESTED = "what a transaction within the transaction does is not read"
"""Of a transaction whose branch that was taken holds another one: `EtcdCall.partial`."""

_TARGETS = {0: "version", 1: "create", 2: "mod", 3: "value", 4: "lease"}
_FIELDS = {0: "version", 1: "create_revision", 2: "mod_revision", 4: "lease"}
_RELATIONS = {0: "=", 1: ">", 2: "<", 3: "≠"}


class Asked(NamedTuple):
    """A request. `otherwise`: a transaction's second branch."""

    compares: tuple[Compared, ...] = ()
    operations: tuple[KeyOperation, ...] = ()
    otherwise: tuple[KeyOperation, ...] = ()
    lease: int = 0
    partial: str = ""


class Answered(NamedTuple):
    """An answer. `counts`: of each operation that was carried out; `cluster` "": it names none."""

    cluster: ClusterId = ClusterId("")
    revision: Revision = Revision(0)
    succeeded: bool | None = None
    counts: tuple[int, ...] = ()
    lease: int = 0
    partial: str = ""


NOTHING_ASKED = Asked()
NOTHING_ANSWERED = Answered()


class _Header(Protocol):
    cluster_id: int
    revision: int


class _Range(Protocol):
    key: bytes
    range_end: bytes
    limit: int
    revision: int
    keys_only: bool
    count_only: bool


class _Put(Protocol):
    key: bytes
    value: bytes
    lease: int


class _Delete(Protocol):
    key: bytes
    range_end: bytes


class _Operation(Protocol):
    request_range: _Range
    request_put: _Put
    request_delete_range: _Delete
    request_txn: "_Txn"

    def WhichOneof(self, name: str) -> str | None: ...  # noqa: N802 - protobuf's


class _Compare(Protocol):
    result: int
    target: int
    key: bytes


class _Txn(Protocol):
    compare: Sequence[_Compare]
    success: Sequence[_Operation]
    failure: Sequence[_Operation]


class _Revision(Protocol):
    revision: int


class _Lease(Protocol):
    ID: int


class _Answer(Protocol):
    header: _Header


class _RangeAnswer(_Answer, Protocol):
    count: int


class _DeleteAnswer(_Answer, Protocol):
    deleted: int


class _LeaseAnswer(_Answer, Protocol):
    ID: int


class _OperationAnswer(Protocol):
    response_range: _RangeAnswer
    response_delete_range: _DeleteAnswer

    def WhichOneof(self, name: str) -> str | None: ...  # noqa: N802 - protobuf's


class _TxnAnswer(_Answer, Protocol):
    succeeded: bool
    responses: Sequence[_OperationAnswer]


class _StreamAnswer(Protocol):
    range_response: _RangeAnswer


def key_range(key: bytes, end: bytes) -> KeyRange:
    """As the model has it."""
    return KeyRange(key=EtcdKey(key), end=end)


def _range(request: _Range) -> KeyOperation:
    return KeyOperation(
        operation=Operation.RANGE,
        keys=key_range(request.key, request.range_end),
        limit=request.limit,
        at=Revision(request.revision),
        count_only=request.count_only,
        keys_only=request.keys_only,
    )


def _put(request: _Put) -> KeyOperation:
    return KeyOperation(
        operation=Operation.PUT, keys=key_range(request.key, b""), size=len(request.value), lease=request.lease
    )


def _delete(request: _Delete) -> KeyOperation:
    return KeyOperation(operation=Operation.DELETE, keys=key_range(request.key, request.range_end))


def _operation(request: _Operation) -> KeyOperation:
    kind = request.WhichOneof("request")
    if kind == "request_range":
        return _range(request.request_range)
    if kind == "request_put":
        return _put(request.request_put)
    if kind == "request_delete_range":
        return _delete(request.request_delete_range)
    return KeyOperation(operation=Operation.TXN, keys=key_range(b"", b""))


def _compared(condition: _Compare) -> Compared:
    target = condition.target
    field = _FIELDS.get(target)
    return Compared(
        key=EtcdKey(condition.key),
        target=_TARGETS.get(target, str(target)),
        relation=_RELATIONS.get(condition.result, str(condition.result)),
        expected=getattr(condition, field) if field else 0,
    )


def _ask_range(message: _Range) -> Asked:
    return Asked(operations=(_range(message),))


def _ask_put(message: _Put) -> Asked:
    return Asked(operations=(_put(message),))


def _ask_delete(message: _Delete) -> Asked:
    return Asked(operations=(_delete(message),))


def _ask_txn(txn: _Txn) -> Asked:
    compare, success, failure = txn.compare, txn.success, txn.failure
    many = max(len(compare), len(success), len(failure))
    partial = ""
    if many > MAX_OPERATIONS:
        partial = f"a transaction of {many} parts: {MAX_OPERATIONS} are kept"
        compare = compare[:MAX_OPERATIONS]
    return Asked(tuple([_compared(each) for each in compare]), _operations(success), _operations(failure), 0, partial)


def _operations(branch: Sequence[_Operation]) -> tuple[KeyOperation, ...]:
    if len(branch) > MAX_OPERATIONS:
        branch = branch[:MAX_OPERATIONS]
    return tuple([_operation(each) for each in branch])


def _ask_compact(message: _Revision) -> Asked:
    at = Revision(message.revision)
    return Asked(operations=(KeyOperation(operation=Operation.COMPACT, keys=key_range(b"", b"\0"), at=at),))


def _ask_lease(message: _Lease) -> Asked:
    return Asked(lease=message.ID)


def _ask_nothing(_message: object) -> Asked:
    return NOTHING_ASKED


def _answered(
    header: _Header, counts: tuple[int, ...] = (), *, succeeded: bool | None = None, lease: int = 0
) -> Answered:
    cluster = ClusterId(f"{header.cluster_id:016x}") if header.cluster_id else ClusterId("")
    return Answered(cluster, Revision(header.revision), succeeded, counts, lease)


def _answered_range(answer: _RangeAnswer) -> Answered:
    return _answered(answer.header, (answer.count,))


def _answered_stream(answer: _StreamAnswer) -> Answered:
    """One part of a RangeStream's answer: only the last has header and count."""
    return _answered_range(answer.range_response)


def _answered_delete(answer: _DeleteAnswer) -> Answered:
    return _answered(answer.header, (answer.deleted,))


def _answered_txn(answer: _TxnAnswer) -> Answered:
    counts = tuple(map(_count, answer.responses[:MAX_OPERATIONS]))
    return _answered(answer.header, counts, succeeded=answer.succeeded)


def _count(answer: _OperationAnswer) -> int:
    kind = answer.WhichOneof("response")
    if kind == "response_range":
        return answer.response_range.count
    return answer.response_delete_range.deleted if kind == "response_delete_range" else 0


def _answered_lease(answer: _LeaseAnswer) -> Answered:
    return _answered(answer.header, lease=answer.ID)


def _answered_header(answer: _Answer) -> Answered:
    return _answered(answer.header)


class Method(NamedTuple):
    """A method that is read: its messages' names, how each is read, and where an answer's bulk is."""

    name: str
    request: str
    answer: str
    ask: Callable[[ByTable], Asked]
    answer_of: Callable[[ByTable], Answered]
    bulk: Bulk | None = None


METHODS: dict[str, Method] = {
    each.name: each
    for each in (
        Method("KV/Range", "RangeRequest", "RangeResponse", _ask_range, _answered_range, Bulk(2)),
        Method(
            "KV/RangeStream", "RangeRequest", "RangeStreamResponse", _ask_range, _answered_stream, Bulk(2, nested=True)
        ),
        Method("KV/Put", "PutRequest", "PutResponse", _ask_put, _answered_header, Bulk(2)),
        Method("KV/DeleteRange", "DeleteRangeRequest", "DeleteRangeResponse", _ask_delete, _answered_delete, Bulk(3)),
        Method("KV/Txn", "TxnRequest", "TxnResponse", _ask_txn, _answered_txn, Bulk(3)),
        Method("KV/Compact", "CompactionRequest", "CompactionResponse", _ask_compact, _answered_header),
        Method("Lease/LeaseGrant", "LeaseGrantRequest", "LeaseGrantResponse", _ask_lease, _answered_lease),
        Method("Lease/LeaseRevoke", "LeaseRevokeRequest", "LeaseRevokeResponse", _ask_lease, _answered_header),
        Method("Lease/LeaseKeepAlive", "LeaseKeepAliveRequest", "LeaseKeepAliveResponse", _ask_lease, _answered_lease),
        Method(
            "Lease/LeaseTimeToLive",
            "LeaseTimeToLiveRequest",
            "LeaseTimeToLiveResponse",
            _ask_lease,
            _answered_lease,
            Bulk(5),
        ),
        Method(
            "Lease/LeaseLeases", "LeaseLeasesRequest", "LeaseLeasesResponse", _ask_nothing, _answered_header, Bulk(2)
        ),
    )
}
"""By name, as `KV/Txn`: all of KV and Lease. Watch is no sequence of a request and an answer."""


def asked(method: Method, content: bytes | memoryview) -> Asked:
    """What a request asks; one that is none of etcd's says so in `partial`."""
    try:
        return method.ask(parsed(method.request, content))
    except DecodeError:
        return Asked(partial="the request is none of etcd's")


def answered(method: Method, content: bytes | memoryview) -> Answered:
    """What an answer, or a part of a streamed one, says."""
    try:
        return method.answer_of(parsed(method.answer, content))
    except DecodeError:
        return Answered(partial="the answer is none of etcd's")


def parsed(name: str, content: bytes | memoryview) -> ByTable:
    """A message of etcd's API. DecodeError."""
    return _class(name).FromString(content)  # type: ignore[arg-type]  # takes any buffer


@cache
def _class(name: str) -> type[Message]:
    return message_class(f"etcdserverpb.{name}")
