"""OTLP in protobuf and in JSON."""

import base64
import json

from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from kproxy.model.exchange import Nanos
from kproxy.otlp.reading import read_spans
from kproxy.otlp.writing import TOGETHER, Event, Kind, OutSpan, Source, json_line, requests

SOURCE = Source(attributes=(("service.name", "kube-apiserver"),), version="1", beginning=1_000_000_000_000_000_000)
values = st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans()
attributes = st.lists(st.tuples(st.text(), values), max_size=3).map(tuple)
nanos = st.integers(0, 2**63 - 1).map(Nanos)
out_spans = st.builds(
    OutSpan,
    trace_id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    span_id=st.binary(min_size=8, max_size=8).map(bytes.hex),
    parent_id=st.just("") | st.binary(min_size=8, max_size=8).map(bytes.hex),
    name=st.text(),
    kind=st.sampled_from(Kind),
    started=nanos,
    ended=nanos,
    failure=st.text(),
    attributes=attributes,
    events=st.lists(st.builds(Event, at=nanos, name=st.text(), attributes=attributes), max_size=2).map(tuple),
)


@given(st.lists(out_spans, max_size=3))
def test_the_json_says_what_the_protobuf_says(spans: list[OutSpan]) -> None:
    """Another reader's way: ids from hex to base64, and then protobuf's own JSON."""
    for request in requests(spans, SOURCE):
        document = json.loads(json_line(request))
        for span in document["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            for name in ("traceId", "spanId", "parentSpanId"):
                if name in span:
                    data = bytes.fromhex(span[name])
                    span[name] = base64.b64encode(data).decode()
        assert ParseDict(document, ExportTraceServiceRequest()) == request


def test_what_is_written_can_be_read_again() -> None:
    span = OutSpan(
        trace_id="1" * 32,
        span_id="2" * 16,
        parent_id="3" * 16,
        name="GET /x",
        kind=Kind.SERVER,
        started=Nanos(5),
        ended=Nanos(9),
        failure="",
        attributes=(("audit-id", "a"), ("kproxy.seq", 1)),
        events=(),
    )
    made = list(requests([span] * (TOGETHER + 1), SOURCE))
    assert len(made) == 2
    read = [each for request in made for each in read_spans(request.SerializeToString(), SOURCE.beginning)]
    assert len(read) == TOGETHER + 1
    assert (read[0].trace_id, read[0].started, read[0].ended, read[0].audit_id) == ("1" * 32, 5, 9, "a")
