"""Transactions: conditions and operations as values."""

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from kproxy.etcd.messages import ResponseOp, TxnResponse, key_value, request
from kproxy.etcd.records import KeyValue, TxnAnswer
from kproxy.model.etcd import EtcdKey, Revision

_EQUAL = 0
_MOD = 2


@dataclass(frozen=True, slots=True)
class Compare:
    """The condition that a key's mod_revision is this one (0: the key is not there)."""

    key: EtcdKey
    mod_revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Writes a key; answers with its previous value."""

    key: EtcdKey
    value: bytes
    lease: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Deletes a key; answers with what it was."""

    key: EtcdKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    """Reads a key."""

    key: EtcdKey


type Operation = Put | Delete | Get


def txn_request(conditions: Sequence[Compare], then: Sequence[Operation], otherwise: Sequence[Operation]) -> Message:
    """The request: `then` if all conditions hold."""
    compares = [
        request("Compare", result=_EQUAL, target=_MOD, key=condition.key, mod_revision=condition.mod_revision)
        for condition in conditions
    ]
    success, failure = [_operation(one) for one in then], [_operation(one) for one in otherwise]
    return request("TxnRequest", compare=compares, success=success, failure=failure)


def txn_answer(response: TxnResponse) -> TxnAnswer:
    """The response as a value."""
    return TxnAnswer(
        succeeded=response.succeeded,
        revision=Revision(response.header.revision),
        answers=tuple(_found(one) for one in response.responses),
    )


def _operation(operation: Operation) -> Message:
    match operation:
        case Put(key=key, value=value, lease=lease):
            put = request("PutRequest", key=key, value=value, lease=lease, prev_kv=True)
            return request("RequestOp", request_put=put)
        case Delete(key=key):
            return request("RequestOp", request_delete_range=request("DeleteRangeRequest", key=key, prev_kv=True))
        case Get(key=key):
            return request("RequestOp", request_range=request("RangeRequest", key=key))


def _found(response: ResponseOp) -> tuple[KeyValue, ...]:
    match response.WhichOneof("response"):
        case "response_put":
            put = response.response_put
            return (key_value(put.prev_kv),) if put.HasField("prev_kv") else ()
        case "response_delete_range":
            return tuple(key_value(kv) for kv in response.response_delete_range.prev_kvs)
        case _:
            return tuple(key_value(kv) for kv in response.response_range.kvs)
