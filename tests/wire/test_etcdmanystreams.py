"""Streams to etcd that carry many requests."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from kproxy.etcd.messages import request
from kproxy.model.etcd import EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.wire import etcdmanystreams
from kproxy.wire.descriptors import ByTable, message_class
from kproxy.wire.etcdcalls import parsed
from kproxy.wire.etcdmanystreams import is_event
from kproxy.wire.etcdtraffic import EtcdTraffic
from tests.support.grpc_wire import GrpcWire, numbers, read

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = request("ResponseHeader", cluster_id=0xABC, revision=9)


def test_watches_are_told_when_they_are_made_and_ended_and_events_are_not() -> None:
    wire = GrpcWire()
    stream = wire.open("/etcdserverpb.Watch/Watch", traceparent=f"00-{TRACE}-{PARENT}-01")
    create = request("WatchCreateRequest", key=b"/a", range_end=b"/b", start_revision=4)
    other = request("WatchCreateRequest", key=b"/c")
    wire.ask(stream, *(request("WatchRequest", create_request=each) for each in (create, other)), end=False)
    wire.ask(stream, request("WatchRequest", progress_request=request("WatchProgressRequest")), end=False)
    wire.head(stream)
    wire.tell(stream, *(request("WatchResponse", header=HEADER, watch_id=each, created=True) for each in (3, 4)))
    kv = message_class("mvccpb.KeyValue")(key=b"/a", value=b"secret")
    event = message_class("mvccpb.Event")(kv=kv)
    wire.tell(stream, *(request("WatchResponse", header=HEADER, watch_id=3, events=[event] * each) for each in (1, 9)))
    wire.tell(stream, request("WatchResponse", header=HEADER, watch_id=-1))
    wire.ask(stream, request("WatchRequest", cancel_request=request("WatchCancelRequest", watch_id=3)), end=False)
    wire.tell(stream, request("WatchResponse", header=HEADER, watch_id=3, canceled=True))
    wire.tell(stream, request("WatchResponse", header=HEADER, watch_id=4, canceled=True, compact_revision=8))
    told = read(wire)
    assert [(call.method, call.status, call.revision) for call in told] == [("Watch/Watch", 0, 9)] * 4
    watch = KeyRange(key=EtcdKey(b"/a"), end=b"/b")
    assert [call.operations for call in told] == [
        (KeyOperation(operation=Operation.WATCH, keys=watch, at=Revision(4)),),
        (KeyOperation(operation=Operation.WATCH, keys=KeyRange(key=EtcdKey(b"/c"))),),
        (KeyOperation(operation=Operation.CANCEL, keys=watch),),
        (KeyOperation(operation=Operation.CANCEL, keys=KeyRange(key=EtcdKey(b"/c")), at=Revision(8)),),
    ]
    assert [call.trace_id for call in told] == [TRACE, "", "", ""]
    assert [call.parent_id for call in told] == [PARENT, "", "", ""]
    assert all(call.answer_size for call in told)


def test_leases_that_are_kept_alive_in_one_stream_are_calls_of_their_own() -> None:
    wire = GrpcWire()
    stream = wire.open("/etcdserverpb.Lease/LeaseKeepAlive")
    wire.head(stream)
    for lease in (5, 6):
        wire.ask(stream, request("LeaseKeepAliveRequest", ID=lease), end=False)
    for lease in (5, 6):
        wire.tell(stream, request("LeaseKeepAliveResponse", header=HEADER, ID=lease, TTL=9))
    wire.ask(stream, request("LeaseKeepAliveRequest", ID=7), end=False)
    wire.finish(stream, 14)
    told = read(wire)
    assert [(call.lease, call.status) for call in told] == [(5, 0), (6, 0), (7, 14)]
    assert {(call.connection, call.stream) for call in told} == {(1, stream)}


def test_what_is_open_when_a_stream_ends_was_not_answered() -> None:
    wire, reader = GrpcWire(), EtcdTraffic(1, numbers().__next__)
    stream = wire.open("/etcdserverpb.Watch/Watch")
    for key in (b"/a", b"/b"):
        create = request("WatchCreateRequest", key=key)
        wire.ask(stream, request("WatchRequest", create_request=create), end=False)
    wire.tell(wire.head(stream), request("WatchResponse", header=HEADER, watch_id=0, created=True))
    wire.ask(stream, request("WatchRequest", cancel_request=request("WatchCancelRequest", watch_id=0)), end=False)
    assert [call.status for call in read(wire, reader)] == [0]
    told = reader.close(99)
    assert [(call.operations[0].operation, call.status, call.ended) for call in told] == [
        (Operation.WATCH, None, 99),
        (Operation.CANCEL, None, 99),
    ]


@pytest.mark.parametrize("path", ["Watch/Watch", "Lease/LeaseKeepAlive"])
def test_with_too_many_unanswered_requests_nothing_of_the_stream_is_told(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(etcdmanystreams, "MAX_WAITING", 2)
    wire = GrpcWire()
    stream = wire.open(f"/etcdserverpb.{path}")
    if path == "Watch/Watch":
        asked = request("WatchRequest", create_request=request("WatchCreateRequest", key=b"/a"))
        told = request("WatchResponse", header=HEADER, created=True)
    else:
        asked = request("LeaseKeepAliveRequest", ID=1)
        told = request("LeaseKeepAliveResponse", header=HEADER, ID=1)
    wire.ask(stream, asked, asked, asked, end=False)
    wire.tell(wire.head(stream), told, told, told)
    wire.finish(stream)
    assert read(wire) == []


watch_answers = st.builds(
    lambda cluster, **fields: request(
        "WatchResponse",
        header=request("ResponseHeader", cluster_id=cluster, revision=5),
        **{name: value for name, value in fields.items() if value},
    ),
    st.integers(0, 2**64 - 1),
    watch_id=st.integers(-1, 2**40),
    created=st.booleans(),
    canceled=st.booleans(),
    compact_revision=st.integers(0, 9),
    cancel_reason=st.text(max_size=3),
    fragment=st.booleans(),
    events=st.lists(st.just(message_class("mvccpb.Event")(type=1)), max_size=2),
)


@given(watch_answers)
def test_events_are_known_by_their_first_bytes(answer: ByTable) -> None:
    data = answer.SerializeToString()
    word = answer.created or answer.canceled or answer.compact_revision or answer.cancel_reason
    assert is_event(data) == (not word)
    assert is_event(memoryview(data)) == (not word)


@given(st.binary(max_size=30))
def test_anything_is_taken_for_an_event_or_not(data: bytes) -> None:
    if not is_event(data):
        try:
            parsed("WatchResponse", data)
        except DecodeError:
            return


def test_the_end_of_a_watch_that_nobody_made_is_of_no_keys() -> None:
    wire = GrpcWire()
    stream = wire.open("/etcdserverpb.Watch/Watch")
    wire.head(stream)
    wire.ask(stream, request("WatchRequest", cancel_request=request("WatchCancelRequest", watch_id=9)), end=False)
    wire.tell(stream, request("WatchResponse", header=HEADER, watch_id=9, canceled=True))
    wire.tell(stream, request("WatchResponse", header=HEADER, watch_id=8, canceled=True))
    nothing = KeyRange(key=EtcdKey(b""))
    assert [call.operations for call in read(wire)] == [(KeyOperation(operation=Operation.CANCEL, keys=nothing),)] * 2
