"""What calls ask and are told."""

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from kproxy.etcd.messages import request
from kproxy.model.etcd import Compared, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.wire.descriptors import message_class, method, table_of
from kproxy.wire.etcdcalls import MAX_OPERATIONS, METHODS, Answered, Asked, answered, asked, parsed

HEADER = request("ResponseHeader", cluster_id=0xABC, revision=9)
CLUSTER = "0000000000000abc"


def ask(name: str, message: Message) -> Asked:
    return asked(METHODS[name], message.SerializeToString())


def keys(key: bytes, end: bytes = b"") -> KeyRange:
    return KeyRange(key=EtcdKey(key), end=end)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_the_messages_that_etcd_gives_it(name: str) -> None:
    spec = method("etcdserverpb", name)
    assert spec.request == f"etcdserverpb.{METHODS[name].request}"
    assert spec.response == f"etcdserverpb.{METHODS[name].answer}"


def test_all_of_kv_and_lease_is_read() -> None:
    for name in METHODS:
        assert name.startswith(("KV/", "Lease/"))
    for service in ("KV", "Lease"):
        known = {name for name in METHODS if name.startswith(f"{service}/")}
        assert known == {name for name in _methods() if name.startswith(f"{service}/")}


def test_a_range_is_its_keys_and_bounds() -> None:
    message = request(
        "RangeRequest", key=b"/a", range_end=b"/b", limit=500, revision=7, keys_only=True, count_only=True
    )
    (operation,) = ask("KV/Range", message).operations
    assert operation == KeyOperation(
        operation=Operation.RANGE, keys=keys(b"/a", b"/b"), limit=500, at=Revision(7), keys_only=True, count_only=True
    )
    answer = request("RangeResponse", header=HEADER, count=12)
    assert answered(METHODS["KV/Range"], answer.SerializeToString()) == Answered(CLUSTER, 9, None, (12,))  # type: ignore[arg-type] # a ClusterId is its text


def test_a_transaction_is_its_conditions_and_both_branches_without_values() -> None:
    message = request(
        "TxnRequest",
        compare=[
            request("Compare", key=b"k", target=2, mod_revision=5),
            request("Compare", key=b"k", target=0, result=1, version=2),
            request("Compare", key=b"k", target=1, result=2, create_revision=3),
            request("Compare", key=b"k", target=3, result=3, value=b"secret"),
            request("Compare", key=b"k", target=4, lease=6),
        ],
        success=[
            request("RequestOp", request_put=request("PutRequest", key=b"k", value=b"secret", lease=4)),
            request("RequestOp", request_delete_range=request("DeleteRangeRequest", key=b"x", range_end=b"y")),
        ],
        failure=[request("RequestOp", request_range=request("RangeRequest", key=b"k"))],
    )
    found = ask("KV/Txn", message)
    assert [(each.target, each.relation, each.expected) for each in found.compares] == [
        ("mod", "=", 5),
        ("version", ">", 2),
        ("create", "<", 3),
        ("value", "≠", 0),
        ("lease", "=", 6),
    ]
    assert found.compares[0] == Compared(key=EtcdKey(b"k"), target="mod", relation="=", expected=5)
    assert found.operations == (
        KeyOperation(operation=Operation.PUT, keys=keys(b"k"), size=6, lease=4),
        KeyOperation(operation=Operation.DELETE, keys=keys(b"x", b"y")),
    )
    assert found.otherwise == (KeyOperation(operation=Operation.RANGE, keys=keys(b"k")),)
    assert "secret" not in repr(found)


def test_a_transaction_says_which_branch_and_how_many_keys() -> None:
    responses = [
        request("ResponseOp", response_put=request("PutResponse")),
        request("ResponseOp", response_delete_range=request("DeleteRangeResponse", deleted=3)),
        request("ResponseOp", response_range=request("RangeResponse", count=4)),
    ]
    answer = request("TxnResponse", header=HEADER, succeeded=True, responses=responses)
    assert answered(METHODS["KV/Txn"], answer.SerializeToString()) == Answered(CLUSTER, 9, True, (0, 3, 4))  # type: ignore[arg-type] # a ClusterId is its text


def test_what_is_not_read_of_a_transaction_is_said() -> None:
    inner = request("RequestOp", request_txn=request("TxnRequest"))
    found = ask("KV/Txn", request("TxnRequest", success=[inner]))
    assert [each.operation for each in found.operations] == [Operation.TXN]
    put = request("RequestOp", request_put=request("PutRequest", key=b"k"))
    many = ask("KV/Txn", request("TxnRequest", success=[put] * (MAX_OPERATIONS + 1), failure=[put] * 1001))
    assert len(many.operations) == len(many.otherwise) == MAX_OPERATIONS
    assert "1001" in many.partial


def test_the_other_calls() -> None:
    (compact,) = ask("KV/Compact", request("CompactionRequest", revision=77)).operations
    assert compact == KeyOperation(operation=Operation.COMPACT, keys=keys(b"", b"\0"), at=Revision(77))
    (put,) = ask("KV/Put", request("PutRequest", key=b"k", value=b"secret")).operations
    assert put == KeyOperation(operation=Operation.PUT, keys=keys(b"k"), size=6)
    deleted = request("DeleteRangeResponse", header=HEADER, deleted=2)
    assert answered(METHODS["KV/DeleteRange"], deleted.SerializeToString()).counts == (2,)
    granted = request("LeaseGrantResponse", header=HEADER, ID=8, TTL=60)
    assert answered(METHODS["Lease/LeaseGrant"], granted.SerializeToString()).lease == 8
    assert ask("Lease/LeaseRevoke", request("LeaseRevokeRequest", ID=8)).lease == 8
    part = request("RangeStreamResponse", range_response=request("RangeResponse", header=HEADER, count=5))
    assert answered(METHODS["KV/RangeStream"], part.SerializeToString()).counts == (5,)


@pytest.mark.parametrize("name", METHODS)
def test_what_is_none_of_etcd_s_is_said(name: str) -> None:
    assert "none of etcd's" in asked(METHODS[name], b"\x0a\xff").partial
    assert "none of etcd's" in answered(METHODS[name], b"\x0a\xff").partial


def _methods() -> list[str]:
    assert message_class("etcdserverpb.TxnRequest")
    return list(table_of("etcdserverpb")["methods"])


def test_a_transaction_of_just_as_many_parts_as_are_kept_is_whole() -> None:
    put = request("RequestOp", request_put=request("PutRequest", key=b"a"))
    assert not ask("KV/Txn", request("TxnRequest", success=[put] * MAX_OPERATIONS)).partial
    more = ask("KV/Txn", request("TxnRequest", failure=[put] * (MAX_OPERATIONS + 1)))
    assert more.partial == f"a transaction of {MAX_OPERATIONS + 1} parts: {MAX_OPERATIONS} are kept"
    assert len(more.otherwise) == MAX_OPERATIONS


KEYS, NUMBERS = st.binary(max_size=6), st.integers(0, 2**63 - 1)
RANGES = st.builds(
    lambda key, end, limit, at, only: (
        (
            "request_range",
            {"key": key, "range_end": end, "limit": limit, "revision": at, "keys_only": only, "count_only": not only},
        ),
        KeyOperation(
            operation=Operation.RANGE,
            keys=keys(key, end),
            limit=limit,
            at=Revision(at),
            count_only=not only,
            keys_only=only,
        ),
    ),
    *(KEYS, KEYS, NUMBERS, NUMBERS, st.booleans()),
)
PUTS = st.builds(
    lambda key, value, lease: (
        ("request_put", {"key": key, "value": value, "lease": lease}),
        KeyOperation(operation=Operation.PUT, keys=keys(key), size=len(value), lease=lease),
    ),
    *(KEYS, KEYS, NUMBERS),
)
DELETIONS = st.builds(
    lambda key, end: (
        ("request_delete_range", {"key": key, "range_end": end}),
        KeyOperation(operation=Operation.DELETE, keys=keys(key, end)),
    ),
    *(KEYS, KEYS),
)
BRANCHES = st.lists(st.one_of(RANGES, PUTS, DELETIONS), max_size=4)
"""What operations of a transaction are in etcd's messages, each beside what is told of it."""


@given(BRANCHES, BRANCHES)
def test_law_a_transaction_is_told_operation_by_operation_in_the_order_of_its_branches(
    success: list[tuple[tuple[str, dict[str, object]], KeyOperation]],
    failure: list[tuple[tuple[str, dict[str, object]], KeyOperation]],
) -> None:
    written = [[{name: fields} for (name, fields), _ in branch] for branch in (success, failure)]
    message = message_class("etcdserverpb.TxnRequest")(success=written[0], failure=written[1])
    one, other = (tuple(told for _, told in branch) for branch in (success, failure))
    assert ask("KV/Txn", message) == Asked((), one, other)


@given(st.integers(0, 2**64 - 1), NUMBERS, st.booleans(), st.lists(st.tuples(st.booleans(), NUMBERS), max_size=4))
def test_law_an_answer_tells_of_each_operation_how_many_keys(
    cluster: int, revision: int, succeeded: bool, counts: list[tuple[bool, int]]
) -> None:
    responses = [
        {"response_range": {"count": count}} if ranged else {"response_delete_range": {"deleted": count}}
        for ranged, count in counts
    ]
    header = {"cluster_id": cluster, "revision": revision}
    answer = message_class("etcdserverpb.TxnResponse")(header=header, succeeded=succeeded, responses=responses)
    found = answered(METHODS["KV/Txn"], answer.SerializeToString())
    assert found == (f"{cluster:016x}" if cluster else "", revision, succeeded, tuple(n for _, n in counts), 0, "")


@given(st.sampled_from(sorted(METHODS)), st.binary(max_size=60))
def test_law_whatever_bytes_come_they_are_told_or_said_to_be_none_of_etcds(name: str, data: bytes) -> None:
    for read, message in ((asked, METHODS[name].request), (answered, METHODS[name].answer)):
        found = read(METHODS[name], data)
        try:
            parsed(message, data)
        except DecodeError:
            assert found.partial.endswith(" is none of etcd's")
        else:
            assert not found.partial.endswith(" is none of etcd's")
