"""An admission server of kproxy's own, in the place of webhooks that are not there: it allows everything.

A conversion gets back what it was given, in the version that was asked for. What the recorded webhook changed it does
not know, so it changes nothing.
"""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from kproxy.lab.certificates import make_certificates
from kproxy.model.jsontypes import JSON, JSONObject

_MAX_REVIEW = 16 << 20
"""Bytes of a review: an object of 3 MiB and its old one, in JSON."""
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class StubPlace:
    """Where it listens, and its CA as a clientConfig's caBundle has it."""

    url: str
    ca: str


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def do_POST(self) -> None:
        """A review."""
        length = (
            int(self.headers.get("Content-Length") or 0)
            if (self.headers.get("Content-Length") or "").isdecimal()
            else 0
        )
        if not 0 < length <= _MAX_REVIEW:
            self.send_error(413)
            return
        try:
            review: JSON = json.loads(self.rfile.read(length))
        except (ValueError, RecursionError):
            review = None
        if not isinstance(review, dict):
            self.send_error(400)
            return
        data = json.dumps(answer_to(review)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Nothing."""


def answer_to(review: JSONObject) -> JSONObject:
    """What a review of an admission, or of a conversion, is answered."""
    asked = review.get("request")
    request: JSONObject = asked if isinstance(asked, dict) else {}
    objects = request.get("objects")
    answer: JSONObject = {"uid": request.get("uid")}
    if isinstance(objects, list):
        version = request.get("desiredAPIVersion")
        converted: list[JSON] = [
            {**each, "apiVersion": version} if isinstance(each, dict) else each for each in objects
        ]
        answer |= {"result": {"status": "Success"}, "convertedObjects": converted}
    else:
        answer |= {"allowed": True}
    return {"apiVersion": review.get("apiVersion"), "kind": review.get("kind"), "response": answer}


@contextmanager
def webhook_stub() -> Iterator[StubPlace]:
    """One that serves on loopback, over TLS, for as long as the block lasts."""
    with TemporaryDirectory(prefix="kproxy-") as name, ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        made = make_certificates(Path(name), datetime.now(UTC))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.serving, made.serving_key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="kproxy-webhook-stub", daemon=True)
        thread.start()
        try:
            yield StubPlace(
                f"https://127.0.0.1:{server.server_address[1]}", base64.b64encode(made.ca.read_bytes()).decode()
            )
        finally:
            server.shutdown()
            thread.join()
