"""A plain byte relay on asyncio's transports: what a proxy in Python costs that looks at nothing.

python -m tests.bench.relay --listen PORT --to HOST:PORT [--ca FILE --cert FILE --key FILE]

With --cert, TLS on both legs: the certificate is shown to clients, the server is trusted by --ca.
"""

import argparse
import asyncio
import ssl
from typing import cast

HIGH_WATER = 256 * 1024


class Leg(asyncio.Protocol):
    """One of the two ends: what comes in goes out of the other one."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: Leg | None = None
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There it is."""
        self.transport = cast("asyncio.Transport", transport)  # a stream's
        self.transport.set_write_buffer_limits(HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        """On to the other end, or kept until there is one."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)
        else:
            self.early.append(data)

    def pause_writing(self) -> None:
        """The other end has to wait."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """It may go on."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Both ends go together."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


class ClientLeg(Leg):
    """A client's: it makes the other one."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__()
        self._to = host, port, context
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the server."""
        super().connection_made(transport)
        self._task = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        host, port, context = self._to
        server = Leg()
        server.other = self
        await asyncio.get_running_loop().create_connection(
            lambda: server, host, port, ssl=context, server_hostname=host if context else None
        )
        self.other = server
        if server.transport is not None:
            server.transport.write(b"".join(self.early))


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--listen", type=int, required=True)
    arguments.add_argument("--to", required=True)
    arguments.add_argument("--ca")
    arguments.add_argument("--cert")
    arguments.add_argument("--key")
    options = arguments.parse_args()
    host, _, port = options.to.rpartition(":")
    shown: ssl.SSLContext | None = None
    trust: ssl.SSLContext | None = None
    if options.cert:
        shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        shown.load_cert_chain(options.cert, options.key)
        trust = ssl.create_default_context(cafile=options.ca)
    server = await asyncio.get_running_loop().create_server(
        lambda: ClientLeg(host, int(port), trust), "127.0.0.1", options.listen, ssl=shown, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
