"""Which TLS session a dialer keeps; test_reach.py and test_connection.py have the rest of it."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509

from kproxy.proxy.sockets.dial import ClientTls, Dialer
from tests.proxy.stage import self_signed


@contextmanager
def connected(
    context: ssl.SSLContext, server: ssl.SSLContext, session: ssl.SSLSession | None
) -> Iterator[socket.socket]:
    """A TLS connection, after an answer: a server of TLS 1.3 gives sessions before it."""
    ours, theirs = socket.socketpair()

    def answer() -> None:
        with server.wrap_socket(theirs, server_side=True) as accepted:
            accepted.recv(1)
            accepted.send(b"y")

    thread = threading.Thread(target=answer)
    thread.start()
    with context.wrap_socket(ours, session=session) as sock:
        sock.send(b"x")
        sock.recv(1)
        yield sock
    thread.join()


def test_a_session_is_kept_for_as_long_as_the_server_resumes_it(tmp_path: Path) -> None:
    self_signed(tmp_path, x509.DNSName("localhost"), common="up")
    server, other = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    for each in (server, other):
        each.load_cert_chain(tmp_path / "up.crt", tmp_path / "up.key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    tls = ClientTls(context=context, server_name="localhost")
    dialer = Dialer([("localhost", 1)], lambda: tls, 1.0)
    kept = []
    for each in (server, server, server, other):  # to another server it is of no use
        with connected(context, each, tls.session) as sock:
            dialer.remember(sock)
        kept.append(tls.session)
    assert kept[0] is not None
    assert kept[0] is kept[1] is kept[2]
    assert kept[3] is not kept[0]
