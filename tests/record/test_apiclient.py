"""The recorder's own requests."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kproxy.errors import RecordingError
from kproxy.record.apiclient import ApiClient, ApiRefusedError
from kproxy.record.settings import ApiPlace


class Handler(BaseHTTPRequestHandler):
    """Tells what it was asked; /no is refused, /text is no JSON, /gone no answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """As BaseHTTPRequestHandler has it."""
        status = 403 if "/no" in self.path else 200
        said = {"path": self.path, "as": self.headers.get("Authorization"), "host": self.headers.get("Host")}
        data = b"hello" if self.path.endswith("/text") else json.dumps({**said, "message": "not you"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        if self.path.endswith("/last"):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Nothing."""


@pytest.fixture
def place() -> Iterator[ApiPlace]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield ApiPlace(
            host="127.0.0.1",
            port=server.server_address[1],
            host_header="api:1",
            path_prefix="/k8s",
            headers=(("Authorization", "Bearer t"),),
        )
        server.shutdown()


def test_it_asks_as_the_user_below_the_prefix_and_again_where_the_connection_was_closed(place: ApiPlace) -> None:
    client = ApiClient(place)
    try:
        for path in ("/api", "/last", "/api"):
            assert client.get(path) == {
                "path": f"/k8s{path}",
                "as": "Bearer t",
                "host": "api:1",
                "message": "not you",
            }
        with pytest.raises(ApiRefusedError, match="GET /no was answered 403: not you") as refused:
            client.get("/no?limit=1")
        assert refused.value.status == 403
        with pytest.raises(ApiRefusedError):
            client.get("/text")
    finally:
        client.close()


def test_one_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(RecordingError, match="the API did not answer GET /api"):
        ApiClient(ApiPlace(host="127.0.0.1", port=1, host_header="x")).get("/api")
