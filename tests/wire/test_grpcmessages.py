"""gRPC's messages, cut out of DATA frames."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kproxy.etcd.messages import request
from kproxy.wire.descriptors import message_class
from kproxy.wire.grpcmessages import WHOLE, Budget, Bulk, Deframer, Message, Skimmer
from tests.support.grpc_wire import framed


def pieces(data: bytes, cuts: list[int]) -> list[memoryview]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [memoryview(data)[start:end] for start, end in pairwise(places)]


def found(deframer: Deframer, data: bytes, cuts: list[int]) -> list[Message]:
    messages = [message for piece in pieces(data, cuts) if piece for message in deframer.feed(piece)]
    return [each._replace(content=None if each.content is None else bytes(each.content)) for each in messages]


@given(st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=5), st.lists(st.integers(0, 2000)))
def test_messages_come_out_however_they_are_cut(parts: list[tuple[bytes, bool]], cuts: list[int]) -> None:
    data = b"".join(framed(content, compressed=compressed) for content, compressed in parts)
    budget = Budget(10_000)
    deframer = Deframer(1000, budget)
    assert found(deframer, data, cuts) == [Message(len(content), content, compressed) for content, compressed in parts]
    assert deframer.total == sum(len(content) for content, _ in parts)
    assert budget.left == 10_000


@given(st.lists(st.integers(0, 5000), max_size=6))
def test_what_is_larger_than_the_limit_is_counted_and_what_follows_is_read(cuts: list[int]) -> None:
    data = framed(bytes(2001)) + framed(b"next")
    assert found(Deframer(2000, Budget(9999)), data, cuts) == [Message(2001, None), Message(4, b"next")]


def test_a_budget_that_is_used_up_costs_the_message_and_is_given_back() -> None:
    budget = Budget(100)
    one, other = Deframer(1000, budget), Deframer(1000, budget)
    assert found(one, framed(bytes(90))[:-1], []) == []
    assert found(other, framed(bytes(20)), [8]) == [Message(20, None)]
    assert found(one, b"\0", []) == [Message(90, bytes(90))]
    assert budget.left == 100
    one.feed(memoryview(framed(bytes(90))[:-1]))
    one.close()
    assert budget.left == 100


@given(st.lists(st.integers(0, 40), max_size=4))
def test_what_is_no_message_is_said_and_counted_and_what_was_before_it_is_told(cuts: list[int]) -> None:
    deframer = Deframer(1000, Budget(1000))
    assert found(deframer, framed(b"good") + b"GET / HTTP/1.1" + framed(b"more"), cuts) == [Message(4, b"good")]
    assert deframer.failed == "a message begins with 71"
    assert deframer.total == 4 + len(b"GET / HTTP/1.1") - 5 + 9


range_answers = st.builds(
    lambda revision, count, more, values: (revision, count, more, values),
    st.integers(0, 2**62),
    st.integers(0, 2**40),
    st.booleans(),
    st.lists(st.binary(max_size=200), max_size=8),
)


@given(range_answers, st.lists(st.integers(0, 3000), max_size=8), st.booleans())
def test_an_answer_is_read_past_its_bulk_wherever_it_is_cut(
    answer: tuple[int, int, bool, list[bytes]], cuts: list[int], nested: bool
) -> None:
    revision, count, more, values = answer
    header = request("ResponseHeader", revision=revision, cluster_id=2**64 - 1)
    kvs = [message_class("mvccpb.KeyValue")(key=value, value=value) for value in values]
    whole = request("RangeResponse", header=header, kvs=kvs, more=more, count=count)
    bare = request("RangeResponse", header=header, more=more, count=count)
    if nested:
        whole, bare = (request("RangeStreamResponse", range_response=each) for each in (whole, bare))
    skimmer = Skimmer(Bulk(2, nested))
    for piece in pieces(whole.SerializeToString(), cuts):
        skimmer.feed(piece)
    left = skimmer.message()
    assert left is not None
    assert type(bare).FromString(left) == bare
    assert skimmer.dropped == len(values)


def test_a_large_answer_is_not_held() -> None:
    kvs = [message_class("mvccpb.KeyValue")(key=b"k", value=bytes(1000)) for _ in range(2000)]
    answer = request("RangeResponse", header=request("ResponseHeader", revision=7), kvs=kvs, count=2000)
    budget = Budget(1000)
    (message,) = found(Deframer(WHOLE, budget, Bulk(2)), framed(answer), list(range(0, 2_000_000, 4096)))
    assert message.content is not None
    assert message.size > 2_000_000
    assert len(message.content) < 50
    assert message.dropped == 2000


@given(st.binary(max_size=100), st.lists(st.integers(0, 100), max_size=4), st.booleans())
def test_what_is_no_protobuf_is_left(data: bytes, cuts: list[int], nested: bool) -> None:
    skimmer = Skimmer(Bulk(2, nested))
    for piece in pieces(data, cuts):
        skimmer.feed(piece)
    skimmer.message()


def test_what_lies_within_a_kept_field_is_not_the_bulk() -> None:
    kept, bulk = b"\x2a\x05\x12\x03abc", b"\x12\x02zz"
    for cut in range(len(kept + bulk)):
        skimmer = Skimmer(Bulk(2))
        for piece in pieces(kept + bulk, [cut]):
            skimmer.feed(piece)
        assert (skimmer.message(), skimmer.dropped) == (kept, 1), cut


def test_a_wrapped_message_is_as_long_as_it_says() -> None:
    for size in (0, 1, 100, 125, 126, 127, 128, 129, 16_384):
        inner = (
            message_class("etcdserverpb.ResponseHeader")().SerializeToString() + b"\x2a" + _varint(size) + bytes(size)
        )
        skimmer = Skimmer(Bulk(2, nested=True))
        skimmer.feed(memoryview(b"\x0a" + _varint(len(inner)) + inner))
        assert skimmer.message() == b"\x0a" + _varint(len(inner)) + inner


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def test_an_answer_that_is_large_without_its_bulk_is_not_kept() -> None:
    for size, kept in ((WHOLE - 4, True), (WHOLE - 3, False)):
        skimmer = Skimmer(Bulk(2))
        skimmer.feed(memoryview(b"\x2a" + _varint(size) + bytes(size)))
        assert (skimmer.message() is not None) is kept


def test_what_is_not_whole_and_what_is_no_field_is_no_message() -> None:
    for data in (b"\x2a\x05abc", b"\x2a", b"\x08", b"\x09abc", b"\x0b", b"\xff" * 30):
        skimmer = Skimmer(Bulk(2))
        skimmer.feed(memoryview(data))
        assert skimmer.message() is None, data
    fixed = b"\x09" + bytes(8) + b"\x0d" + bytes(4)
    for cut in range(len(fixed)):
        skimmer = Skimmer(Bulk(2))
        for piece in pieces(fixed, [cut]):
            skimmer.feed(piece)
        assert skimmer.message() == fixed
