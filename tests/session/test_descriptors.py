import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.record_process import PATIENCE, record_process
from tests.support.small_upstream import small_upstream

pytestmark = pytest.mark.process

CLIENTS = 100
ASK = (
    "import resource; from kproxy.session.descriptors import raise_descriptor_limit;"
    "resource.setrlimit(resource.RLIMIT_NOFILE, {limits}); raise_descriptor_limit();"
    "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
)


@pytest.mark.parametrize(
    ("limits", "raised"), [((100, 5000), (5000, 5000)), ((5000, 5000), (5000, 5000)), ((64, 64), (64, 64))]
)
def test_the_limit_is_raised_to_what_the_system_allows(limits: tuple[int, int], raised: tuple[int, int]) -> None:
    command = [sys.executable, "-c", ASK.format(limits=limits)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == str(raised)


def test_a_shells_small_limit_does_not_limit_how_many_clients_are_served(tmp_path: Path) -> None:
    with small_upstream() as upstream, ExitStack() as stack:
        running = stack.enter_context(record_process(upstream, tmp_path / "s.kproxy", descriptors=CLIENTS))
        place = urlsplit(running.url)
        address = place.hostname or "", place.port or 0
        clients = [stack.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(CLIENTS)]
        for client in clients:  # each is connected to the server, and stays so
            client.sendall(b"GET /api/v1/namespaces/default/configmaps/x HTTP/1.1\r\nHost: kproxy\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
