"""kproxy.replay.firstwrites."""

from dataclasses import replace

from kproxy.model.etcd import ClusterId, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.model.exchange import EMPTY_BODY, Exchange, Nanos, Request, Seq
from kproxy.replay.firstwrites import FirstWrite, FirstWrites
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

PODS = "/api/v1/namespaces/default/pods"


def asked(seq: int, started: int, ended: int) -> Exchange:
    """A collection's deletion, whose parent id is its seq."""
    return Exchange(
        seq=Seq(seq),
        connection=1,
        started=Nanos(started),
        answered=Nanos(ended),
        ended=Nanos(ended),
        request=Request(method="DELETE", target=PODS, http_version="HTTP/1.1", headers=(), body=EMPTY_BODY),
        info=request_info("DELETE", PODS),
        trace_id="t",
        parent_id=str(seq),
    )


def call(number: int, parent: int, started: int, revision: int, **fields: bool | int) -> EtcdCall:
    """A transaction that put a key."""
    made = EtcdCall(
        number=number,
        cluster=ClusterId("c"),
        connection=1,
        stream=number,
        started=Nanos(started),
        ended=Nanos(started + 1),
        method="KV/Txn",
        trace_id="t",
        parent_id=str(parent),
        operations=(KeyOperation(operation=Operation.PUT, keys=KeyRange(key=EtcdKey(b"k"))),),
        succeeded=True,
        revision=Revision(revision),
        status=0,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # its fields are of several types


def test_a_write_took_effect_when_its_first_call_that_wrote_was_answered() -> None:
    calls = [call(1, 1, 10, 5, succeeded=False), call(2, 2, 11, 6), call(3, 1, 12, 7), call(4, 1, 13, 8)]
    calls.append(call(5, 1, 90, 9))
    first = FirstWrites(MemoryRecording(call_list=calls))
    assert first.of(asked(1, 9, 40)) == FirstWrite(7, Nanos(13))
    assert first.of(asked(2, 10, 50)) == FirstWrite(6, Nanos(12))
    assert first.of(asked(3, 20, 60)) is None


def test_a_read_takes_no_effect() -> None:
    read = call(1, 1, 10, 5)
    ranged = replace(read, operations=(replace(read.operations[0], operation=Operation.RANGE),))
    assert FirstWrites(MemoryRecording(call_list=[ranged])).of(asked(1, 9, 40)) is None


def test_of_what_is_not_over_the_calls_until_its_answer_count_and_of_what_was_not_answered_those_before_it() -> None:
    calls = [call(1, 1, 10, 5), call(2, 2, 20, 6), call(3, 3, 30, 7)]
    open_ones = [replace(asked(seq, 10 * seq, 10 * seq), ended=None) for seq in (1, 2, 3)]
    first = FirstWrites(MemoryRecording(call_list=calls))
    assert first.of(replace(open_ones[0], answered=None)) == FirstWrite(5, Nanos(11))
    assert first.of(replace(open_ones[1], started=Nanos(9))) == FirstWrite(6, Nanos(21))
    assert first.of(replace(open_ones[2], answered=None, started=Nanos(29))) is None
    assert first.of(replace(open_ones[2], parent_id="")) is None


def test_a_call_that_failed_or_says_no_revision_wrote_nothing() -> None:
    made = call(1, 1, 10, 5)
    for none in (replace(made, status=5), replace(made, revision=Revision(0)), replace(made, succeeded=False)):
        assert FirstWrites(MemoryRecording(call_list=[none])).of(asked(1, 9, 40)) is None
    for one in (replace(made, succeeded=None), replace(made, status=None)):
        assert FirstWrites(MemoryRecording(call_list=[one])).of(asked(1, 9, 40)) == FirstWrite(5, Nanos(11))
