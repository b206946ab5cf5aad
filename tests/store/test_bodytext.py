"""Bodies as lines."""

import json

import pytest
from hypothesis import given, settings

from kproxy.model.exchange import Digest
from kproxy.store.bodytext import body_bytes, body_line, canonical
from tests.support.made import body_bytes as any_body

NAME = Digest("0" * 64)


@settings(max_examples=300)
@given(any_body)
def test_any_bytes_come_back_exactly_through_a_line(data: bytes) -> None:
    line = canonical(body_line(NAME, data))
    assert "\n" not in line
    assert body_bytes(json.loads(line)) == data


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b'{"a":1}', "json"),
        (b'{"a":1}\n', "json"),
        (b'{"a":"\\u003cb\\u0026"}\n', "json"),
        ('{"a":"é"}'.encode(), "json"),
        (b'{ "a": 1 }', "text"),
        (b'{"a":1,"a":2}', "text"),
        (b'{"a":1.0e5}', "text"),
        (b'{"a":NaN}', "text"),
        (b"[" * 5000, "text"),
        (b'["' + b"9" * 5000 + b'"]', "json"),
        (b"[" + b"9" * 5000 + b"]", "text"),
        (b"hello", "text"),
        (b"k8s\0\xff", "base64"),
    ],
)
def test_each_body_takes_the_most_readable_form_that_is_exact(data: bytes, form: str) -> None:
    line = body_line(NAME, data)
    assert form in line
    assert body_bytes(json.loads(canonical(line))) == data
