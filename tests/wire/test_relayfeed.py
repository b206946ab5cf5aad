"""The relay's feed."""

import struct
from itertools import pairwise

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.etcd import ClusterId, Compared, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.model.exchange import Nanos
from kproxy.wire.relayfeed import (
    FeedError,
    FeedReader,
    FeedRecord,
    Hello,
    Lost,
    Relayed,
    Synced,
    TokenReader,
    Unread,
    pack_calls,
    pack_hello,
    pack_lost,
    pack_synced,
    pack_token,
    pack_unread,
)

numbers = st.integers(0, 2**63 - 1)
keys = st.binary(max_size=20)
operations = st.builds(
    KeyOperation,
    operation=st.sampled_from(Operation),
    keys=st.builds(KeyRange, key=keys.map(EtcdKey), end=keys),
    count=numbers,
    limit=numbers,
    at=numbers.map(Revision),
    count_only=st.booleans(),
    keys_only=st.booleans(),
    size=numbers,
    lease=numbers,
)
compares = st.builds(
    Compared,
    key=keys.map(EtcdKey),
    target=st.sampled_from(["mod", "version"]),
    relation=st.sampled_from("=≠<>"),
    expected=numbers,
)
calls = st.builds(
    EtcdCall,
    number=numbers,
    cluster=st.sampled_from(["", "0123456789abcdef"]).map(ClusterId),
    connection=numbers,
    stream=numbers,
    started=numbers.map(Nanos),
    ended=st.none() | numbers.map(Nanos),
    method=st.sampled_from(["KV/Txn", "Watch/Watch"]),
    trace_id=st.text(max_size=32),
    parent_id=st.text(max_size=16),
    compares=st.lists(compares, max_size=2).map(tuple),
    operations=st.lists(operations, max_size=3).map(tuple),
    succeeded=st.none() | st.booleans(),
    revision=numbers.map(Revision),
    status=st.none() | st.integers(0, 16),
    request_size=numbers,
    answer_size=numbers,
    lease=numbers,
    partial=st.text(max_size=10),
)
HELLO = Hello("abc", 4711, (Relayed("http://127.0.0.1:2379", "http://127.0.0.1:1"),), 5)


@given(st.lists(calls, max_size=4), numbers, st.lists(st.integers(0, 3000), max_size=5))
def test_what_is_told_comes_out_however_it_is_cut(told: list[EtcdCall], number: int, cuts: list[int]) -> None:
    unread, lost, synced = Unread(1, "http://e", number, "why"), Lost(3, 1, number), Synced(number, 9)
    data = pack_hello(HELLO) + pack_calls(told) + pack_unread(unread) + pack_lost(lost) + pack_synced(synced)
    reader, found = FeedReader(), list[FeedRecord]()
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(places):
        found += reader.feed(data[start:end])
    assert found == [HELLO, *told, unread, lost, synced]


def test_every_field_of_a_call_is_told() -> None:
    (found,) = FeedReader().feed(pack_calls([FULL]))
    assert found == FULL


@given(st.lists(st.integers(0, 2**64 - 1), max_size=4), st.integers(0, 40))
def test_tokens_come_out_however_they_are_cut(tokens: list[int], cut: int) -> None:
    data, reader = b"".join(map(pack_token, tokens)), TokenReader()
    assert reader.feed(data[:cut]) + reader.feed(data[cut:]) == tokens


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\0\0\0\1", "0 bytes"),
        (b"HTTP/1.1 400 Bad Request", "1213486160 bytes"),
        (struct.pack("!IB", 2, 9) + b"\x80", "no frame of type 9"),
        (struct.pack("!IB", 2, 2) + b"\x9f", "cannot be read"),
        (struct.pack("!IB", 2, 3) + b"\x01", "cannot be read"),
        (struct.pack("!IB", 3, 2) + b"\x81\x80", "cannot be read"),
        (pack_hello(HELLO).replace(cbor2.dumps([1, "abc"])[1:], cbor2.dumps([2, "abc"])[1:]), "version 2"),
    ],
)
def test_what_is_no_feed_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(FeedError, match=reason):
        FeedReader().feed(data)


FULL = EtcdCall(
    number=1,
    cluster=ClusterId("0123456789abcdef"),
    connection=2,
    stream=3,
    started=Nanos(4),
    ended=Nanos(5),
    method="KV/Txn",
    trace_id="6" * 32,
    parent_id="7" * 16,
    compares=(Compared(key=EtcdKey(b"k"), target="mod", relation="≠", expected=8),),
    operations=(
        KeyOperation(
            operation=Operation.RANGE,
            keys=KeyRange(key=EtcdKey(b"a"), end=b"b"),
            count=9,
            limit=10,
            at=Revision(11),
            count_only=True,
            keys_only=True,
            size=12,
            lease=13,
        ),
    ),
    succeeded=False,
    revision=Revision(14),
    status=15,
    request_size=16,
    answer_size=17,
    lease=18,
    partial="19",
)
