"""Transactions as messages; tests/etcd/test_client.py runs them."""

from kproxy.etcd.txn import Compare, Delete, Get, Put, txn_answer, txn_request
from kproxy.model.etcd import EtcdKey, Revision
from kproxy.wire.descriptors import ByTable, message_class

KEY = EtcdKey(b"/k")


def test_a_transaction_compares_the_mod_revision() -> None:
    message = txn_request((Compare(KEY, Revision(7)),), (Put(key=KEY, value=b"v", lease=3),), (Get(key=KEY),))
    text = str(message)
    for part in ("target: MOD", "mod_revision: 7", "request_put", "lease: 3", "prev_kv: true", "request_range"):
        assert part in text


def test_a_creation_compares_with_zero() -> None:
    message = txn_request((Compare(KEY, Revision(0)),), (Delete(key=KEY),), ())
    assert b"\x0a\x08\x10\x02\x1a\x02/k\x30\x00" in message.SerializeToString()  # a set oneof is sent, zero or not


def test_each_operation_has_its_answer() -> None:
    kv = {"key": b"/k", "value": b"v", "mod_revision": 5}
    responses = [
        {"response_put": {}},
        {"response_put": {"prev_kv": kv}},
        {"response_delete_range": {"deleted": 1, "prev_kvs": [kv]}},
        {"response_range": {"kvs": [kv]}},
    ]
    response: ByTable = message_class("etcdserverpb.TxnResponse")(
        succeeded=True, header={"revision": 9}, responses=responses
    )
    answer = txn_answer(response)
    assert (answer.succeeded, answer.revision) == (True, 9)
    assert [[found.mod_revision for found in one] for one in answer.answers] == [[], [5], [5], [5]]
