"""What a request cost in etcd: the calls that it caused, read and written, tried again."""

from collections.abc import Sequence
from dataclasses import dataclass

from kproxy.model.etcd import EtcdCall, EtcdKey, KeyOperation, Operation
from kproxy.model.exchange import Exchange
from kproxy.wire.requestinfo import first_values

_READS = frozenset({"KV/Range", "KV/RangeStream"})
_WRITES = frozenset({Operation.PUT, Operation.DELETE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one request. `reads`: calls that only read; bytes are those of gRPC messages.

    `lost_races`: transactions whose condition no longer held and that the api-server tried again by itself; `listed`:
    keys that were really read as a list. `wrote`: whether a key was put or deleted.
    """

    calls: int = 0
    reads: int = 0
    read_bytes: int = 0
    sent_bytes: int = 0
    lost_races: int = 0
    lists: int = 0
    listed: int = 0
    wrote: bool = False


NO_COST = Cost()


def cost_of(exchange: Exchange | None, calls: Sequence[EtcdCall]) -> Cost:
    """Sum up the calls of an exchange."""
    if not calls:
        return NO_COST
    asked_for_one = exchange is not None and first_values(exchange.request.target.partition("?")[2]).get("limit") == "1"
    lists = [op for call in calls for op in call.operations if is_list(op, asked_for_one=asked_for_one)]
    return Cost(
        calls=len(calls),
        reads=sum(call.method in _READS for call in calls),
        read_bytes=sum(call.answer_size for call in calls),
        sent_bytes=sum(call.request_size for call in calls),
        lost_races=lost_races(calls),
        lists=len(lists),
        listed=sum(min(op.count, op.limit) if op.limit else op.count for op in lists),
        wrote=any(wrote(call) for call in calls),
    )


def wrote(call: EtcdCall) -> bool:
    """Whether a call put or deleted a key."""
    done = call.status in {0, None} and call.succeeded is not False
    return done and any(op.operation in _WRITES for op in call.operations)


def is_list(operation: KeyOperation, *, asked_for_one: bool = False) -> bool:
    """Whether keys were read as a list, and not only counted or asked for the store's revision.

    The api-server asks for the revision by a range of the bare prefix with limit 1 or without an end
    (k8s.io/apiserver/pkg/storage/etcd3/store.go, GetCurrentResourceVersion): a consistent list from the watch cache
    costs no more than that.
    """
    if operation.operation is not Operation.RANGE or not operation.keys.end or operation.count_only:
        return False
    return operation.limit != 1 or asked_for_one


def lost_races(calls: Sequence[EtcdCall]) -> int:
    """Transactions that failed, because somebody else had written, and were tried again within one request.

    A failed one without another on its key is an answer: the object exists already, or the client gets the 409. One
    that failed because of the request's own write before is no race: a pod's deletion puts the deletionTimestamp and
    then deletes what it knew before (seen on 1.37.2).
    """
    lost = 0
    failed: set[EtcdKey] = set()
    own: dict[EtcdKey, int] = {}
    for call in calls:
        for compared in call.compares:
            if compared.key in failed and own.get(compared.key) != compared.expected:
                lost += 1
            failed.discard(compared.key)
            if call.succeeded is False:
                failed.add(compared.key)
        if wrote(call):
            own.update((op.keys.key, int(call.revision)) for op in call.operations if op.operation in _WRITES)
    return lost
