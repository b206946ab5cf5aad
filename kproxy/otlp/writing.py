"""Spans as OTLP carries them: in protobuf for a collector, in JSON lines for a file."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import batched

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from kproxy.model.exchange import Nanos
from kproxy.model.jsontypes import JSON

TOGETHER = 500
"""Spans in one request or line: an exporter's usual batch."""

type Value = str | int | bool


class Kind(IntEnum):
    """OTLP's numbers for what a span is of."""

    SERVER = trace_pb2.Span.SPAN_KIND_SERVER
    CLIENT = trace_pb2.Span.SPAN_KIND_CLIENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something at one moment within a span."""

    at: Nanos
    name: str
    attributes: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutSpan:
    """A span to be given away. Times are the session's; `failure` "": it was none."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: Kind
    started: Nanos
    ended: Nanos
    failure: str
    attributes: tuple[tuple[str, Value], ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose spans they are: attributes of the resource, kproxy's version, the session's beginning in Unix time (ns)."""

    attributes: tuple[tuple[str, Value], ...]
    version: str
    beginning: int


def requests(spans: Iterable[OutSpan], source: Source) -> Iterator[ExportTraceServiceRequest]:
    """What a collector is sent, TOGETHER spans at a time."""
    for some in batched(spans, TOGETHER):
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.extend(_attributes(source.attributes))
        scope = resource.scope_spans.add()
        scope.scope.name, scope.scope.version = "kproxy", source.version
        scope.spans.extend(_message(span, source.beginning) for span in some)
        yield request


def json_line(request: ExportTraceServiceRequest) -> str:
    """A request as OTLP's JSON: ids in hex, where protobuf's own JSON has base64, and enums as numbers.

    Source: opentelemetry.io/docs/specs/otlp, «JSON Protobuf Encoding».
    """
    document: JSON = MessageToDict(request, use_integers_for_enums=True)
    for span, message in zip(_spans_in(document), request.resource_spans[0].scope_spans[0].spans, strict=True):
        span["traceId"], span["spanId"] = message.trace_id.hex(), message.span_id.hex()
        if message.parent_span_id:
            span["parentSpanId"] = message.parent_span_id.hex()
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _spans_in(document: JSON) -> Iterator[dict[str, JSON]]:
    match document:
        case {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}:
            yield from (span for span in spans if isinstance(span, dict))


def _message(span: OutSpan, beginning: int) -> trace_pb2.Span:
    made = trace_pb2.Span(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id),
        name=span.name,
        kind=span.kind.value,
        start_time_unix_nano=_unix(beginning, span.started),
        end_time_unix_nano=_unix(beginning, max(span.started, span.ended)),
        attributes=_attributes(span.attributes),
        events=(
            trace_pb2.Span.Event(
                time_unix_nano=_unix(beginning, event.at), name=event.name, attributes=_attributes(event.attributes)
            )
            for event in span.events
        ),
    )
    if span.failure:
        made.status.code, made.status.message = trace_pb2.Status.STATUS_CODE_ERROR, span.failure
    return made


def _unix(beginning: int, at: Nanos) -> int:
    """Unix time as OTLP has it, an unsigned number of 64 bits, whatever a recording says."""
    return min(max(0, beginning + at), (1 << 64) - 1)


def _attributes(attributes: Iterable[tuple[str, Value]]) -> list[KeyValue]:
    made = []
    for name, value in attributes:
        attribute = KeyValue(key=name)
        match value:
            case bool():
                attribute.value.bool_value = value
            case int():
                attribute.value.int_value = value
            case str():
                attribute.value.string_value = value
        made.append(attribute)
    return made
