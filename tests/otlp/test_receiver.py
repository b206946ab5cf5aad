"""A real exporter's connection: OTLP over gRPC."""

import asyncio

import grpc
import pytest

from kproxy.errors import OtlpError
from kproxy.model.trace import Span
from kproxy.otlp.receiver import SERVICE, receiving
from tests.otlp.test_reading import BEGINNING, request

EXPORT = f"/{SERVICE}/Export"


def test_what_is_exported_is_taken_and_acknowledged() -> None:
    came: list[Span] = []

    async def export() -> grpc.StatusCode:
        async with (
            receiving("127.0.0.1:0", BEGINNING, came.extend) as port,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            call = channel.unary_unary(EXPORT)
            assert await call(request(), timeout=60) == b""
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(b"\xff\xff", timeout=60)
            return refused.value.code()

    assert asyncio.run(export()) is grpc.StatusCode.INVALID_ARGUMENT
    assert [span.key for span in came] == ["/pods/default/x"]


def test_an_address_that_is_taken_is_said_in_a_sentence() -> None:
    async def twice() -> None:
        async with receiving("127.0.0.1:0", BEGINNING, lambda _: None) as port:
            with pytest.raises(OtlpError, match=f"spans cannot be taken at 127.0.0.1:{port}"):
                async with receiving(f"127.0.0.1:{port}", BEGINNING, lambda _: None):
                    pass

    asyncio.run(twice())
