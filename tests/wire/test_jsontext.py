"""JSON as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import MAX_CONTENT, MAX_DEPTH, decode_json, decode_json_at, encode_json

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values: st.SearchStrategy[JSON] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


@given(values)
def test_what_is_written_is_read_again(value: JSON) -> None:
    assert decode_json(encode_json(value)) == value


@given(st.binary())
def test_garbage_ends_in_one_kind_of_error(data: bytes) -> None:
    try:
        decode_json(data)
    except ContentError as error:
        assert str(error)  # noqa: PT017 - a value or this error, nothing else


def test_it_is_written_as_go_writes_it() -> None:
    assert (
        encode_json({"a": "<&>\u2028ü", "b": [1, None]})
        == b'{"a":"\\u003c\\u0026\\u003e\\u2028\xc3\xbc","b":[1,null]}\n'
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[1,]", b"NaN", b'{"a": Infinity}', b"1e999", b'"\xff"', b"1" * 5000, b"[" * 100_000, b"{} {}"],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(ContentError):
        decode_json(data)


def test_nesting_is_bounded_whatever_strings_hold() -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert decode_json(deepest)
    with pytest.raises(ContentError, match="levels deep"):
        decode_json(b"[" + deepest + b"]")
    assert decode_json(json.dumps(["[" * 1000, "{" * 1000]).encode())


def test_size_is_bounded() -> None:
    with pytest.raises(ContentError, match="more than"):
        decode_json(b" " * (MAX_CONTENT + 1))


def test_lone_surrogates_become_replacement_characters() -> None:
    value = decode_json(b'{"\\ud800k": ["\\uDC00", "\\ud83d\\ude00"]}')
    assert value == {"�k": ["�", "😀"]}


def test_errors_never_hold_the_content() -> None:
    with pytest.raises(ContentError) as caught:
        decode_json(b'{"password": "hunter2" oops')
    assert "hunter2" not in str(caught.value)


def test_objects_are_levels_as_lists_are() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels

    assert decode_json(nested(MAX_DEPTH))
    with pytest.raises(ContentError, match="levels deep"):
        decode_json(nested(MAX_DEPTH + 1))


def test_a_value_is_read_where_it_begins_and_its_end_is_told() -> None:
    assert decode_json_at('[{"a":1},2]', 1) == ({"a": 1}, 8)
    assert decode_json_at('[{"a":1},2]', 9) == (2, 10)
    for text, at in (("[NaN]", 1), ("[1e999]", 1), ("[", 1), ("[" * 100_000, 0)):
        with pytest.raises(ContentError):
            decode_json_at(text, at)
