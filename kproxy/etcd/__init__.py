"""etcd's client and watch, over gRPC; the relay in front of an etcd."""

from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.records import (
    Anchor,
    Compacted,
    EtcdStatus,
    KeyValue,
    RangeAnswer,
    RawEvent,
    StoreReplaced,
    TxnAnswer,
    WatchBatch,
    Written,
)
from kproxy.etcd.settings import EtcdSettings
from kproxy.etcd.txn import Compare, Delete, Get, Put

__all__ = [
    "Anchor",
    "Compacted",
    "Compare",
    "Delete",
    "Etcd",
    "EtcdSettings",
    "EtcdStatus",
    "Get",
    "KeyValue",
    "Put",
    "RangeAnswer",
    "RawEvent",
    "StoreReplaced",
    "TxnAnswer",
    "WatchBatch",
    "Written",
    "connect",
]
