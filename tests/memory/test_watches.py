"""Thousands of watches that say nothing: what each costs the proxy, with TLS on both legs."""

import resource
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kproxy.config.written import minimal_kubeconfig
from tests.bench.certificate import write_certificate
from tests.bench.kproxy_process import KproxyProcess
from tests.bench.scenes import Server
from tests.bench.usage import resident_bytes, settle
from tests.support.large_upstream import large_upstream
from tests.support.record_process import PATIENCE

pytestmark = [pytest.mark.memory, pytest.mark.timeout(300)]

WATCHES = 2000
EACH = 120_000
"""Bytes that a watch may cost."""

WARM = 50
"""Watches before those that are counted: caches and pools are made by then."""


@pytest.fixture(autouse=True)
def descriptors() -> Iterator[None]:
    """Here are both ends of the watches, and all of a process's descriptors may be used."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard > 3 * WATCHES, "ulimit -Hn is too small for this test"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def watch(kproxy: KproxyProcess, context: ssl.SSLContext) -> ssl.SSLSocket:
    """One that has begun."""
    place = urlsplit(kproxy.url)
    raw = socket.create_connection((place.hostname or "", place.port or 0), PATIENCE)
    connection = context.wrap_socket(raw, server_hostname="localhost")
    fields = f"Host: {place.netloc}\r\nAuthorization: Bearer {kproxy.token}\r\n"
    connection.sendall(f"GET /api/v1/pods?watch=1 HTTP/1.1\r\n{fields}\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    assert data.startswith(b"HTTP/1.1 200 "), data
    return connection


def test_two_thousand_idle_watches_cost_little_memory(tmp_path: Path) -> None:
    shown = write_certificate(tmp_path, "upstream")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(shown.certificate, shown.key)
    config = tmp_path / "kubeconfig"
    with large_upstream(serving) as upstream:
        config.write_text(minimal_kubeconfig(server=upstream.url, ca_pem=shown.ca.read_text(), token="t"))
        server = Server("fixed", upstream.url, shown.ca, "t", config)
        with KproxyProcess.start(server, tmp_path / "s.kproxy", tmp_path) as kproxy, ThreadPoolExecutor(16) as pool:
            context = ssl.create_default_context(cafile=str(kproxy.ca))
            watches = list(pool.map(lambda _: watch(kproxy, context), range(WARM)))
            settle(kproxy.pid)
            before = resident_bytes([kproxy.pid])
            watches += pool.map(lambda _: watch(kproxy, context), range(WATCHES))
            settle(kproxy.pid)
            each = (resident_bytes([kproxy.pid]) - before) / WATCHES
            for connection in watches:
                connection.close()
    assert each <= EACH, f"{each / 1000:.1f} KB each"
