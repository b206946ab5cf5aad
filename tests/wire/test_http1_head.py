import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.http1_head import (
    CHUNKED,
    MAX_HEAD,
    UNTIL_EOF,
    FramingError,
    check_beginning,
    check_trailers,
    parse_answer_head,
    parse_head,
    parse_request_head,
)

GOOD = b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nAUTHORIZATION:  Bearer t \r\n\r\n"


def test_a_request_head_names_its_parts() -> None:
    head = parse_request_head(GOOD)

    assert (head.method, head.target, head.version) == (b"GET", b"/api/v1/pods?watch=1", b"1.1")
    assert head.length == 0
    assert head.values(b"host") == [b"x"]
    assert head.values(b"authorization") == [b"Bearer t"]


def test_a_known_field_says_where_its_line_is() -> None:
    head = parse_request_head(GOOD)

    lines = [head.fields_raw[known.start : known.end] for known in head.fields]
    assert lines == [b"Host: x\r\n", b"AUTHORIZATION:  Bearer t \r\n"]


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        (b"", 0),
        (b"Content-Length: 12\r\n", 12),
        (b"Transfer-Encoding: chunked\r\n", CHUNKED),
        (b"Transfer-Encoding: Chunked\r\n", CHUNKED),
    ],
)
def test_a_requests_fields_decide_how_long_its_body_is(fields: bytes, length: int) -> None:
    assert parse_request_head(b"POST / HTTP/1.1\r\n" + fields + b"\r\n").length == length


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "more than one Host"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "more than one Content-Length"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "more than one Content-Length"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", "no number"),
        (b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", "no number"),
        (b"GET / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n", "no number"),
        (b"GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", "no number"),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "no number"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "other than chunked"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n", "other than chunked"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "more than one"),
        (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n", "no header field"),
        (b"GET / HTTP/1.1\r\n Folded: x\r\n\r\n", "folded"),
        (b"GET / HTTP/1.1\r\nA: x\r\n y\r\n\r\n", "folded"),
        (b"GET / HTTP/1.1\nHost: x\r\n\r\n", "bare LF"),
        (b"GET / HTTP/1.1\r\nA: x\nB: y\r\n\r\n", "bare LF"),
        (b"GET / HTTP/1.1\r\nA: x\rB: y\r\n\r\n", "bare CR"),
        (b"GET / HTTP/1.1\r\nA: x\x00y\r\n\r\n", "NUL"),
        (b"GET / HTTP/1.1\r\n: x\r\n\r\n", "no header field"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "no header field"),
        (b"GET  / HTTP/1.1\r\n\r\n", "first line"),
        (b"GET / HTTP/1.1 \r\n\r\n", "first line"),
        (b"GET / HTTP/2.0\r\n\r\n", "first line"),
        (b"GET /\r\n\r\n", "first line"),
        (b"PRI * HTTP/2.0\r\n\r\n", "first line"),
        (b"CONNECT a:443 HTTP/1.1\r\n\r\n", "tunnel"),
    ],
)
def test_a_request_head_that_leaves_room_for_a_guess_is_an_error_that_says_why(raw: bytes, sentence: str) -> None:
    with pytest.raises(FramingError, match=sentence):
        parse_request_head(raw)


@pytest.mark.parametrize(
    ("method", "status", "fields", "length"),
    [
        (b"GET", 200, b"", UNTIL_EOF),
        (b"GET", 200, b"Content-Length: 3\r\n", 3),
        (b"GET", 200, b"Transfer-Encoding: chunked\r\n", CHUNKED),
        (b"HEAD", 200, b"Content-Length: 3\r\n", 0),
        (b"HEAD", 200, b"Transfer-Encoding: chunked\r\n", 0),
        (b"GET", 204, b"", 0),
        (b"GET", 304, b"Content-Length: 3\r\n", 0),
    ],
)
def test_an_answers_body_depends_on_method_and_status(method: bytes, status: int, fields: bytes, length: int) -> None:
    head = parse_answer_head(b"HTTP/1.1 %d Text of any kind\r\n%b\r\n" % (status, fields), method)

    assert (head.status, head.length) == (status, length)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_an_ambiguous_answer_head_is_an_error(raw: bytes) -> None:
    with pytest.raises(FramingError):
        parse_answer_head(raw, b"GET")


def test_an_upgrade_is_asked_for_by_both_of_its_fields() -> None:
    asks = b"GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
    only_names = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"

    assert parse_request_head(asks).upgrade == b"websocket"
    assert parse_request_head(only_names).upgrade == b""
    assert parse_request_head(asks, parse_request_head(asks)).upgrade == b"websocket", "the same fields again"


def test_a_request_for_http_2_on_the_same_connection_is_no_upgrade() -> None:
    raw = b"GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: H2C\r\nHTTP2-Settings: AAMA\r\n\r\n"
    head = parse_request_head(raw)
    again = parse_request_head(raw, head)
    assert (head.upgrade, head.h2c) == (again.upgrade, again.h2c) == (b"", True)
    assert not parse_request_head(b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n").h2c


def test_a_head_after_one_with_the_same_fields_is_read_as_if_it_were_the_first() -> None:
    last = parse_request_head(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nUpgrade: u\r\n\r\n")
    same = b"PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nUpgrade: u\r\n\r\n"
    other = b"PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nUpgrade: u\r\n\r\n"
    older = b"PUT /b HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert parse_request_head(same, last) == parse_request_head(same)
    assert parse_request_head(other, last) == parse_request_head(other)
    with pytest.raises(FramingError):
        parse_request_head(older, parse_request_head(older.replace(b"1.0", b"1.1")))


@pytest.mark.parametrize("beginning", [b"\r\nGET / HT", b"\x16\x03\x01\x00", b" GET", b"GET / HTTP/1.1\nHost"])
def test_a_beginning_that_cannot_become_a_head_is_an_error_at_once(beginning: bytes) -> None:
    with pytest.raises(FramingError):
        check_beginning(beginning, "request")


def test_a_head_without_end_is_an_error_at_its_limit() -> None:
    check_beginning(b"G" * MAX_HEAD, "request")
    with pytest.raises(FramingError, match="longer"):
        check_beginning(b"G" * (MAX_HEAD + 1), "request")


def test_trailers_are_header_fields_and_nothing_else() -> None:
    check_trailers(b"Checksum: 1\r\n\r\n")
    with pytest.raises(FramingError):
        check_trailers(b"Checksum : 1\r\n\r\n")


@pytest.mark.parametrize("field", [b"Content-Length: 3", b"transfer-encoding:chunked"])
def test_trailers_that_some_readers_would_frame_by_are_refused(field: bytes) -> None:
    check_trailers(b"X: " + field + b"\r\n\r\n")
    with pytest.raises(FramingError, match="belongs into a head"):
        check_trailers(field + b"\r\n\r\n")
    with pytest.raises(FramingError, match="belongs into a head"):
        check_trailers(b"Checksum: 1\r\n" + field + b"\r\n\r\n")


def test_a_long_line_of_blanks_costs_no_more_than_its_length() -> None:
    raw = b"GET / HTTP/1.1\r\nA:" + b" " * 200_000 + b"\x00\r\n\r\n"
    with pytest.raises(FramingError):  # the test's timeout is the assertion
        parse_request_head(raw)


def test_a_recorded_head_keeps_order_and_spelling() -> None:
    parts = parse_head(b"HTTP/1.1 404 Not Found\r\nb: 2\r\nA:  1 \r\nb: \xe9\r\n\r\n")

    assert parts.start == ("HTTP/1.1", "404", "Not Found")
    assert parts.headers == (("b", "2"), ("A", "1"), ("b", "\xe9"))


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_what_follows_a_recorded_heads_blank_line_is_none_of_it(end: bytes) -> None:
    for fields in ((), (("A", "1 2"),)):
        lines = [b"POST / HTTP/1.1", *[b"A: 1", b" 2"][: 2 * len(fields)], b"", b"secret: body"]
        assert parse_head(end.join(lines)).headers == fields


@given(st.binary(max_size=300))
def test_reading_a_recorded_head_never_raises(raw: bytes) -> None:
    assert len(parse_head(raw).start) == 3


@given(st.lists(st.sampled_from([b"GET ", b"/ ", b"HTTP/1.1", b"\r\n", b"\n", b"\r", b"A: b", b":", b" ", b"\x00"])))
def test_a_strict_head_is_read_or_refused_never_anything_else(pieces: list[bytes]) -> None:
    raw = b"".join(pieces) + b"\r\n\r\n"
    try:
        head = parse_request_head(raw)
    except FramingError:
        return
    assert raw.startswith(head.method + b" " + head.target)
