"""etcd's messages."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.etcd.messages import range_end, request


def test_a_request_is_built_from_names() -> None:
    message = request("RangeRequest", key=b"a", range_end=b"b", limit=3)
    assert message.SerializeToString() == b"\x0a\x01a\x12\x01b\x18\x03"


def test_a_request_takes_messages_and_lists_of_them() -> None:
    put = request("PutRequest", key=b"k", value=b"v")
    txn = request("TxnRequest", success=[request("RequestOp", request_put=put)])
    assert txn.SerializeToString() == b"\x12\x08\x12\x06\x0a\x01k\x12\x01v"


@given(st.binary(), st.binary())
def test_a_prefix_ends_behind_all_that_begin_with_it(prefix: bytes, key: bytes) -> None:
    end = range_end(prefix)
    inside = prefix <= key and (end == b"\0" or key < end)
    assert inside == key.startswith(prefix)
    assert prefix <= prefix + key
    assert end == b"\0" or prefix + key < end
