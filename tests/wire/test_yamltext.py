"""YAML."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON
from kproxy.wire.contenterror import ContentError
from kproxy.wire.yamltext import decode_yaml, encode_yaml


def test_plain_scalars_have_jsons_types_as_go_reads_them() -> None:
    text = b"[1, -2, 0x10, 0o7, 017, 1e3, .5, 2001-01-01, 1:30, yes, Off, ~, null, '', \"1\", y, 1.2.3]"
    expected = [1, -2, 16, "0o7", 15, 1000.0, 0.5, "2001-01-01", "1:30", True, False, None, None, "", "1", "y", "1.2.3"]
    assert decode_yaml(text) == expected


def test_an_object_is_read_with_its_anchors_and_merges() -> None:
    assert decode_yaml(b"a: &x {k: v}\nb: *x\nc: {<<: *x, d: 1}\n1: true\n") == {
        "a": {"k": "v"},
        "b": {"k": "v"},
        "c": {"k": "v", "d": 1},
        "1": True,
    }


def test_json_is_yaml_too() -> None:
    assert decode_yaml(json.dumps({"a": [1, {"b": "ü"}]}).encode()) == {"a": [1, {"b": "ü"}]}


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}, *a{n}, *a{n}]\n" for n in range(40))


@pytest.mark.parametrize(
    "data",
    [
        b"a: b\n---\nc: d\n",
        b"a: [",
        b"a: !!python/object/apply:os.system [true]",
        b"a: !!binary aGk=",
        b"? [1]\n: 2\n",
        b"a: &a [*a]",
        b"\xff\xfe\xff",
        b"[" * 100_000,
        BOMB.encode(),
        b"a: 1\x00",
    ],
)
def test_what_is_hostile_or_none_is_refused(data: bytes) -> None:
    with pytest.raises(ContentError):
        decode_yaml(data)


@given(st.binary() | st.text().map(str.encode))
def test_garbage_ends_in_one_kind_of_error(data: bytes) -> None:
    try:
        decode_yaml(data)
    except ContentError as error:
        assert str(error)  # noqa: PT017 - a value or this error, nothing else


def test_errors_never_hold_the_content() -> None:
    with pytest.raises(ContentError) as caught:
        decode_yaml(b"password: hunter2\n  oops: [")
    assert "hunter2" not in str(caught.value)


def test_a_key_that_yaml_cannot_have_on_a_line_is_not_written() -> None:
    assert decode_yaml(encode_yaml({"a": [{"k" * 900: 1}]})) == {"a": [{"k" * 900: 1}]}
    for key in ("k" * 1100, "<" * 200):
        with pytest.raises(ContentError, match="more than 1000 bytes"):
            encode_yaml({"a": [{key: 1}]})


def test_keys_that_are_no_text_are_written_as_go_writes_them() -> None:
    assert decode_yaml(b"{true: a, No: b, 7: c, 1.5: d, 2001-01-01: e}") == {
        "true": "a",
        "false": "b",
        "7": "c",
        "1.5": "d",
        "2001-01-01": "e",
    }
    with pytest.raises(ContentError, match="a key that JSON cannot have"):
        decode_yaml(b"~: a")


def test_more_aliases_than_anybody_writes_are_refused_before_anything_is_built() -> None:
    with pytest.raises(ContentError, match="more nodes or aliases"):
        decode_yaml(b"- &a x\n" + b"- *a\n" * 20_000)


def test_of_a_large_document_the_keys_are_looked_at_wherever_they_stand() -> None:
    large: JSON = ["x" * 2000, 7, None, {"a": [["y"]]}]
    assert decode_yaml(encode_yaml(large)) == large


def test_many_lists_beside_each_other_are_not_nested() -> None:
    assert decode_yaml(b"- [[]]\n" * 1000) == [[[]]] * 1000
