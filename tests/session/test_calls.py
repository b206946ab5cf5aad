"""Calls to etcd in a few words."""

import pytest

from kproxy.model.etcd import ClusterId, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.model.exchange import Nanos
from kproxy.session.calls import call_row, range_text, said


@pytest.mark.parametrize(
    ("key", "end", "text"),
    [
        (b"/a/b", b"", "/a/b"),
        (b"/a/", b"/a0", "/a/*"),
        (b"/a/b\0", b"/a0", "/a/b\0 to before /a0"),
        (b"\0", b"\0", "and all behind"),
        (b"/a", b"\0", "/a and all behind"),
        (b"\xff", b"\xff\xff", "\\xff to before \\xff\\xff"),
    ],
)
def test_a_range_is_a_key_a_prefix_or_two_ends(key: bytes, end: bytes, text: str) -> None:
    assert range_text(EtcdKey(key), end) == text


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (
            KeyOperation(
                operation=Operation.RANGE,
                keys=KeyRange(key=EtcdKey(b"/a/"), end=b"/a0"),
                count=3,
                limit=500,
                at=Revision(7),
            ),
            "range /a/* (3 keys, limit 500, at 7)",
        ),
        (
            KeyOperation(operation=Operation.RANGE, keys=KeyRange(key=EtcdKey(b"/a")), count=1, count_only=True),
            "range /a (counted only, 1 key)",
        ),
        (
            KeyOperation(operation=Operation.PUT, keys=KeyRange(key=EtcdKey(b"/a")), size=5, lease=255),
            "put /a (5 bytes, lease ff)",
        ),
        (KeyOperation(operation=Operation.DELETE, keys=KeyRange(key=EtcdKey(b"/a"))), "delete /a (0 keys)"),
        (KeyOperation(operation=Operation.COMPACT, keys=KeyRange(key=EtcdKey(b"")), at=Revision(9)), "compact (at 9)"),
        (KeyOperation(operation=Operation.WATCH, keys=KeyRange(key=EtcdKey(b"/a/"), end=b"/a0")), "watch /a/*"),
    ],
)
def test_an_operation_is_said_with_what_it_took(operation: KeyOperation, text: str) -> None:
    assert said(operation) == text


@pytest.mark.parametrize(
    ("status", "succeeded", "verdict"),
    [
        (0, None, ""),
        (0, True, ""),
        (0, False, "its condition did not hold"),
        (14, None, "refused with gRPC's status 14"),
        (None, None, "no answer"),
    ],
)
def test_how_a_call_ended_is_said_where_it_is_not_as_hoped(
    status: int | None, succeeded: bool | None, verdict: str
) -> None:
    call = EtcdCall(
        number=1,
        cluster=ClusterId(""),
        connection=1,
        stream=1,
        started=Nanos(1),
        ended=None,
        method="KV/Txn",
        status=status,
        succeeded=succeeded,
    )
    row = call_row(call, "now")
    assert row.verdict == verdict
    assert row.duration_ms is None
