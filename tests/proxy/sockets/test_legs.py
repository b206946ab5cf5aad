"""One end of a connection: what is read and written on it, and how it ends."""

import asyncio
import socket
import ssl
from pathlib import Path

from cryptography import x509

from kproxy.proxy.sockets.legs import Leg
from tests.proxy.stage import self_signed


def test_what_comes_after_a_half_close_is_still_read_through_tls(tmp_path: Path) -> None:
    """Python's SSLSocket.shutdown() takes TLS off: a server's last words would be read as they are on the wire."""
    ca, _ = self_signed(tmp_path, x509.DNSName("localhost"), common="up")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "up.crt", tmp_path / "up.key")
    trusting = ssl.create_default_context(cadata=ca)

    def shake(end: socket.socket) -> ssl.SSLSocket:
        return serving.wrap_socket(end, server_side=True)

    async def play() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            shaken = asyncio.create_task(asyncio.to_thread(shake, theirs))
            end = await asyncio.to_thread(trusting.wrap_socket, ours, server_hostname="localhost")
            server = await shaken
            end.setblocking(False)
            got, ended = bytearray(), asyncio.Event()

            def on_end(clean: bool) -> None:
                del clean
                ended.set()

            leg = Leg(end, got.extend, on_end, lambda: None)
            leg.resume()
            leg.half_close()
            await asyncio.to_thread(server.sendall, b"the answer")
            server.shutdown(socket.SHUT_RDWR)
            await asyncio.wait_for(ended.wait(), 60)
            leg.abort()
            server.close()
            assert bytes(got) == b"the answer"

    asyncio.run(play())
