"""TLS handshakes on non-blocking sockets, and what they failed with in words."""

import asyncio
import os
import socket
import ssl


class HandshakeError(Exception):
    """There is no TLS connection: why. The socket is closed."""


async def shake_hands(  # noqa: PLR0913 - what OpenSSL asks for, all named
    context: ssl.SSLContext,
    sock: socket.socket,
    seconds: float,
    *,
    server_side: bool = False,
    server_name: str | None = None,
    session: ssl.SSLSession | None = None,
) -> ssl.SSLSocket:
    """The socket with TLS on it. HandshakeError, TimeoutError; then it is closed, as it is when this is cancelled."""
    try:
        tls = context.wrap_socket(
            sock,
            server_side=server_side,
            server_hostname=server_name,
            session=session,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,
        )
    except (OSError, ValueError) as error:  # it is gone already, or the name is none
        sock.close()
        raise HandshakeError(reason_of(error)) from error
    try:
        async with asyncio.timeout(seconds):
            await _until_done(tls)
    except OSError as error:
        tls.close()
        if isinstance(error, TimeoutError):
            raise
        raise HandshakeError(reason_of(error)) from error
    except BaseException:
        tls.close()
        raise
    return tls


def reason_of(error: Exception) -> str:
    """What failed, without OpenSSL's file names and line numbers."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {error.verify_message}"
    if isinstance(error, ssl.SSLEOFError):
        return "the other side closed it"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        return os.strerror(error.errno)  # asyncio puts an address there instead
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


async def _until_done(tls: ssl.SSLSocket) -> None:
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            await _ready(tls, write=False)
        except ssl.SSLWantWriteError:
            await _ready(tls, write=True)
        else:
            return


async def readable(sock: socket.socket) -> None:
    """Until the socket can be read, or has ended."""
    await _ready(sock, write=False)


async def _ready(sock: socket.socket, *, write: bool) -> None:
    """Until the socket can be read, or written."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    fd = sock.fileno()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    if write:
        loop.add_writer(fd, tell)
    else:
        loop.add_reader(fd, tell)
    try:
        await ready
    finally:
        if write:
            loop.remove_writer(fd)
        else:
            loop.remove_reader(fd)
