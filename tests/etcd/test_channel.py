"""gRPC to etcd: what goes wrong, in one sentence; tests/etcd/test_client.py has what goes right."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing

import grpc
import grpc.aio
import pytest

from kproxy.errors import EtcdError
from kproxy.etcd import EtcdSettings, connect
from kproxy.etcd.channel import _short, _tls_reason
from kproxy.etcd.trace import traced
from kproxy.model.etcd import EtcdKey
from tests.support.etcd_server import EtcdServer


async def sentence(settings: EtcdSettings) -> str:
    """What connecting ends with."""
    with pytest.raises(EtcdError) as caught:
        await (await connect(settings)).close()
    return str(caught.value)


def test_a_server_that_never_answers_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        text = asyncio.run(sentence(EtcdSettings(endpoints=(url,), timeout=0.3)))
    assert text == f"etcd at {url} gave no answer in time"
    assert not [record for record in caplog.records if record.name.startswith("grpc")]


def test_a_server_that_speaks_something_else_is_named() -> None:
    async def main() -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            assert (await sentence(EtcdSettings(endpoints=(url,)))).startswith(f"etcd at {url} cannot be reached: ")

    asyncio.run(main())


@asynccontextmanager
async def impostor(
    answer: Callable[[], bytes], hear: Callable[[dict[str, str | bytes]], None] = lambda _: None
) -> AsyncGenerator[EtcdSettings]:
    """A gRPC server that answers every call with these bytes; `hear` gets a call's metadata."""

    async def handle(_request: bytes, _context: object) -> bytes:
        return answer()

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc] # grpcio ships no types
        def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
            hear(dict(details.invocation_metadata))
            return grpc.unary_unary_rpc_method_handler(handle)

    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield EtcdSettings(endpoints=(f"http://127.0.0.1:{port}",))
    finally:
        await server.stop(None)


def test_an_answer_that_is_none_of_etcds_is_an_error_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with impostor(lambda: b"\xff\xff\xff") as settings:
            assert await sentence(settings) == "etcd sent a message that is none of its own"

    asyncio.run(main())
    assert not [record for record in caplog.records if record.name.startswith("grpc")]


@pytest.mark.process
def test_proxies_of_the_environment_are_not_asked(etcd_server: EtcdServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("grpc_proxy", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def main() -> None:
        async with await connect(etcd_server.settings) as etcd:
            assert await etcd.revision()

    asyncio.run(main())


def test_grpcs_repetitions_are_left_out() -> None:
    assert _short("failed to connect to all addresses; last error: UNKNOWN:  it  broke") == "UNKNOWN: it broke"
    assert _short("rpc error: code = X desc = etcdserver: permission denied") == "permission denied"
    assert _short("") == "it gave no reason"
    assert len(_short("x" * 1000)) == 200


@pytest.mark.parametrize(
    ("reason", "certificate", "said"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", False, "it wants a client certificate"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", True, "it does not take the client certificate"),
        ("WRONG_VERSION_NUMBER", True, "TLS failed (wrong version number)"),
        ("", False, "TLS failed (no reason given)"),
    ],
)
def test_tls_failures_are_put_into_words(reason: str, said: str, *, certificate: bool) -> None:
    assert _tls_reason(reason, certificate=certificate) == said


def test_calls_carry_the_trace_of_whoever_asked_for_them() -> None:
    carried: list[dict[str, str | bytes]] = []

    async def main() -> None:
        async with impostor(lambda: b"", carried.append) as settings, await connect(settings) as etcd:
            with traced((("traceparent", "00-1-2-01"),)):
                asked = asyncio.create_task(etcd.get(EtcdKey(b"a")))
            await asked
            await etcd.get(EtcdKey(b"b"))

    asyncio.run(main())
    assert [each.get("traceparent") for each in carried[-2:]] == ["00-1-2-01", None]
