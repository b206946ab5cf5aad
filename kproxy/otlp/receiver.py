"""Takes spans over OTLP/gRPC, as an api-server with --tracing-config-file exports them (without TLS)."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc
import grpc.aio

from kproxy.errors import OtlpError
from kproxy.model.trace import Span
from kproxy.otlp.reading import MAX_MESSAGE, read_spans

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"
AT_ONCE = 16
"""Requests that are taken at the same time: each may hold MAX_MESSAGE."""
_OPTIONS = (("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.so_reuseport", 0))
_NOTHING = b""  # an ExportTraceServiceResponse that says: all of it was taken

type Take = Callable[[tuple[Span, ...]], None]


@asynccontextmanager
async def receiving(listen: str, beginning: int, take: Take) -> AsyncIterator[int]:
    """Spans that come to `listen` (HOST:PORT; port 0: any) are given to `take`; yields the port. OtlpError.

    `beginning`: the session's, in Unix time, nanoseconds.
    """

    async def export(data: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        try:
            take(read_spans(data, beginning))
        except OtlpError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return _NOTHING

    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=AT_ONCE)
    handler = grpc.unary_unary_rpc_method_handler(export)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Export": handler}),))
    try:
        port = server.add_insecure_port(listen)
        await server.start()
    except RuntimeError as error:
        raise OtlpError(f"spans cannot be taken at {listen}: the address is not free, or none") from error
    try:
        yield port
    finally:
        await server.stop(grace=0.5)
