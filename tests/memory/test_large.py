"""What is large goes by and is not held: the proxy's memory, and how soon the first byte is there.

By themselves, one after the other (make test-memory): times are compared.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import pytest

from kproxy.model.exchange import BodyState, End
from kproxy.store.reader import open_recording
from tests.bench.usage import forget_peak, peak_bytes, resident_bytes, settle
from tests.support.large_upstream import large_upstream
from tests.support.record_process import PATIENCE, RecordProcess, record_process

pytestmark = [pytest.mark.memory, pytest.mark.timeout(600)]

STREAM = 1 << 30
LIST = 100 << 20
GROWTH = 64_000_000
"""Bytes that the proxy may grow by."""

LATER = 0.020
"""Seconds after the server's that the first byte may come."""

TURNS = 5
"""First bytes are timed so often, with and without kproxy in turns; their medians are compared."""

NOT_KEPT = {BodyState.TOO_LARGE, BodyState.LOST}
"""Beyond what is kept of a body, or of the buffer, where the recorder had no time."""

LOG = "/api/v1/namespaces/default/pods/p/log?follow=true&bytes="
PODS = "/api/v1/pods?bytes="


def connect(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname or "", place.port or 0), PATIENCE)


def asked(url: str, target: str) -> tuple[int, float]:
    """How many bytes a GET's whole answer has, and after how many seconds its body's first ones came."""
    with connect(url) as connection:
        begun = time.monotonic()
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: kproxy\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while len(data.partition(b"\r\n\r\n")[2]) == 0:
            more = connection.recv(65536)
            assert more, "the answer has no body"
            data += more
        first = time.monotonic() - begun
        size, buffer = len(data), bytearray(1 << 18)
        while got := connection.recv_into(buffer):
            size += got
    return size, first


def first_byte_is_late_by(direct: str, through: str, target: str) -> float:
    """Seconds: the difference of the medians."""
    times: dict[str, list[float]] = {direct: [], through: []}
    for _ in range(TURNS):
        for url, found in times.items():
            found.append(asked(url, target)[1])
    return median(times[through]) - median(times[direct])


@contextmanager
def bounded(running: RecordProcess) -> Iterator[None]:
    """The proxy grows by less than GROWTH in this block."""
    pid = running.process.pid
    settle(pid)
    forget_peak(pid)
    before = resident_bytes([pid])
    yield
    grown = peak_bytes([pid]) - before
    assert grown < GROWTH, f"the proxy grew by {grown / 1e6:.1f} MB"


def upload(url: str) -> None:
    """STREAM bytes of a request that is answered with 201."""
    block = b"x" * (1 << 20)
    with connect(url) as connection:
        head = "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: kproxy\r\n"
        connection.sendall(f"{head}Content-Length: {STREAM}\r\n\r\n".encode())
        for _ in range(STREAM // len(block)):
            connection.sendall(block)
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_an_upload_of_a_gigabyte_goes_by_without_being_held(tmp_path: Path) -> None:
    with large_upstream() as upstream, record_process(upstream.url, tmp_path / "s.kproxy") as running:
        url = running.url
        with bounded(running):
            upload(url)
    assert upstream.uploaded == [STREAM]
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        (exchange,) = recording.exchanges()
        assert exchange.end is End.COMPLETE
        assert exchange.request.body.state in NOT_KEPT


def test_a_gigabyte_of_a_log_goes_by_without_being_held_and_begins_at_once(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with large_upstream() as upstream, record_process(upstream.url, output) as running:
        assert first_byte_is_late_by(upstream.url, running.url, f"{LOG}0") < LATER
        with bounded(running):
            through, _ = asked(running.url, f"{LOG}{STREAM}")
        direct, _ = asked(upstream.url, f"{LOG}{STREAM}")
        assert through == direct
    with open_recording(str(output)) as recording:
        *_, exchange = recording.exchanges()
        body = exchange.answer.body if exchange.answer is not None else None
        assert body is not None
        assert exchange.end is End.COMPLETE
        assert body.state is BodyState.FRAMES
        assert body.size > 0.99 * STREAM  # what was not cut into lines is counted


def test_a_list_of_a_hundred_megabytes_goes_by_without_being_held_and_begins_at_once(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with large_upstream() as upstream, record_process(upstream.url, output) as running:
        assert first_byte_is_late_by(upstream.url, running.url, f"{PODS}1000000") < LATER
        with bounded(running):
            size, _ = asked(running.url, f"{PODS}{LIST}")
        assert size > LIST
    with open_recording(str(output)) as recording:
        *_, exchange = recording.exchanges()
        body = exchange.answer.body if exchange.answer is not None else None
        assert body is not None
        assert body.state in NOT_KEPT
