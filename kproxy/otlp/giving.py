"""Spans given away: into a file, or to a collector, Jaeger or Tempo."""

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from kproxy.errors import OtlpError, UsageError
from kproxy.otlp.writing import json_line

MAX_ANSWER = 64 * 1024
"""Bytes of a collector's answer that are read."""
TIMEOUT = 30.0
"""Seconds that a collector may take for one request."""


def write(target: Path, made: Iterator[ExportTraceServiceRequest]) -> int:
    """OTLP's JSON, a request a line, as the collector's file exporter writes it and its receiver reads it.

    How many spans they were. OtlpError, UsageError.
    """
    try:
        with target.open("x", encoding="utf-8") as file:
            return sum(_written(file.write, request) for request in made)
    except FileExistsError as error:
        raise UsageError(f"{target} exists already: choose another file") from error
    except OSError as error:
        raise OtlpError(f"{target} cannot be written: {error.strerror}") from error


def _written(write: Callable[[str], int], request: ExportTraceServiceRequest) -> int:
    write(json_line(request) + "\n")
    return len(request.resource_spans[0].scope_spans[0].spans)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is redirected would go on as a GET without its body, and look like a success."""

    def redirect_request(self, *_: object) -> None:
        """None: the redirection is an error."""


def send(url: str, made: Iterator[ExportTraceServiceRequest]) -> int:
    """Requests to a collector's URL; how many spans they were. OtlpError, UsageError."""
    _check_url(url)
    context = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    opener = urllib.request.build_opener(context, _NoRedirect())
    count = 0
    for request in made:
        asked = urllib.request.Request(  # noqa: S310 - http or https, as checked above
            url, request.SerializeToString(), {"Content-Type": "application/x-protobuf"}, method="POST"
        )
        try:
            with closing(opener.open(asked, timeout=TIMEOUT)) as answer:
                refused = _refused(answer.read(MAX_ANSWER))
        except urllib.error.HTTPError as error:
            raise OtlpError(f"{url} refused the traces: {error.code} {error.reason}") from error
        except http.client.HTTPException as error:
            raise OtlpError(f"{url} does not speak HTTP: OTLP over HTTP is at port 4318 usually") from error
        except (OSError, ValueError) as error:
            raise OtlpError(f"{url} cannot be reached: {getattr(error, 'reason', error)}") from error
        if refused:
            raise OtlpError(f"{url} refused {refused} of the spans")
        count += len(request.resource_spans[0].scope_spans[0].spans)
    return count


def _check_url(url: str) -> None:
    """UsageError, which does not repeat a password."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError("traces go to http://HOST:4318/v1/traces or https://…: that is no URL") from error
    if parts.scheme not in {"http", "https"}:
        raise UsageError(f"traces go to http://HOST:4318/v1/traces or https://…, not to {parts.scheme}://…")
    if parts.username is not None or parts.password is not None:
        raise UsageError("a collector's URL with a user in it is not taken: put a collector without one before it")


def _refused(answer: bytes) -> int:
    """How many spans a collector says that it did not take (OTLP's partial success)."""
    response = ExportTraceServiceResponse()
    try:
        response.ParseFromString(answer)
    except DecodeError:
        return 0  # its answer is JSON, or nothing that OTLP knows: 200 is what counts
    return max(0, response.partial_success.rejected_spans)
