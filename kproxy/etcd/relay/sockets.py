"""Making connections: to listen, to dial, TLS on an open socket, and why it does not work, in words."""

import asyncio
import errno
import os
import socket
import ssl
import struct
from contextlib import suppress

from kproxy.errors import EtcdError
from kproxy.etcd.relay.settings import Listening
from kproxy.etcd.settings import Endpoint

BACKLOG = 512
"""Connections that wait to be taken."""
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a reset


def listener_at(where: Listening) -> socket.socket:
    """A listening socket; its port is free again as soon as it is gone. EtcdError."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, kind, proto)
    except OSError as error:
        raise EtcdError(
            f"the relay cannot listen on {where.host}: {reason_of(error)}; choose another --listen"
        ) from None
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise EtcdError(
            f"the relay cannot listen on {where.host}:{where.port}: {reason_of(error)}; choose another --listen"
        ) from None
    return sock


async def dial(member: Endpoint, tls: ssl.SSLContext | None) -> socket.socket:
    """A connection to the member, TLS on it if asked for. OSError."""
    loop = asyncio.get_running_loop()
    failed: OSError = OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
    for family, kind, proto, _, address in await loop.getaddrinfo(member.host, member.port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, proto)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            failed = error
        except asyncio.CancelledError:
            sock.close()
            raise
        else:
            prepare(sock)
            return sock if tls is None else await handshake(sock, tls, member.host)
    raise failed


async def handshake(sock: socket.socket, context: ssl.SSLContext, host: str | None) -> ssl.SSLSocket:
    """TLS on a connection: as the server, or as the client of `host`. OSError; the socket is closed then."""
    tls = context.wrap_socket(sock, server_side=host is None, server_hostname=host, do_handshake_on_connect=False)
    try:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await _until(tls, reading=True)
            except ssl.SSLWantWriteError:
                await _until(tls, reading=False)
            else:
                _check_protocol(tls)
                return tls
    except (OSError, asyncio.CancelledError):
        tls.close()
        raise


def _check_protocol(tls: ssl.SSLSocket) -> None:
    if tls.selected_alpn_protocol() != "h2":
        raise OSError("it does not speak HTTP/2")


async def _until(sock: socket.socket, *, reading: bool) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    if reading:
        loop.add_reader(sock.fileno(), wake)
    else:
        loop.add_writer(sock.fileno(), wake)
    try:
        await ready
    finally:
        if reading:
            loop.remove_reader(sock.fileno())
        else:
            loop.remove_writer(sock.fileno())


def prepare(sock: socket.socket) -> None:
    """As Go's sockets are, which it stands between: small writes are not held back, dead peers are noticed."""
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def abort(sock: socket.socket) -> None:
    """Closes it so that the peer sees a reset."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    with suppress(OSError):
        sock.close()


def reason_of(error: BaseException) -> str:
    """Why a connection failed, as the end of a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({(error.reason or 'no reason given').lower().replace('_', ' ')})"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, TimeoutError) and not error.args:
        return "no answer in time"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()  # asyncio has words of its own in strerror
    return str(error)
