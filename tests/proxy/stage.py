"""A small real world for the proxy: an upstream that serves exact bytes, a recorder at the end of a socket."""

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.proxy.faults.rules import parse_rule
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.launch import Running, serve
from kproxy.proxy.settings import ProxySettings
from kproxy.proxy.sockets.serving import OWN, ServingFiles
from kproxy.proxy.tap.wanted import Wanted
from kproxy.proxy.ways.way import DIRECT, Way
from kproxy.wire.handoff import BATCH, AnswerType, pack_answer
from tests.proxy.fake_recorder import FakeRecorder, Told

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
GET_OK = b"GET /api HTTP/1.1\r\nHost: kproxy\r\n\r\n"


@dataclass
class Server:
    """An upstream: what it was sent, byte for byte, connection by connection."""

    port: int = 0
    received: list[bytearray] = field(default_factory=list)
    alpn: list[str | None] = field(default_factory=list)
    peer_certificates: list[object] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class TeeReader:
    """A reader that keeps what it reads."""

    def __init__(self, reader: asyncio.StreamReader, kept: bytearray) -> None:
        self._reader = reader
        self._kept = kept

    async def head(self) -> bytes:
        """One head."""
        data = await self._reader.readuntil(b"\r\n\r\n")
        self._kept += data
        return data

    async def exactly(self, size: int) -> bytes:
        """So many bytes."""
        data = await self._reader.readexactly(size)
        self._kept += data
        return data

    async def some(self) -> bytes:
        """What there is, b"" at the end."""
        data = await self._reader.read(65536)
        self._kept += data
        return data


type Serving = Callable[[TeeReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def upstream(script: Serving, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server that runs `script` for each connection and closes it afterwards."""
    server = Server()
    running: set[asyncio.Task[None]] = set()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        kept = bytearray()
        server.received.append(kept)
        if (connection := writer.get_extra_info("ssl_object")) is not None:
            server.alpn.append(connection.selected_alpn_protocol())
            server.peer_certificates.append(connection.getpeercert())
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            await script(TeeReader(reader, kept), writer)
        writer.close()
        running.discard(task)

    listener = await asyncio.start_server(serve_one, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in list(running):
            task.cancel()
        if running:
            await asyncio.wait(running)


async def answering(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
    """Answers each request that has no body with OK."""
    while True:
        await reader.head()
        writer.write(OK)
        await writer.drain()


@dataclass
class Recording:
    """The recorder's side of an outbox."""

    outbox: Outbox
    recorder: FakeRecorder
    task: asyncio.Task[None]

    async def exchanges(self, count: int | None = None) -> list[Told]:
        """What is recorded, in the order of seq, once so many exchanges are (or, None, all that was handed over)."""
        if count is not None:
            async with asyncio.timeout(60):
                while len(self.recorder.finished) < count:  # noqa: ASYNC110 - a recorder that tells would be less real
                    await asyncio.sleep(0.005)
        assert await self.outbox.drain(60)
        return [told for _, told in sorted(self.recorder.finished.items())]


async def recorder_loop(sock: socket.socket, recorder: FakeRecorder) -> None:
    """Take batches, commit each one."""
    reader, writer = await asyncio.open_connection(sock=sock)
    writer.write(pack_answer(AnswerType.READY, recorder.committed))
    with contextlib.suppress(EOFError, OSError):
        while True:
            head = await reader.readexactly(BATCH.size)
            _, length = BATCH.unpack(head)
            recorder.take(head + await reader.readexactly(length))
            writer.write(pack_answer(AnswerType.COMMITTED, recorder.commit()))
    writer.close()


@asynccontextmanager
async def recording(outbox: Outbox | None = None) -> AsyncIterator[Recording]:
    """An outbox with a recorder attached."""
    outbox = outbox or Outbox()
    ours, theirs = socket.socketpair()
    recorder = FakeRecorder()
    task = asyncio.create_task(recorder_loop(theirs, recorder))
    await outbox.attach(ours)
    try:
        yield Recording(outbox, recorder, task)
    finally:
        await outbox.detach()
        await task


def connections() -> int:
    """How many the proxies of this event loop serve."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return names.count("Connection.run")


@dataclass
class Stage:
    """All of it, running."""

    server: Server
    proxy: Running
    record: Recording

    async def talk(self, data: bytes, *, end: bool = True, ca_pem: str | None = None) -> bytes:
        """Everything a client gets for these bytes; `end`: it closes its side after them, else it waits for the end."""
        reader, writer = await self.connect(ca_pem)
        writer.write(data)
        if end and ca_pem is None:
            writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        return answer

    async def connect(self, ca_pem: str | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client's connection."""
        context = None
        if ca_pem is not None:
            context = ssl.create_default_context(cadata=ca_pem)
            context.set_alpn_protocols(["h2", "http/1.1"])
        host, port = self.proxy.address
        return await asyncio.open_connection(host, port, ssl=context, server_hostname="localhost" if context else None)


@asynccontextmanager
async def stage(  # noqa: PLR0913 - what tests vary, all named
    script: Serving = answering,
    *,
    listen: str = "http://127.0.0.1:0",
    to: Callable[[Server], Upstream] = lambda server: upstream_from_url(server.url),
    tls: ssl.SSLContext | None = None,
    outbox: Outbox | None = None,
    allow_exec: bool = False,
    connect_timeout: float = 10.0,
    faults: tuple[str, ...] = (),
    drain: float = 0.0,
    wanted: Wanted | None = None,
    serving: ServingFiles = OWN,
    way: Way = DIRECT,
) -> AsyncIterator[Stage]:
    """Upstream, recorder and proxy."""
    async with upstream(script, tls) as server, recording(outbox) as record:
        settings = ProxySettings(
            upstream=to(server),
            listen=listen,
            token="t0ken",
            allow_exec=allow_exec,
            connect_timeout=connect_timeout,
            wanted=wanted,
            serving=serving,
            drain=drain,
            faults=tuple(parse_rule(rule) for rule in faults),
            way=way,
        )
        async with serve(settings, record.outbox) as running:
            yield Stage(server, running, record)


def self_signed(folder: Path, *names: x509.GeneralName, common: str = "test") -> tuple[str, str]:
    """A certificate and key as PEM, also written to FOLDER/COMMON.{crt,key}."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    (folder / f"{common}.crt").write_text(certificate)
    (folder / f"{common}.key").write_text(private)
    return certificate, private
