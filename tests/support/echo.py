"""A server on this machine's loopback that says what it hears: what port-forward leads to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.record_process import PATIENCE


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets, until the other side has ended."""

    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    """Serves all that come at once: with the usual queue of 5 the kernel resets some."""

    request_queue_size = 128
    daemon_threads = True


@contextmanager
def echo_server() -> Iterator[int]:
    """Its port, until the block ends."""
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(PATIENCE)
