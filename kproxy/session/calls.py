"""Calls to etcd that one exchange caused, for people and programs."""

from dataclasses import dataclass

from kproxy.model.etcd import Compared, EtcdCall, EtcdKey, KeyOperation, Operation, key_text
from kproxy.model.jsontypes import JSON, JSONObject

_TO_THE_LAST = b"\0"
"""A range's end that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call; `time`: when its request passed the relay; `duration_ms` None: no answer passed it."""

    call: EtcdCall
    time: str
    duration_ms: float | None

    @property
    def verdict(self) -> str:
        """How it ended, where that is not as hoped; "" else."""
        call = self.call
        if call.status is None:
            return "no answer"
        if call.status:
            return f"refused with gRPC's status {call.status}"
        if call.succeeded is False:
            return "its condition did not hold"
        return ""

    def as_json(self) -> JSONObject:
        """As `show --json` has it."""
        call = self.call
        return {
            "number": call.number,
            "time": self.time,
            "method": call.method,
            "compares": [_compared(each) for each in call.compares],
            "operations": [_operation(each) for each in call.operations],
            "succeeded": call.succeeded,
            "revision": call.revision,
            "status": call.status,
            "request_size": call.request_size,
            "answer_size": call.answer_size,
            "duration_ms": self.duration_ms,
            "lease": call.lease,
            "cluster": call.cluster,
            "partial": call.partial,
        }


def call_row(call: EtcdCall, time: str) -> CallRow:
    """A call as a row."""
    took = None if call.ended is None else round((call.ended - call.started) / 1e6, 3)
    return CallRow(call=call, time=time, duration_ms=took)


def said(operation: KeyOperation) -> str:
    """An operation in a few words: `put /registry/pods/default/x (1632 bytes)`."""
    keys = operation.keys
    where = range_text(keys.key, keys.end)
    notes = [f"{operation.size} bytes"] if operation.operation is Operation.PUT else []
    if operation.operation in {Operation.RANGE, Operation.DELETE}:
        notes += ["counted only"] if operation.count_only else []
        notes += [f"{operation.count} key{'' if operation.count == 1 else 's'}"]
        notes += [f"limit {operation.limit}"] if operation.limit else []
    notes += [f"at {operation.at}"] if operation.at else []
    notes += [f"lease {operation.lease:x}"] if operation.lease else []
    return f"{operation.operation.value} {where}".rstrip() + (f" ({', '.join(notes)})" if notes else "")


def condition(compared: Compared) -> str:
    """A condition in a few words: `mod = 5`."""
    return f"{compared.target} {compared.relation} {compared.expected}"


def range_text(key: EtcdKey, end: bytes) -> str:
    """One key, a prefix with a star, or two ends."""
    if not end:
        return key_text(key)
    if end == _TO_THE_LAST:
        return f"{key_text(key) if key != _TO_THE_LAST else ''} and all behind".strip()
    if key and end == key[:-1] + bytes([min(key[-1] + 1, 255)]):
        return f"{key_text(key)}*"
    return f"{key_text(key)} to before {key_text(EtcdKey(end))}"


def _operation(operation: KeyOperation) -> JSON:
    keys = operation.keys
    made: JSONObject = {"operation": operation.operation.value, "key": key_text(keys.key)}
    if keys.end:
        made["end"] = key_text(EtcdKey(keys.end))
    if operation.operation in {Operation.RANGE, Operation.DELETE}:
        made["count"] = operation.count
    numbers: JSONObject = {
        "limit": operation.limit,
        "at": operation.at,
        "size": operation.size,
        "lease": operation.lease,
        "count_only": operation.count_only,
        "keys_only": operation.keys_only,
    }
    return made | {name: value for name, value in numbers.items() if value}


def _compared(compared: Compared) -> JSON:
    return {
        "key": key_text(compared.key),
        "target": compared.target,
        "relation": compared.relation,
        "expected": compared.expected,
    }
