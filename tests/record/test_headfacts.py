"""What raw heads say: the same whether their parts were seen before or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.record.headfacts import HeadReader
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.wire.http1 import parse_head

TOKEN = "planted-token-0123456789"  # 24 characters

lines = st.lists(
    st.sampled_from(
        [
            b"Date: now",
            b"Audit-Id: 7c0f-1",
            b"audit-id: x",
            b"X: a",
            b" folded",
            b"Audit-Id:  two",
            b"no field",
            b"Y: b\nZ: c",
        ]
    ),
    max_size=6,
)


def reader() -> HeadReader:
    pseudonyms = Pseudonyms(b"k" * 32)
    return HeadReader(Redactor(pseudonyms, Literals(pseudonyms, [TOKEN])))


def raw_head(first: bytes, fields: list[bytes], line_end: bytes = b"\r\n") -> bytes:
    return line_end.join([first, *fields, b"", b""])


@given(lines, st.sampled_from([b"\r\n", b"\n"]))
def test_an_answers_fields_are_those_of_the_tolerant_reading_in_their_order(fields: list[bytes], end: bytes) -> None:
    raw = raw_head(b"HTTP/1.1 200 OK", fields, end)
    assert reader().answer(raw).headers == parse_head(raw).headers


@given(st.lists(lines, max_size=4))
def test_what_was_read_before_changes_nothing(heads: list[list[bytes]]) -> None:
    used = reader()
    for fields in heads:
        raw = raw_head(b"HTTP/1.1 404 Not Found", fields)
        assert used.answer(raw) == reader().answer(raw)


def test_answers_that_differ_in_their_audit_id_only_keep_their_own() -> None:
    used = reader()
    found = [used.answer(raw_head(b"HTTP/1.1 200 OK", [b"A: 1", b"Audit-Id: id-%d" % n, b"B: 2"])) for n in range(3)]
    assert [facts.headers for facts in found] == [(("A", "1"), ("Audit-Id", f"id-{n}"), ("B", "2")) for n in range(3)]


@pytest.mark.parametrize("place", [b"Audit-Id: %b", b"X: %b", b"Authorization: Bearer %b"])
def test_a_known_secret_is_hidden_in_whatever_field_it_is(place: bytes) -> None:
    used = reader()
    for _ in range(2):
        facts = used.answer(raw_head(b"HTTP/1.1 200 OK", [place % TOKEN.encode()]))
        assert TOKEN not in str(facts.headers)
        assert TOKEN not in str(used.request(raw_head(b"GET / HTTP/1.1", [place % TOKEN.encode()])))


def test_what_is_no_request_says_nothing() -> None:
    facts = reader().request(b"the rest of a body\r\nwith: lines\r\n\r\n")
    assert (facts.method, facts.target, facts.headers) == ("", "", ())
    assert reader().request(b"GET /api HTTP/1.1\r\nno field\r\nX: 1\r\n\r\n").headers == (("X", "1"),)
