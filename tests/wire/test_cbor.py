"""CBOR: the api-server's dialect of it, as JSON and back."""

import base64
import math
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.cbor import decode_cbor, edit_cbor, encode_cbor
from kproxy.wire.content import ContentError
from kproxy.wire.jsontext import MAX_DEPTH, decode_json
from kproxy.wire.mediatype import CBOR_MAGIC
from tests.support.made import json_values


def item(value: object) -> bytes:
    """A value in CBOR, as the library writes it."""
    return cbor2.dumps(value)


def finite(value: JSON) -> bool:
    """Whether JSON and 64 bits hold all of its numbers."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, float):
        return math.isfinite(value)
    children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return all(finite(child) for child in children)


@given(json_values.filter(finite))
def test_what_is_written_reads_the_same(value: JSON) -> None:
    data = encode_cbor(value)
    assert data.startswith(CBOR_MAGIC)
    assert decode_cbor(data) == value


def test_what_json_has_beyond_64_bits_is_a_float() -> None:
    assert encode_cbor(2**64) == CBOR_MAGIC + bytes.fromhex("fa5f800000")
    assert decode_cbor(encode_cbor(2**64)) == 2**64
    with pytest.raises(ContentError):
        encode_cbor(10**400)


def test_objects_are_written_as_the_api_server_writes_them() -> None:
    value: JSONObject = {"kind": "A", "bb": [True, None, 1.5, -7], "a": {}}
    assert encode_cbor(value).hex() == "d9d9f7" + "a34161a042626284f5f6f93e0026446b696e644141"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (item({b"data": {b"p": CBORTag(22, b"hunter2")}}), {"data": {"p": "aHVudGVyMg=="}}),
        (item(CBORTag(21, b"\xfb\xff\xfe\xff")), "-__-_w"),
        (item(CBORTag(23, b"\xab\x01")), "AB01"),
        (item({"text": b"bytes"}), {"text": "bytes"}),
        (item(CBORTag(0, b"2026-11-25T01:02:03.5Z")), "2026-11-25T01:02:03.5Z"),
        (item(CBORTag(1, 0)), "1970-01-01T00:00:00Z"),
        (item(CBORTag(1, 1.5)), "1970-01-01T00:00:01.5Z"),
        (CBOR_MAGIC + CBOR_MAGIC + item([CBORTag(55799, CBORTag(4711, 3.0))]), [3]),
        (bytes.fromhex("f94200"), 3),
        (bytes.fromhex("fb3ff8000000000000"), 1.5),
        (bytes.fromhex("9f01bf4161f5ffff"), [1, {"a": True}]),
        (bytes.fromhex("5f41614162ff"), "ab"),
        (bytes.fromhex("41ff"), "\ufffd"),
        (bytes.fromhex("3b7fffffffffffffff"), -(2**63)),
        (bytes.fromhex("fae2010000"), -594907496377133039616),
    ],
)
def test_values_are_what_the_api_servers_json_has(data: bytes, expected: JSON) -> None:
    assert decode_cbor(data) == expected
    assert repr(decode_cbor(data)) == repr(expected)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "premature end"),
        (item({"a": 1})[:-1], "premature end"),
        (bytes.fromhex("9b7fffffffffffffff"), "premature end"),
        (bytes.fromhex("5b7fffffffffffffff"), "premature end"),
        (b"\x81" * 100_000, "nesting depth"),
        (CBOR_MAGIC * 100_000, "nesting depth"),
        (bytes.fromhex("a2616101616102"), "Duplicate map key"),
        (bytes.fromhex("a2416101616102"), "key twice"),
        (bytes.fromhex("a10102"), "key that is no text"),
        (bytes.fromhex("61ff"), "damaged"),
        (bytes.fromhex("1c"), "damaged"),
        (bytes.fromhex("ff"), "damaged"),
        (bytes.fromhex("f7"), "simple value"),
        (bytes.fromhex("f0"), "simple value"),
        (bytes.fromhex("f97e00"), "number that JSON has not"),
        (bytes.fromhex("f97c00"), "number that JSON has not"),
        (bytes.fromhex("1b8000000000000000"), "beyond 64 bits"),
        (bytes.fromhex("c24101"), "beyond 64 bits"),
        (item(CBORTag(1, "now")), "time that is no number"),
        (item(CBORTag(1, 10**18)), "beyond the year 9999"),
        (item(CBORTag(0, 5)), "time that is no text"),
        (b"\x01\x01", "something behind"),
        (item(CBORTag(28, [CBORTag(29, 0)])) + b"\0", "something behind"),
    ],
)
def test_what_the_api_server_would_not_take_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ContentError, match=reason):
        decode_cbor(data)


@pytest.mark.parametrize("tag", [*range(4, 20), *range(24, 300), 1004, 43000, 65535, 65536, 2**63])
def test_no_tag_makes_anything_but_plain_values(tag: int) -> None:
    head = cbor2.dumps(CBORTag(tag, 0))[:-1]
    for content in (b"\x01", b"\x41a", b"\x82\x01\x02", b"\xa0"):
        assert decode_cbor(head + content) == decode_cbor(content)


def test_what_json_may_nest_cbor_may_nest_too() -> None:
    deepest: JSON = decode_json(b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH)
    assert decode_cbor(encode_cbor(deepest)) == deepest
    with pytest.raises(ContentError, match="nesting depth"):
        decode_cbor(encode_cbor([deepest]))


def test_an_error_quotes_nothing_of_the_content() -> None:
    with pytest.raises(ContentError) as caught:
        decode_cbor(item({"hunter2": 1})[:1] + item("hunter2") * 2 + b"\xff")
    assert "hunter2" not in str(caught.value)


def change(value: JSONObject) -> JSONObject:
    """Another password, and a field more."""
    inner: Any = value["object"]  # the object that the test made
    inner["data"]["p"] = base64.b64encode(b"other").decode()
    inner["note"] = "new"
    del inner["gone"]
    return value


def test_a_change_leaves_the_form_of_all_else_as_it_is() -> None:
    secret = {b"data": {b"q": CBORTag(22, b"stays"), b"p": CBORTag(22, b"hunter2")}, b"gone": 1, b"n": 1.0, "text": "t"}
    before = CBOR_MAGIC + item({b"type": b"ADDED", b"object": CBORTag(55799, secret)})
    after = edit_cbor(before, change)
    expected = {b"data": {b"q": CBORTag(22, b"stays"), b"p": CBORTag(22, b"other")}, b"n": 1.0, "text": "t"}
    raw = cbor2.loads(after, semantic_decoders={55799: lambda value, _: CBORTag(55799, value)})
    assert after.startswith(CBOR_MAGIC)
    assert raw.value == {b"type": b"ADDED", b"object": CBORTag(55799, {**expected, b"note": b"new"})}
    assert b"hunter2" not in after
    assert bytes.fromhex("f93c00") in after


def test_nothing_changed_is_the_very_same_bytes() -> None:
    data = bytes.fromhex("bf5f4161ff01ff")
    assert edit_cbor(data, dict) is data


def test_what_is_no_base64_any_more_becomes_text() -> None:
    made = edit_cbor(item({"p": CBORTag(22, b"x")}), lambda _: {"p": "no base64!"})
    assert decode_cbor(made) == {"p": "no base64!"}


@given(json_values.filter(finite), json_values.filter(finite))
def test_any_change_is_what_is_read_afterwards(before: JSON, after: JSON) -> None:
    data = encode_cbor({"v": before, "w": 1})
    assert decode_cbor(edit_cbor(data, lambda _: {"v": after, "x": 2})) == {"v": after, "x": 2}


@given(st.binary())
def test_garbage_ends_in_one_kind_of_error(data: bytes) -> None:
    for prefix in (b"", CBOR_MAGIC, b"\xa1\x41a"):
        try:
            decode_cbor(prefix + data)
        except ContentError as error:
            assert str(error)  # noqa: PT017 - a value or this error, nothing else


def test_a_text_stays_a_text_where_the_new_one_could_be_base64_too() -> None:
    data = cbor2.dumps({"a": "old", "b": 1})
    assert edit_cbor(data, lambda _: {"a": "abcd", "b": 1}) == cbor2.dumps({"a": "abcd", "b": 1})
    assert edit_cbor(CBOR_MAGIC + data, lambda _: {"a": "abcd", "b": 1}).startswith(CBOR_MAGIC)


def test_keys_stand_in_the_order_of_their_lengths_and_then_of_their_bytes() -> None:
    values: list[JSON] = [{"aa": 1, "b": 2, "a": 3}, {"b": 2, "a": 3, "aa": 1}]
    for value in values:
        assert encode_cbor(value).endswith(bytes.fromhex("a341610341620242616101"))
