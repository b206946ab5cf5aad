"""A connection between an api-server and etcd, read."""

import gzip
from dataclasses import replace

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.etcd.messages import request
from kproxy.model.etcd import ClusterId, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.wire import etcdtraffic
from kproxy.wire.descriptors import message_class
from kproxy.wire.etcdcalls import COUNTS_UNREAD
from kproxy.wire.etcdstreams import REQUEST_LIMIT
from kproxy.wire.etcdtraffic import EtcdTraffic
from tests.support.grpc_wire import GrpcWire, framed, numbers, read

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = request("ResponseHeader", cluster_id=0xABC, revision=9)
CLUSTER = ClusterId("0000000000000abc")
RANGE = request("RangeRequest", key=b"/a")
RANGED = request("RangeResponse", header=HEADER, count=1)
A = KeyRange(key=EtcdKey(b"/a"))


def txn(key: bytes, value: bytes) -> Message:
    put = request("RequestOp", request_put=request("PutRequest", key=key, value=value))
    get = request("RequestOp", request_range=request("RangeRequest", key=key))
    compare = request("Compare", key=key, target=2, mod_revision=5)
    return request("TxnRequest", compare=[compare], success=[put], failure=[get])


def test_a_call_is_told_when_its_answer_ends() -> None:
    wire = GrpcWire()
    reader = EtcdTraffic(7, numbers().__next__)
    stream = wire.ask(wire.open("/etcdserverpb.KV/Range", traceparent=f"00-{TRACE}-{PARENT}-01"), RANGE)
    wire.tell(wire.head(stream), RANGED)
    assert read(wire, reader) == []
    wire.finish(stream)
    (call,) = read(wire, reader)
    assert call == EtcdCall(
        number=1,
        cluster=CLUSTER,
        connection=7,
        stream=stream,
        started=call.started,
        ended=call.ended,
        method="KV/Range",
        trace_id=TRACE,
        parent_id=PARENT,
        operations=(KeyOperation(operation=Operation.RANGE, keys=A, count=1),),
        revision=Revision(9),
        status=0,
        request_size=len(RANGE.SerializeToString()),
        answer_size=len(RANGED.SerializeToString()),
    )


@pytest.mark.parametrize(("succeeded", "operation"), [(True, Operation.PUT), (False, Operation.RANGE)])
def test_a_transaction_is_told_with_the_branch_that_was_taken(*, succeeded: bool, operation: Operation) -> None:
    wire = GrpcWire()
    wire.unary("/etcdserverpb.KV/Txn", txn(b"/a", b"v"), request("TxnResponse", header=HEADER, succeeded=succeeded))
    (call,) = read(wire)
    assert call.succeeded is succeeded
    assert [each.operation for each in call.operations] == [operation]


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_transaction_within_the_branch_that_was_taken_is_not_read_and_this_is_said(*, succeeded: bool) -> None:
    within = request("RequestOp", request_txn=request("TxnRequest"))
    wire = GrpcWire()
    answer = request("TxnResponse", header=HEADER, succeeded=succeeded)
    wire.unary("/etcdserverpb.KV/Txn", request("TxnRequest", success=[within]), answer)
    (call,) = read(wire)
    assert ("within" in call.partial) is succeeded


def test_calls_in_flight_together_are_told_apart_and_numbered_by_their_beginnings() -> None:
    wire = GrpcWire()
    streams = [wire.open("/etcdserverpb.KV/Range") for _ in range(3)]
    for number, stream in enumerate(streams):
        wire.ask(stream, request("RangeRequest", key=b"%d" % number))
    for stream in reversed(streams):
        wire.finish(wire.tell(wire.head(stream), RANGED))
    told = read(wire)
    assert [(call.number, call.operations[0].keys.key) for call in told] == [(3, b"2"), (2, b"1"), (1, b"0")]


def test_a_call_that_failed_has_its_status_and_the_cluster_of_its_connection() -> None:
    wire = GrpcWire()
    wire.unary("/etcdserverpb.KV/Range", RANGE, RANGED)
    stream = wire.ask(wire.open("/etcdserverpb.KV/Range"), RANGE)
    wire.refuse(stream, 11)
    _, call = read(wire)
    assert (call.status, call.cluster, call.revision, call.answer_size) == (11, CLUSTER, 0, 0)
    assert call.operations == (KeyOperation(operation=Operation.RANGE, keys=A),)


@pytest.mark.parametrize("by_client", [True, False])
def test_a_call_that_was_given_up_has_no_status(*, by_client: bool) -> None:
    wire = GrpcWire()
    stream = wire.ask(wire.open("/etcdserverpb.KV/Txn"), txn(b"/a", b"v"), end=False)
    (wire.pair.client if by_client else wire.pair.server).reset_stream(stream, 8)
    assert wire.pair.exchange()
    (call,) = read(wire)
    assert call.status is None
    assert [each.operation for each in call.operations] == [Operation.PUT]


def test_calls_that_are_open_when_the_connection_ends_are_told() -> None:
    wire, reader = GrpcWire(), EtcdTraffic(1, numbers().__next__)
    wire.ask(wire.open("/etcdserverpb.KV/Range"), RANGE)
    assert read(wire, reader) == []
    (call,) = reader.close(99)
    assert (call.status, call.ended) == (None, 99)
    assert reader.close(100) == []


def test_a_farewell_ends_the_calls_that_it_did_not_take() -> None:
    wire, reader = GrpcWire(), EtcdTraffic(1, numbers().__next__)
    for _ in range(2):
        wire.ask(wire.open("/etcdserverpb.KV/Range"), RANGE)
    wire.pair.server.close_connection(last_stream_id=1)
    wire.pair.exchange()
    (call,) = read(wire, reader)
    assert call.stream == 3


def test_parts_of_an_answer_are_one_call() -> None:
    wire = GrpcWire()
    kv = message_class("mvccpb.KeyValue")(key=b"/a", value=b"secret")
    parts = [request("RangeStreamResponse", range_response=request("RangeResponse", kvs=[kv] * 3)) for _ in range(2)]
    last = request("RangeStreamResponse", range_response=request("RangeResponse", header=HEADER, count=6))
    stream = wire.ask(wire.open("/etcdserverpb.KV/RangeStream"), RANGE)
    wire.finish(wire.tell(wire.head(stream), *parts, last))
    (call,) = read(wire)
    assert (call.method, call.revision, call.operations[0].count) == ("KV/RangeStream", 9, 6)
    assert call.answer_size == sum(len(each.SerializeToString()) for each in (*parts, last))


def test_large_values_are_counted_and_their_calls_are_read() -> None:
    wire = GrpcWire()
    kv = message_class("mvccpb.KeyValue")(key=b"/a", value=bytes(300_000))
    wire.unary("/etcdserverpb.KV/Range", RANGE, request("RangeResponse", header=HEADER, kvs=[kv], count=1))
    wire.unary(
        "/etcdserverpb.KV/Txn", txn(b"/a", bytes(1_000_000)), request("TxnResponse", header=HEADER, succeeded=True)
    )
    ranged, put = read(wire)
    assert (ranged.revision, ranged.operations[0].count, ranged.partial) == (9, 1, "")
    assert ranged.answer_size > 300_000
    assert (put.operations[0].size, put.partial) == (1_000_000, "")


def test_a_large_answer_of_a_transaction_says_that_its_counts_are_not_read() -> None:
    wire = GrpcWire()
    kv = message_class("mvccpb.KeyValue")(key=b"/a", value=bytes(300_000))
    for kvs in ([], [kv]):
        answer = request("ResponseOp", response_range=request("RangeResponse", kvs=kvs, count=1))
        wire.unary(
            "/etcdserverpb.KV/Txn",
            txn(b"/a", b"x"),
            request("TxnResponse", header=HEADER, succeeded=False, responses=[answer]),
        )
    small, large = read(wire)
    assert (small.revision, small.operations[0].count, small.partial) == (9, 1, "")
    assert (large.revision, large.operations[0].count, large.partial) == (9, 0, COUNTS_UNREAD)
    assert large.succeeded is False


def test_what_is_too_large_or_compressed_is_counted_and_said() -> None:
    wire = GrpcWire()
    answer = request("TxnResponse", header=HEADER, succeeded=True)
    wire.unary("/etcdserverpb.KV/Txn", framed(bytes(REQUEST_LIMIT + 1)), answer)
    wire.unary("/etcdserverpb.KV/Range", framed(gzip.compress(RANGE.SerializeToString()), compressed=True), RANGED)
    large, compressed = read(wire)
    assert (large.request_size, large.operations, large.revision) == (REQUEST_LIMIT + 1, (), 9)
    assert "4194305 bytes is not read" in large.partial
    assert compressed.partial == "the request is compressed"


def test_other_calls_and_other_servers_pass_unread() -> None:
    wire = GrpcWire()
    wire.unary("/etcdserverpb.Maintenance/Status", b"\0\0\0\0\0", b"\0\0\0\0\0")
    wire.unary("/etcdserverpb.Auth/Authenticate", request("AuthenticateRequest", password="secret"), b"\0\0\0\0\0")
    wire.unary("/grpc.health.v1.Health/Check", b"\0\0\0\0\0", b"\0\0\0\0\0")
    assert read(wire) == []


def test_while_nobody_wants_calls_watches_are_followed_all_the_same() -> None:
    wire, reader = GrpcWire(), EtcdTraffic(1, numbers().__next__, wanted=False)
    stream = wire.open("/etcdserverpb.Watch/Watch")
    create = request("WatchRequest", create_request=request("WatchCreateRequest", key=b"/a"))
    wire.ask(stream, create, end=False)
    wire.tell(wire.head(stream), request("WatchResponse", header=HEADER, watch_id=0, created=True))
    wire.unary("/etcdserverpb.KV/Range", RANGE, RANGED)
    assert [call.method for call in read(wire, reader)] == ["Watch/Watch"]
    reader.wanted = True
    wire.tell(stream, request("WatchResponse", header=HEADER, watch_id=0, canceled=True))
    wire.unary("/etcdserverpb.KV/Range", RANGE, RANGED)
    cancelled, ranged = read(wire, reader)
    assert cancelled.operations[0].keys == A
    assert ranged.method == "KV/Range"


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 200))
def test_the_same_is_read_in_pieces_of_any_size(step: int) -> None:
    def conversation() -> GrpcWire:
        wire = GrpcWire()
        wire.unary("/etcdserverpb.KV/Txn", txn(b"/a", bytes(500)), request("TxnResponse", header=HEADER))
        stream = wire.open("/etcdserverpb.Watch/Watch")
        watch = request("WatchRequest", create_request=request("WatchCreateRequest", key=b"/a"))
        wire.ask(stream, watch, end=False)
        wire.tell(wire.head(stream), request("WatchResponse", header=HEADER, watch_id=1, created=True))
        wire.unary("/etcdserverpb.KV/Range", RANGE, RANGED, traceparent=f"00-{TRACE}-{PARENT}-01")
        return wire

    assert read(conversation(), step=step) == read(conversation())


def test_what_cannot_be_read_ends_the_reading_and_its_open_calls() -> None:
    wire, reader = GrpcWire(), EtcdTraffic(1, numbers().__next__)
    wire.ask(wire.open("/etcdserverpb.KV/Range"), RANGE)
    read(wire, reader)
    (call,) = reader.answer(b"\0\0\4\0\0\0\0\0\0what", 50)
    assert reader.unreadable == "data belongs to no stream (from etcd)"
    assert (call.status, call.partial) == (None, reader.unreadable)
    assert reader.answer(b"more", 51) == reader.request(b"more", 51) == reader.close(52) == []
    other = EtcdTraffic(2, numbers().__next__)
    other.request(b"GET / HTTP/1.1\r\n\r\n", 1)
    assert other.unreadable == "it does not begin as HTTP/2 (from the api-server)"


def test_a_stream_that_is_no_grpc_costs_only_its_own_call() -> None:
    wire = GrpcWire()
    stream = wire.ask(wire.open("/etcdserverpb.KV/Range"), b"GET / HTTP/1.1")
    wire.unary("/etcdserverpb.KV/Range", RANGE, RANGED)
    wire.finish(wire.tell(wire.head(stream), RANGED))
    good, bad = read(wire)
    assert good.partial == ""
    assert bad.partial == "a message begins with 71"


def test_a_connection_with_more_streams_than_are_followed_is_read_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etcdtraffic, "MAX_STREAMS", 2)
    wire, reader = GrpcWire(), EtcdTraffic(1, numbers().__next__)
    for _ in range(2):
        wire.unary("/etcdserverpb.KV/Range", RANGE, RANGED)
        wire.open("/etcdserverpb.KV/Range")
    assert len(read(wire, reader)) == 2
    wire.open("/etcdserverpb.KV/Range")
    assert [call.status for call in read(wire, reader)] == [None, None]
    assert reader.unreadable == "more than 2 streams are open (from the api-server)"


def test_nothing_of_a_call_names_its_values() -> None:
    wire = GrpcWire()
    wire.unary("/etcdserverpb.KV/Put", request("PutRequest", key=b"/a", value=b"secret"), request("PutResponse"))
    (call,) = read(wire)
    assert "secret" not in repr(call)
    assert replace(call, operations=()).request_size == len(b"/a") + len(b"secret") + 4
