"""`kproxy export --format otlp`: into a file, and over HTTP to a collector."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from kproxy.convert.otlp import export_traces
from kproxy.errors import OtlpError, UsageError
from kproxy.store.copying import copy
from tests.convert.test_spans import a_call, traced
from tests.support.made import a_session, an_exchange
from tests.support.memory import MemoryRecording


@pytest.fixture
def session(tmp_path: Path) -> str:
    """A recording of one exchange with one call."""
    header = a_session(started_at="2026-11-25T21:00:00.000000001Z")
    made = MemoryRecording(session=header, exchange_list=[traced(an_exchange(1))], call_list=[a_call()])
    copy(made, tmp_path / "s.kproxy")
    return str(tmp_path / "s.kproxy")


@contextmanager
def collector(status: int = 200, answer: bytes = b"", location: str = "") -> Iterator[tuple[str, list[bytes]]]:
    """What takes OTLP over HTTP (a stand-in: docs/otlp.md names the Jaeger that was tried)."""
    came: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/traces", came
        finally:
            server.shutdown()
            thread.join()


def test_traces_are_a_file_of_json_lines(session: str, tmp_path: Path) -> None:
    said: list[str] = []
    export_traces(session, str(tmp_path / "t.json"), said.append)
    (line,) = (tmp_path / "t.json").read_text().splitlines()
    spans = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert [span["name"] for span in spans] == ["GET /api/v1/namespaces/{namespace}/pods/{name}", "etcd KV/Txn"]
    assert spans[0]["startTimeUnixNano"].endswith("000000002")
    assert said == [f"2 spans in {tmp_path / 't.json'}"]
    with pytest.raises(UsageError, match="exists already"):
        export_traces(session, str(tmp_path / "t.json"), said.append)


def test_traces_are_sent_to_a_collector(session: str) -> None:
    with collector() as (url, came):
        export_traces(session, url, lambda _: None)
    (request,) = map(ExportTraceServiceRequest.FromString, came)
    assert len(request.resource_spans[0].scope_spans[0].spans) == 2


def test_a_collector_that_refuses_or_is_not_there_is_said_in_a_sentence(session: str) -> None:
    with collector(429) as (url, _), pytest.raises(OtlpError, match="refused the traces: 429"):
        export_traces(session, url, lambda _: None)
    with pytest.raises(OtlpError, match="cannot be reached"):
        export_traces(session, url, lambda _: None)
    with pytest.raises(UsageError, match="not to file:"):
        export_traces(session, "file:///x", lambda _: None)
    with pytest.raises(UsageError, match="a user in it") as refused:
        export_traces(session, "http://me:secret@127.0.0.1:1/v1/traces", lambda _: None)
    assert "secret" not in str(refused.value)


def test_a_redirection_is_no_success(session: str) -> None:
    elsewhere = "http://127.0.0.1:1/login"
    with collector(302, location=elsewhere) as (url, _), pytest.raises(OtlpError, match="refused the traces: 302"):
        export_traces(session, url, lambda _: None)


def test_the_port_for_grpc_is_said_to_be_none_for_http(session: str) -> None:
    class NoHttp(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(10)
            self.request.sendall(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\n\n")
            while self.request.recv(65536):
                pass

    with TCPServer(("127.0.0.1", 0), NoHttp) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(OtlpError, match="does not speak HTTP"):
                export_traces(session, f"http://127.0.0.1:{server.server_address[1]}/v1/traces", lambda _: None)
        finally:
            server.shutdown()
            thread.join()


def test_spans_that_a_collector_did_not_take_are_said(session: str) -> None:
    told = ExportTraceServiceResponse()
    told.partial_success.rejected_spans = 2
    with (
        collector(answer=told.SerializeToString()) as (url, _),
        pytest.raises(OtlpError, match="refused 2 of the spans"),
    ):
        export_traces(session, url, lambda _: None)
    with collector(answer=b"{}") as (url, _):
        export_traces(session, url, lambda _: None)
