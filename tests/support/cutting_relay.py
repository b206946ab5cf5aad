"""A TCP relay that cuts its connections where a test says: after so many bytes from the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class CuttingRelay:
    """Each connection to it is one to `port`. `cut_after`: bytes of the server that pass before both ends are cut."""

    def __init__(self, port: int) -> None:
        self.cut_after: int | None = None
        self.cuts = 0
        self.url = ""
        self._port = port
        self._writers: set[asyncio.StreamWriter] = set()

    def cut_all(self) -> None:
        """Now."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        ends = (writer, up_writer)
        self._writers.update(ends)
        sending = asyncio.create_task(_pass(reader, up_writer, None))
        try:
            with suppress(OSError):
                cut = await _pass(up_reader, writer, self.cut_after)
                self.cuts += cut
        finally:
            sending.cancel()
            for end in ends:
                self._writers.discard(end)
                end.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None) -> bool:
    """Whether it was cut: else it came to its end."""
    passed = 0
    while data := await reader.read(65_536):
        if limit is not None and passed + len(data) >= limit:
            writer.write(data[: limit - passed])
            await writer.drain()
            return True
        passed += len(data)
        writer.write(data)
        await writer.drain()
    return False


@asynccontextmanager
async def cutting_relay(port: int) -> AsyncIterator[CuttingRelay]:
    """A relay to this port of loopback."""
    relay = CuttingRelay(port)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relay.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        server.close()
        relay.cut_all()
