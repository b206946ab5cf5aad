"""What an exporter sent, as the model's spans. Everything in it is bounded: whoever can connect can send."""

from collections.abc import Iterable, Iterator

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from kproxy.errors import OtlpError
from kproxy.model.exchange import Nanos
from kproxy.model.trace import Span

MAX_MESSAGE = 16 << 20
"""Bytes of one request: an exporter sends 512 spans at a time."""
_MAX_SPANS = 10_000
"""Spans that are read of one request."""
MAX_ATTRIBUTES = 32
MAX_TEXT = 1024
"""Characters of a name, and of an attribute's value, that are kept: whoever redacts cuts, as half a secret is none."""

AUDIT_ID = "audit-id"
KEY = "key"


def read_spans(data: bytes, beginning: int) -> tuple[Span, ...]:
    """The spans of an ExportTraceServiceRequest, times since `beginning` (Unix time, nanoseconds). OtlpError.

    Those that ended before it are left out: an api-server's exporter holds some thousand of its own beginnings back.
    Attributes of the spans are kept, those of resource and scope are not: they are the same for all of a server.
    """
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(data)
    except DecodeError:
        raise OtlpError("an exporter sent what is no request of OTLP") from None
    found = (span for span in _all(request) if _is_span(span) and span.end_time_unix_nano >= beginning)
    return tuple(_span(span, beginning) for span in _bounded(found, _MAX_SPANS))


def _all(request: ExportTraceServiceRequest) -> Iterator[trace_pb2.Span]:
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            yield from scope.spans


def _bounded[T](values: Iterable[T], most: int) -> Iterator[T]:
    yield from (value for value, _ in zip(values, range(most), strict=False))


def _is_span(span: trace_pb2.Span) -> bool:
    """Whether its ids are what W3C's trace context lets them be."""
    return (len(span.trace_id), len(span.span_id)) == (16, 8) and any(span.trace_id) and any(span.span_id)


def _span(span: trace_pb2.Span, beginning: int) -> Span:
    attributes = dict(_attributes(span.attributes))
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex() if len(span.parent_span_id) == 8 else "",
        name=span.name,
        started=_since(span.start_time_unix_nano, beginning),
        ended=_since(span.end_time_unix_nano, beginning),
        audit_id=attributes.pop(AUDIT_ID, ""),
        key=attributes.pop(KEY, ""),
        attributes=tuple(attributes.items()),
    )


def _since(at: int, beginning: int) -> Nanos:
    """A time of the session; 0 for one before it, and for one that no clock gives."""
    return Nanos(min(max(0, at - beginning), 1 << 62))


def _attributes(found: Iterable[KeyValue]) -> Iterator[tuple[str, str]]:
    for attribute in _bounded(found, MAX_ATTRIBUTES):
        yield attribute.key, _text(attribute.value)


def _text(value: AnyValue) -> str:
    """A plain value as text; of a list or a map only that it is one."""
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "int_value":
            return str(value.int_value)
        case "double_value":
            return str(value.double_value)
        case None:
            return ""
        case kind:
            return f"({kind.removesuffix('_value')})"
