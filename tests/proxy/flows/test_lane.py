"""kproxy's addon in stock mitmdump and mitmweb: what its options do, and how it begins and ends."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import h2.connection
import h2.events
import pytest

from kproxy.model.exchange import BodyState, End, header
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.conformance.lanes import Addon, addon_process
from tests.support.record_process import PATIENCE, wait_for
from tests.support.small_upstream import small_upstream

pytestmark = pytest.mark.process

NOBODY = "http://127.0.0.1:9"  # discard: nobody listens there


SECRET = "what-only-client-and-server-may-know"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def get(running: Addon, name: str) -> int:
    place = urlsplit(running.url)
    client = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    client.request(
        "GET", f"/api/v1/namespaces/default/configmaps/{name}", headers={"Authorization": f"Bearer {SECRET}"}
    )
    answer = client.getresponse()
    answer.read()
    client.close()
    return answer.status


def refusal(output: Path, *options: str) -> str:
    """What mitmdump says when kproxy does not let it start."""
    with addon_process(NOBODY, output, *options) as running:
        assert running.process.wait(PATIENCE) == 1
        return wait_for(lambda: next(filter(_is_sentence, list(running.said)), None))


def _is_sentence(line: str) -> bool:
    return " kproxy: " in line


def test_an_existing_recording_is_not_replaced_without_being_told_to(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    output.write_bytes(b"precious")
    assert "exists already: choose another kproxy_output, or replace it with kproxy_force" in refusal(output)
    assert output.read_bytes() == b"precious"
    with small_upstream() as upstream, addon_process(upstream, output, "--set", "kproxy_force=true") as running:
        assert get(running, "x") == 200
    with open_recording(str(output)) as recording:
        assert [exchange.end for exchange in recording.exchanges()] == [End.COMPLETE]


def test_a_folder_that_is_not_there_and_an_etcd_that_is_not_there_are_said_in_a_sentence(tmp_path: Path) -> None:
    assert "there is no folder" in refusal(tmp_path / "no" / "s.kproxy")
    sentence = refusal(tmp_path / "s.kproxy", "--set", "kproxy_etcd=http://127.0.0.1:9")
    assert "etcd" in sentence
    assert not (tmp_path / "s.kproxy").exists()


def test_a_buffer_that_is_no_size_is_refused(tmp_path: Path) -> None:
    with addon_process(NOBODY, tmp_path / "s.kproxy", "--set", "kproxy_buffer=12") as running:
        assert running.process.wait(PATIENCE) == 1
        assert wait_for(lambda: any("too small: at least 64k" in line for line in list(running.said)) or None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_ends_a_recording_properly(tmp_path: Path, number: signal.Signals) -> None:
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream, addon_process(upstream, output) as running:
        assert get(running, "x") == 200
        running.process.send_signal(number)
        assert running.process.wait(PATIENCE) == 0
    with open_recording(str(output)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        assert recording.session.lane == "addon"
        assert recording.session.server.url == upstream
    assert SECRET.encode() not in output.read_bytes()
    assert [path.name for path in tmp_path.glob("s.kproxy*")] == ["s.kproxy"]


def test_with_the_lazy_strategy_a_server_that_cannot_be_reached_is_recorded(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with addon_process(NOBODY, output, "--set", "connection_strategy=lazy") as running:
        assert get(running, "x") == 502
    with open_recording(str(output)) as recording:
        (exchange,) = recording.exchanges()
        assert exchange.end is End.UNREACHABLE
        assert exchange.answer is None


def test_a_recorder_that_is_killed_is_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream, addon_process(upstream, output) as running:
        for number in range(30):
            assert get(running, f"n-{number}") == 200
            if number in {5, 15}:
                os.kill(_recorder(running), signal.SIGKILL)
    with open_recording(str(output)) as recording:
        names = [exchange.info.name for exchange in recording.exchanges()]
        assert names == [f"n-{number}" for number in range(30)]
        assert list(recording.gaps()) == []
        assert recording.session.end is SessionEnd.COMPLETE


def _recorder(running: Addon) -> int:
    def find() -> int | None:
        command = ["pgrep", "-P", str(running.process.pid), "-f", "kproxy.record"]
        pids = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
        return int(pids[0]) if pids else None

    return wait_for(find)


def test_mitmweb_records_too_and_shows_bodies_when_asked_to(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    flows = tmp_path / "flows"
    options = ["--set", "web_port=0", "--no-web-open-browser", "--set", "store_streamed_bodies=true", "-w", str(flows)]
    with (
        small_upstream() as upstream,
        addon_process(upstream, output, *options, tool="mitmweb") as running,
    ):
        assert get(running, "x") == 200
    with open_recording(str(output)) as recording:
        (exchange,) = recording.exchanges()
        assert exchange.answer is not None
        assert exchange.answer.body.digest is not None
        assert json.loads(recording.body(exchange.answer.body.digest))["metadata"]["name"] == "x"
    assert b'"name": "x"' in flows.read_bytes()


def test_a_client_that_speaks_http_2_is_recorded_in_an_http_1_rendering(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    path = "/api/v1/namespaces/default/configmaps/x"
    with small_upstream() as upstream, addon_process(upstream, output) as running:
        place = urlsplit(running.url)
        assert _get_by_http_2(place.hostname or "", place.port or 0, path) == 200
    with open_recording(str(output)) as recording:
        (exchange,) = recording.exchanges()
        assert exchange.request.http_version == "HTTP/2.0"
        assert exchange.request.target == path
        assert ("x-of-mine", "1") in exchange.request.headers
        assert header(exchange.request.headers, "host") == urlsplit(upstream).netloc
        assert exchange.end is End.COMPLETE
        assert exchange.answer is not None
        assert exchange.answer.body.state is BodyState.KEPT


def _get_by_http_2(host: str, port: int, path: str) -> int:
    """The status of one GET."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with socket.create_connection((host, port), timeout=PATIENCE) as plain, context.wrap_socket(plain) as sock:
        assert sock.selected_alpn_protocol() == "h2"
        client = h2.connection.H2Connection()
        client.initiate_connection()
        fields = [(":method", "GET"), (":scheme", "https"), (":authority", "kproxy.example"), (":path", path)]
        client.send_headers(1, [*fields, ("x-of-mine", "1")], end_stream=True)
        status = 0
        while True:
            sock.sendall(client.data_to_send())
            for event in client.receive_data(sock.recv(65536)):
                if isinstance(event, h2.events.ResponseReceived):
                    status = int(dict(event.headers)[b":status"])
                elif isinstance(event, h2.events.StreamEnded):
                    return status
