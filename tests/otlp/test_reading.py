"""Spans out of what an exporter sends."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from kproxy.errors import OtlpError
from kproxy.otlp.reading import MAX_ATTRIBUTES, read_spans

BEGINNING = 1_700_000_000_000_000_000


def request(*, trace_id: bytes = b"\x11" * 16, span_id: bytes = b"\x22" * 8, at: int = BEGINNING) -> bytes:
    """One span, as an api-server's etcd3 store tells it."""
    made = ExportTraceServiceRequest()
    span = made.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.parent_span_id = trace_id, span_id, b"\x33" * 8
    span.name = "Create etcd3"
    span.start_time_unix_nano, span.end_time_unix_nano = at + 5, at + 9
    for name, value in (("audit-id", "a-1"), ("key", "/pods/default/x"), ("type", "*core.Pod")):
        attribute = span.attributes.add()
        attribute.key, attribute.value.string_value = name, value
    return made.SerializeToString()


def test_a_span_names_its_request_and_its_key() -> None:
    (span,) = read_spans(request(), BEGINNING)
    assert (span.trace_id, span.span_id, span.parent_id) == ("11" * 16, "22" * 8, "33" * 8)
    assert (span.name, span.started, span.ended) == ("Create etcd3", 5, 9)
    assert (span.audit_id, span.key, span.attributes) == ("a-1", "/pods/default/x", (("type", "*core.Pod"),))


@pytest.mark.parametrize(
    "data",
    [request(trace_id=b""), request(trace_id=bytes(16)), request(span_id=b"short"), request(at=BEGINNING - 60)],
)
def test_what_has_no_ids_or_ended_before_the_session_is_left_out(data: bytes) -> None:
    assert read_spans(data, BEGINNING) == ()


def test_a_span_that_began_before_the_session_begins_with_it() -> None:
    (span,) = read_spans(request(at=BEGINNING - 7), BEGINNING)
    assert (span.started, span.ended) == (0, 2)


def test_attributes_are_bounded_in_number_and_are_text() -> None:
    made = ExportTraceServiceRequest.FromString(request())
    span = made.resource_spans[0].scope_spans[0].spans[0]
    for value in (True, 7, 0.5, "x" * 5000):
        attribute = span.attributes.add()
        attribute.key = f"k{value!r}"[:9]
        kind = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}[type(value)]
        setattr(attribute.value, kind, value)
    span.attributes.add(key="list").value.array_value.values.add().string_value = "in it"
    span.attributes.add(key="nothing")
    for number in range(100):
        span.attributes.add(key=f"more {number}")
    (read,) = read_spans(made.SerializeToString(), BEGINNING)
    values = dict(read.attributes)
    assert [values[name] for name in ("kTrue", "k7", "k0.5", "list", "nothing")] == ["true", "7", "0.5", "(array)", ""]
    assert len(values["k'xxxxxxx"]) == 5000  # whoever redacts it cuts it
    assert len(values) == MAX_ATTRIBUTES - 2  # audit-id and key have places of their own


@given(st.binary(max_size=200))
def test_any_bytes_are_spans_or_one_sentence(data: bytes) -> None:
    with suppress(OtlpError):
        assert all(len(span.trace_id) == 32 for span in read_spans(data, BEGINNING))
