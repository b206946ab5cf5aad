"""Whose a change is, by its call, on small recordings."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.model.api import ObjectRef
from kproxy.model.attribution import Attribution, Basis, LedgerEntry, Standing
from kproxy.model.etcd import (
    ChangeType,
    ClusterId,
    EtcdCall,
    EtcdKey,
    KeyChange,
    KeyOperation,
    KeyRange,
    Operation,
    Revision,
)
from kproxy.model.exchange import Nanos, Seq
from tests.controlplane.soak.causes import Cause, causes, written, written_by_itself
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording

ETCD = ClusterId("aa")
KEY = EtcdKey(b"/registry/configmaps/default/a")
OURS, THEIRS = "1" * 32, "2" * 32


def a_call(trace: str, *, succeeded: bool = True, operation: Operation = Operation.PUT) -> EtcdCall:
    return EtcdCall(
        number=1,
        cluster=ETCD,
        connection=1,
        stream=1,
        started=Nanos(1),
        ended=Nanos(2),
        method="KV/Txn",
        trace_id=trace,
        operations=(KeyOperation(operation=operation, keys=KeyRange(key=KEY)),),
        succeeded=succeeded,
        revision=Revision(5),
        status=0,
    )


def an_entry(basis: Basis | None = None) -> LedgerEntry:
    change = KeyChange(cluster=ETCD, revision=Revision(5), key=KEY, type=ChangeType.PUT, at=Nanos(3))
    found = None
    if basis is not None:
        found = Attribution(
            cluster=ETCD, revision=Revision(5), key=KEY, type=ChangeType.PUT, seq=Seq(1), basis=basis, evidence="so"
        )
    standing = Standing.ATTRIBUTED if found else Standing.UNATTRIBUTED
    return LedgerEntry(change=change, standing=standing, attribution=found)


def a_recording(*calls: EtcdCall) -> MemoryRecording:
    made = MemoryRecording()
    made.exchange_list.append(replace(an_exchange(1), trace_id=OURS, parent_id="3" * 16))
    made.call_list += calls
    return made


@pytest.mark.parametrize(
    ("calls", "cause"),
    [
        ((a_call(OURS),), Cause.CLIENT),
        ((a_call(""),), Cause.SERVER),
        ((a_call(THEIRS),), Cause.AROUND),
        ((), Cause.CLIENT),
        ((a_call("", succeeded=False),), Cause.CLIENT),
    ],
)
def test_the_call_that_wrote_it_tells_whose_a_change_is(calls: tuple[EtcdCall, ...], cause: Cause) -> None:
    (found,) = causes(a_recording(*calls), iter([an_entry()]))
    assert found.cause is cause
    assert found.is_of_clients == (cause is Cause.CLIENT)
    assert not found.has_ground


@pytest.mark.parametrize(("basis", "counts"), [(Basis.OBJECT, True), (Basis.REVISION, True), (Basis.WINDOW, False)])
def test_a_guess_is_no_ground(basis: Basis, *, counts: bool) -> None:
    (found,) = causes(a_recording(a_call("")), iter([an_entry(basis)]))
    assert found.has_ground == found.is_of_clients == counts


def test_a_read_writes_nothing() -> None:
    assert list(written(a_call(OURS, operation=Operation.RANGE))) == []
    assert list(written(a_call(OURS))) == [KEY]


def test_the_audit_log_names_what_the_api_server_asked_of_itself(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    asked = {"resource": "namespaces", "namespace": "a", "name": "a"}
    events: list[dict[str, object]] = [
        {"verb": "update", "user": {"username": "system:apiserver"}, "objectRef": asked},
        {"verb": "get", "user": {"username": "system:apiserver"}, "objectRef": {**asked, "name": "b"}},
        {"verb": "update", "user": {"username": "ada"}, "objectRef": {**asked, "name": "c"}},
    ]
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert written_by_itself(log) == {ObjectRef(group="", resource="namespaces", namespace="", name="a")}
