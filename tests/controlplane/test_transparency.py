"""Promise 1 on a real kube-apiserver: the same request, straight and through kproxy, gets the same bytes."""

import gzip
import json
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import Upstream
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from tests.support.record_process import record_process

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(180)]

MAPS = "/api/v1/namespaces/default/configmaps"
DRY = f"POST {MAPS}?dryRun=All"
JSON = "Content-Type: application/json\r\n"
BIG = json.dumps({"kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"v": "x" * 1_000_000}}).encode()
CODED = gzip.compress(BIG)
CHUNKED = b"".join(b"%x\r\n%s\r\n" % (len(BIG[at:][:50_000]), BIG[at:][:50_000]) for at in range(0, len(BIG), 50_000))

REQUESTS: dict[str, tuple[str, str, bytes]] = {
    "list": ("GET /api/v1/namespaces", "", b""),
    "gzip": ("GET /openapi/v3/api/v1", "Accept-Encoding: gzip\r\n", b""),
    "head": (f"HEAD {MAPS}", "", b""),
    "options": (f"OPTIONS {MAPS}", "", b""),
    "missing": ("GET /api/v1/namespaces/default/pods/missing/log", "", b""),
    "watch": (f"GET {MAPS}?watch=1&timeoutSeconds=1", "", b""),
    "megabyte": (DRY, f"{JSON}Content-Length: {len(BIG)}\r\n", BIG),
    "chunked": (DRY, f"{JSON}Transfer-Encoding: chunked\r\n", CHUNKED + b"0\r\n\r\n"),
    "coded": (DRY, f"{JSON}Content-Encoding: gzip\r\nContent-Length: {len(CODED)}\r\n", CODED),
    "expect": (DRY, f"{JSON}Expect: 100-continue\r\nContent-Length: {len(BIG)}\r\n", BIG),
}
OWN = re.compile(rb"(Audit-Id: )[^\r]*|(Date: )[^\r]*|(\"(?:uid|resourceVersion|\w*[tT]ime\w*)\":\")[^\"]*")
"""What is another for each request, whoever carries it."""


@pytest.fixture(scope="module")
def places(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Upstream, int]]:
    """The server, and the port of the plain listener of a kproxy in front of it."""
    folder = tmp_path_factory.mktemp("transparency")
    with (
        start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("KUBECONFIG", str(lab.kubeconfig))
        patch.delenv("KPROXY_LAB", raising=False)
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        with record_process(None, folder / "s.kproxy") as running:
            yield load_kubeconfig(lab.kubeconfig, {}).upstream(None), int(running.url.rpartition(":")[2])


def answered(connection: socket.socket, line: str, fields: str, body: bytes) -> bytes:
    """All that comes until the server closes, but for what is another for each request."""
    got = b""
    with connection:
        connection.settimeout(60)
        connection.sendall(f"{line} HTTP/1.1\r\nConnection: close\r\n{fields}\r\n".encode() + body)
        while data := connection.recv(65536):
            got += data
    return OWN.sub(rb"\1\2\3", got)


@pytest.mark.parametrize("name", REQUESTS)
def test_an_answer_has_the_same_bytes_with_and_without_kproxy(name: str, places: tuple[Upstream, int]) -> None:
    upstream, port = places
    line, fields, body = REQUESTS[name]
    assert upstream.tls is not None
    context = ssl.create_default_context(cadata=upstream.tls.ca_pem)
    plain = socket.create_connection((upstream.host, upstream.port))
    straight = context.wrap_socket(plain, server_hostname=upstream.host)
    own = f"Host: {upstream.host_header}\r\nAuthorization: Bearer {upstream.token}\r\n"
    expected = answered(straight, line, own + fields, body)
    through = socket.create_connection(("127.0.0.1", port))
    assert answered(through, line, f"Host: 127.0.0.1:{port}\r\n{fields}", body) == expected
    assert expected.startswith(b"HTTP/1.1 ")
