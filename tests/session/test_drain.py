"""The end of a real `kproxy record` while clients are at it: watches end in order, requests finish."""

import http.client
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kproxy.model.exchange import End
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.record_process import RecordProcess, record_process

pytestmark = pytest.mark.process

EVENT = json.dumps({"type": "ADDED", "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}}) + "\n"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("KPROXY_LAB", raising=False)


class Server(ThreadingHTTPServer):
    """Two events for a watch, then silence; what is slow is answered when `go` is set."""

    daemon_threads = True
    go = threading.Event()
    asked = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        if "watch=1" in self.path:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(2):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT.encode()))
            self.rfile.read(1)  # until the client is gone
            self.close_connection = True
            return
        if "slow" in self.path:
            self.server.asked.set()
            self.server.go.wait(60)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.go, server.asked = threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go.set()
        server.shutdown()
        server.server_close()
        thread.join()


def client(running: RecordProcess, path: str) -> http.client.HTTPConnection:
    place = urlsplit(running.url)
    made = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    made.request("GET", path)
    return made


def ends(output: Path) -> list[tuple[str, End]]:
    with open_recording(str(output)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        return [(exchange.request.target, exchange.end) for exchange in recording.exchanges()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_watch_ends_as_a_server_ends_it_and_a_request_finishes(tmp_path: Path, number: signal.Signals) -> None:
    output = tmp_path / "s.kproxy"
    with serving() as server, record_process(f"http://127.0.0.1:{server.server_port}", output) as running:
        watch = client(running, "/api/v1/pods?watch=1")
        answer = watch.getresponse()
        assert [answer.readline().decode() for _ in range(2)] == [EVENT, EVENT]
        slow = client(running, "/api/v1/namespaces/a/pods/slow")
        assert server.asked.wait(60)

        running.process.send_signal(number)
        assert answer.read() == b""  # http.client raises IncompleteRead where the last chunk is missing
        server.go.set()
        assert slow.getresponse().read() == b"{}"
        assert running.process.wait(60) == 128 + number
    assert ends(output) == [("/api/v1/pods?watch=1", End.STOPPED), ("/api/v1/namespaces/a/pods/slow", End.COMPLETE)]
    with open_recording(str(output)) as recording:
        (first, _) = recording.exchanges()
        assert len(list(recording.frames(first.seq))) == 2


def test_what_does_not_finish_within_the_drain_is_stopped(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with (
        serving() as server,
        record_process(f"http://127.0.0.1:{server.server_port}", output, "--drain", "0.2") as running,
    ):
        slow = client(running, "/api/v1/namespaces/a/pods/slow")
        assert server.asked.wait(60)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        with pytest.raises(http.client.RemoteDisconnected):
            slow.getresponse()
        assert running.process.wait(60) == 143
        assert time.monotonic() - began >= 0.2
    assert ends(output) == [("/api/v1/namespaces/a/pods/slow", End.STOPPED)]
