"""kproxy.wire.protoparts, and objects read part by part."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON
from kproxy.wire import protojson
from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import message_class
from kproxy.wire.protoenvelope import parse
from kproxy.wire.protojson import decode_protobuf, message_json, object_json
from kproxy.wire.protoparts import cut
from tests.wire.messages import Maker, kinds, wrapped

POD = "k8s.io.api.core.v1.Pod"
KINDS = [name for _, _, name in kinds()]


def test_fields_are_taken_out_and_the_rest_stays_in_its_order() -> None:
    number, text, long = b"\x08\x96\x01", b"\x12\x02ab", b"\x1a\xc8\x01" + b"x" * 200
    fixed = b"\x25abcd" + b"\x29abcdefgh"
    found = cut(number + text + fixed + long + text, {2, 3})
    assert found is not None
    assert found.found == {2: [b"ab", b"ab"], 3: [b"x" * 200]}
    assert found.rest == number + fixed
    assert cut(b"", {1}) == ({}, b"")


@pytest.mark.parametrize(
    "data",
    [b"\x12", b"\x12\x05ab", b"\x80", b"\x92\x80\x80\x80\x80\x00\x00", b"\x08\x80", b"\x25abc", b"\x0b\x0c", b"\x0f"],
    ids=["no length", "short", "no tag", "a long tag", "no number", "short number", "a group", "no wire type"],
)
def test_what_is_no_message_is_left_to_the_library(data: bytes) -> None:
    assert cut(data, {2}) is None


def test_a_message_of_many_short_fields_is_left_to_the_library() -> None:
    long = b"\x12\x40" + b"x" * 64
    assert cut(long * 10_000, {2}) is not None
    assert cut(b"\x12\x00" * 30, {2}) is not None
    assert cut(b"\x12\x00" * 60, {2}) is None
    assert cut(long * 10 + b"\x08\x01" * 200, {2}) is None


def test_a_part_that_says_much_more_than_its_bytes_is_not_kept() -> None:
    protojson._kept.cache_clear()
    pod = message_class(POD)(status={"containerStatuses": [{} for _ in range(1_500)]}).SerializeToString()
    assert [object_json(POD, pod) for _ in range(2)] == [message_json(POD, parse(POD, pod))] * 2
    assert protojson._kept.cache_info().currsize == 0


def outcome(read: Callable[[], JSON]) -> tuple[JSON, str]:
    """What is read, or why nothing is."""
    try:
        return read(), ""
    except (ContentError, UnicodeDecodeError) as error:
        return None, type(error).__name__


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 2**32))
def test_an_object_says_the_same_read_part_by_part(name: str, seed: int) -> None:
    message = Maker(seed).message(name)
    data = message.SerializeToString(deterministic=True)
    expected = message_json(name, message)
    for _ in range(2):  # the second time of what is remembered
        value = object_json(name, data)
        assert value == expected
        assert list(value) == list(expected) if isinstance(value, dict) and isinstance(expected, dict) else True


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_a_damaged_object_says_the_same_or_is_none_either_way(seed: int, data: st.DataObject) -> None:
    whole = bytearray(Maker(seed).message(POD).SerializeToString(deterministic=True))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole)
    assert outcome(lambda: object_json(POD, damaged)) == outcome(lambda: message_json(POD, parse(POD, damaged)))


def test_a_part_that_is_there_twice_is_merged_as_the_library_does() -> None:
    both = [message_class(POD)(spec=spec).SerializeToString() for spec in ({"nodeName": "n"}, {"hostname": "h"})]
    value = object_json(POD, b"".join(both))
    assert isinstance(value, dict)
    assert value["spec"] == {"containers": None, "nodeName": "n", "hostname": "h"}


def test_what_is_remembered_is_not_changed_by_who_reads_it() -> None:
    data = wrapped("v1", "Pod", message_class(POD)(spec={"nodeName": "n"}))
    first = decode_protobuf(data)
    spec = first["spec"]
    assert isinstance(spec, dict)
    spec["nodeName"] = "other"
    again = decode_protobuf(data)["spec"]
    assert isinstance(again, dict)
    assert again["nodeName"] == "n"


def test_each_part_is_read_once() -> None:
    protojson._kept.cache_clear()
    for revision in ("1", "2", "3"):
        pod = message_class(POD)(metadata={"resourceVersion": revision}, spec={"nodeName": "n"}, status={"phase": "x"})
        object_json(POD, pod.SerializeToString())
    told = protojson._kept.cache_info()
    assert (told.misses, told.hits) == (2, 4)


def test_what_may_hold_itself_is_read_as_a_whole() -> None:
    definition = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"
    assert not protojson._ways(definition)
    assert protojson._ways(POD)
