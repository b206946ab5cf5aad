"""Raw heads out of parsed ones: what a recorder reads of them is what they were made of."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.proxy.flows.heads import answer_head, request_head, section
from kproxy.wire.http1 import parse_head

NAMES = st.sampled_from([b"x-ODD", b"X-Odd", b"Host", b":weird"]).filter(lambda name: not name.startswith(b":"))
VALUES = st.binary(max_size=20).map(lambda value: value.translate(None, b"\x00\r\n").strip(b" \t"))
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=5).map(tuple)


@given(FIELDS)
def test_names_keep_their_order_spelling_and_repetitions(fields: tuple[tuple[bytes, bytes], ...]) -> None:
    raw = request_head(b"GET", b"/a?b", b"HTTP/1.1", fields)
    assert raw.endswith(b"\r\n\r\n")
    assert parse_head(raw) == (
        ("GET", "/a?b", "HTTP/1.1"),
        tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]),
    )


def test_an_answer_has_its_status_and_reason() -> None:
    assert answer_head(b"HTTP/1.1", 404, b"no such thing", ((b"A", b"b"),)) == (
        b"HTTP/1.1 404 no such thing\r\nA: b\r\n\r\n"
    )


def test_a_request_of_http_2_gets_its_authority_as_host_unless_it_has_one() -> None:
    assert request_head(b"GET", b"/", b"HTTP/2.0", ((b"a", b"b"),), b"up:1") == (
        b"GET / HTTP/2.0\r\nhost: up:1\r\na: b\r\n\r\n"
    )
    assert request_head(b"GET", b"/", b"HTTP/2.0", ((b"Host", b"b"),), b"up:1") == (
        b"GET / HTTP/2.0\r\nHost: b\r\n\r\n"
    )


def test_no_value_of_http_2_adds_lines_to_a_head() -> None:
    raw = request_head(b"GET", b"/a\r\nX: y", b"HTTP/2.0", ((b"a", b"b\r\nInjected: c\n"), (b"d\n", b"\x00")))
    assert parse_head(raw).headers == (("a", "b  Injected: c"), ("d ", ""))
    assert raw.count(b"\r\n") == 4


def test_a_section_ends_in_a_blank_line() -> None:
    assert section(()) == b"\r\n"
    assert section(((b"X-Sum", b"1"),)) == b"X-Sum: 1\r\n\r\n"
