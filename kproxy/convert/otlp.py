"""A session as OpenTelemetry's traces: into a file, or to a collector, Jaeger or Tempo."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from kproxy import __version__
from kproxy.convert.spans import spans_of
from kproxy.errors import OtlpError, UsageError
from kproxy.otlp.writing import Source, Value, json_line, requests
from kproxy.session.opened import Opened, opened, started_at

TIMEOUT = 30.0
"""Seconds that a collector may take for one request."""


def export_traces(where: str, target: str, tell: Callable[[str], None]) -> None:
    """Write a recording's traces to a new file, or send them to a collector's URL. OtlpError, UsageError."""
    with opened(where) as session:
        made = requests(spans_of(session.recording, session.ledger), _source(session))
        count = _send(target, made) if "://" in target else _write(Path(target), made)
    tell(f"{count} spans in {target}")


def _source(session: Opened) -> Source:
    header = session.recording.session
    said: dict[str, Value] = {
        "service.name": "kube-apiserver",
        "service.version": header.server.version,
        "service.instance.id": header.server.url,
        "k8s.cluster.uid": header.server.system_uid,  # the conventions' own choice: kube-system's uid
        "kproxy.session": header.id,
    }
    beginning = started_at(session.recording)
    whole = int(beginning.timestamp())
    fraction = header.started_at.partition(".")[2].rstrip("Z").ljust(9, "0")[:9]
    return Source(
        attributes=tuple((name, value) for name, value in said.items() if value),
        version=__version__,
        beginning=whole * 1_000_000_000 + (int(fraction) if fraction.isdecimal() else 0),
    )


def _write(target: Path, made: Iterator[ExportTraceServiceRequest]) -> int:
    """OTLP's JSON, a request a line, as the collector's file exporter writes it and its receiver reads it."""
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


def _send(url: str, made: Iterator[ExportTraceServiceRequest]) -> int:
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"traces go to http://HOST:4318/v1/traces or https://…, not to {url}")
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    count = 0
    for request in made:
        asked = urllib.request.Request(  # noqa: S310 - http or https, as checked above
            url, request.SerializeToString(), {"Content-Type": "application/x-protobuf"}, method="POST"
        )
        try:
            with closing(opener.open(asked, timeout=TIMEOUT)):
                count += len(request.resource_spans[0].scope_spans[0].spans)
        except urllib.error.HTTPError as error:
            raise OtlpError(f"{url} refused the traces: {error.code} {error.reason}") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise OtlpError(f"{url} cannot be reached: {reason}") from error
    return count
