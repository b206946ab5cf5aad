"""A small api-server for tests of the data plane: answers each GET of an object with that object, and counts."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    """GET …/NAME answers a ConfigMap called NAME; POST answers 201 with what was sent.

    `seen`: the Authorization of each GET.
    """

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        name = self.path.rpartition("/")[2]
        document = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}, "data": {"number": name}}
        self._answer(200, json.dumps(document).encode())

    def do_POST(self) -> None:
        self._answer(201, self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@contextmanager
def small_upstream() -> Iterator[str]:
    """Its URL, for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
