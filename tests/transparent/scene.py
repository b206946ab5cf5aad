"""A gateway that redirects and a client behind it, in user, mount and network namespaces of their own.

    client's namespace                     this namespace
    10.8.0.2, fd08::2  ── veth ──  10.8.0.1, fd08::1   nft redirects port 6443 to kproxy's 16443
                                   10.7.0.1, fd07::1   the api-server kube.test; 10.7.0.9: another server

`unshare -Urnm python -m tests.transparent.scene FOLDER [OPTION …]` records into FOLDER/s.kproxy with these options and
prints what the client saw, as JSON.
"""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from kproxy.proxy.sockets.certificates import Authority, make_authority, pem_of
from tests.support.record_process import wait_for

SERVER, SERVER_6, OTHER, NAME, PORT, LISTEN = "10.7.0.1", "fd07::1", "10.7.0.9", "kube.test", 6443, 16443
PATIENCE = 60.0

RULES = f"""
table inet kproxy {{
    chain prerouting {{
        type nat hook prerouting priority dstnat;
        tcp dport {PORT} redirect to :{LISTEN}
    }}
}}
"""


def run(*command: str, given: str | None = None) -> None:
    subprocess.run(command, check=True, input=given, text=True, timeout=PATIENCE)


class Api(BaseHTTPRequestHandler):
    """Answers each GET with its path and the Authorization that came."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, "authorization": self.headers.get("Authorization", "")}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """For IPv4 and IPv6."""

    address_family = socket.AF_INET6
    daemon_threads = True


def write_pair(authority: Authority, file: Path, *names: str) -> Path:
    """A certificate and its key in one file."""
    made = authority.issue(names)
    file.write_text(pem_of(made.certificate) + pem_of_key(made.key))
    return file


def pem_of_key(key: CertificateIssuerPrivateKeyTypes) -> str:
    """PKCS #8."""
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return data.decode("ascii")


@contextmanager
def served(folder: Path, authority: Authority) -> Iterator[None]:
    """The api-server, and the other one: the same program under another address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_pair(authority, folder / "api.pem", NAME, OTHER))
    server = Server(("::", PORT), Api)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()


def plumb(client: int) -> None:
    """Addresses, the way to the client's namespace (of that task), the redirecting firewall, a name for the server."""
    run("ip", "link", "set", "lo", "up")
    for address in (f"{SERVER}/32", f"{OTHER}/32", f"{SERVER_6}/128"):
        run("ip", "address", "add", address, "dev", "lo")
    run("ip", "link", "add", "gateway", "type", "veth", "peer", "name", "client")
    run("ip", "link", "set", "client", "netns", str(client))
    run("ip", "address", "add", "10.8.0.1/24", "dev", "gateway")
    run("ip", "address", "add", "fd08::1/64", "dev", "gateway", "nodad")
    run("ip", "link", "set", "gateway", "up")
    run("nft", "-f", "-", given=RULES)


def plumb_client() -> None:
    """The client's end."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", "10.8.0.2/24", "dev", "client")
    run("ip", "address", "add", "fd08::2/64", "dev", "client", "nodad")
    run("ip", "link", "set", "client", "up")
    run("ip", "route", "add", "default", "via", "10.8.0.1")
    run("ip", "-6", "route", "add", "default", "via", "fd08::1")


def named(folder: Path) -> None:
    """The server's name, in this mount namespace only."""
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{SERVER} {NAME}\n{SERVER_6} {NAME}\n")
    run("mount", "--bind", str(hosts), "/etc/hosts")


@contextmanager
def recorded(folder: Path, ca_pem: str, options: list[str]) -> Iterator[None]:
    """`kproxy record` in transparent mode, until the block ends."""
    (folder / "ca.crt").write_text(ca_pem)
    (folder / "kubeconfig").write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
        f"clusters: [{{name: c, cluster: {{server: 'https://{NAME}:{PORT}', certificate-authority: ca.crt}}}}]\n"
        "users: [{name: u, user: {token: the-kubeconfigs-own}}]\n"
    )
    command = [sys.executable, "-m", "kproxy", "record", "--mode", "transparent", "--listen", f"https://[::]:{LISTEN}"]
    command += ["--kubeconfig", str(folder / "kubeconfig"), "--serving-ca", str(folder / "serving-ca.pem")]
    command += ["-o", str(folder / "s.kproxy"), *options]
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(command, stderr=said)
    try:
        wait_for(lambda: "recording into" in (folder / "said").read_text() or None)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def get(host: str, ca_pem: str, *, name: str | None = None, port: int = PORT) -> str:
    """What a client of `host` gets, whose certificate must be for `name`, or else for `host`; or what went wrong."""
    context = ssl.create_default_context(cadata=ca_pem)
    try:
        with (
            socket.create_connection((host, port), timeout=PATIENCE) as sock,
            context.wrap_socket(sock, server_hostname=name or host) as tls,
        ):
            connection = http.client.HTTPConnection(name or host)
            connection.sock = tls
            connection.request("GET", f"/api/v1/pods/{host}", headers={"Authorization": "Bearer the-clients-own"})
            return connection.getresponse().read().decode()
    except ssl.SSLCertVerificationError as error:
        return f"not trusted: {error.verify_message}"
    except OSError:
        return "closed"


def main(folder: Path, options: list[str]) -> None:
    """See the module."""
    api, serving = make_authority(), make_authority()
    (folder / "serving-ca.pem").write_text(serving.ca_pem + pem_of_key(serving.key))
    with ThreadPoolExecutor(1) as client:  # its one thread lives in a network namespace of its own

        def there[T](work: Callable[..., T], *arguments: object, **more: object) -> T:
            return client.submit(work, *arguments, **more).result(PATIENCE)

        there(os.unshare, os.CLONE_NEWNET)
        plumb(there(threading.get_native_id))
        there(plumb_client)
        named(folder)
        with served(folder, api), recorded(folder, api.ca_pem, options):
            seen = {
                "ipv4": there(get, SERVER, serving.ca_pem),
                "ipv6": there(get, SERVER_6, serving.ca_pem),
                "name": there(get, SERVER, serving.ca_pem, name=NAME),
                "another name": there(get, SERVER_6, serving.ca_pem, name="kubernetes.default.svc"),
                "untrusting": there(get, SERVER, api.ca_pem),
                "another server": there(get, OTHER, api.ca_pem),
                "kproxy itself": there(get, "10.8.0.1", serving.ca_pem, port=LISTEN),
            }
    print(json.dumps(seen))  # noqa: T201 - that is its answer


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
