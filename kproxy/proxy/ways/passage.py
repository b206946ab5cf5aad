"""A connection that is none of kproxy's business: bytes go both ways untouched and unrecorded."""

import asyncio
import socket
from contextlib import suppress

CHUNK = 64 * 1024


class Passage:
    """Between two connected sockets, until both have ended or `stop`."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._client = client
        self._server = server
        self._task: asyncio.Future[tuple[None, None]] | None = None

    async def run(self) -> None:
        """Returns at the end; the sockets are closed then."""
        writers: list[asyncio.StreamWriter] = []
        try:
            reader, writer = await asyncio.open_connection(sock=self._client, limit=CHUNK)
            writers.append(writer)
            far_reader, far_writer = await asyncio.open_connection(sock=self._server, limit=CHUNK)
            writers.append(far_writer)
            self._task = asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
            with suppress(OSError, asyncio.CancelledError):  # `stop`, or one side is gone: then both are
                await self._task
        finally:
            for each in writers:
                each.transport.abort()
            self._client.close()
            self._server.close()

    def drain(self) -> None:
        """Nobody can tell when it would be over."""
        self.stop()

    def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
