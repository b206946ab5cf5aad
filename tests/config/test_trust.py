"""kproxy.config.trust, over a real socket: by each who connects to an api-server."""

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kproxy.config.trust import client_context
from kproxy.config.upstream import Tls, upstream_from_url
from kproxy.errors import ConfigError, KproxyError
from kproxy.record.apiclient import ApiClient
from kproxy.record.settings import ApiPlace
from kproxy.replay.answers import read_all
from kproxy.replay.transport import Transport, WireRequest
from tests.proxy.stage import self_signed

HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


class Answering(BaseHTTPRequestHandler):
    """Says which path was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""


@contextmanager
def serving(folder: Path, *, asks: str | None = None) -> Iterator[int]:
    """A server with the certificate `test` of a folder, at a port; `asks`: what it trusts of its clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "test.crt", folder / "test.key")
    if asks is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=asks)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def by_a_replay(port: int, tls: Tls) -> str:
    """What a replay's transport is answered."""

    async def ask() -> bytes:
        transport = Transport(replace(upstream_from_url(f"https://127.0.0.1:{port}"), tls=tls))
        reply = await transport.send(WireRequest(method="GET", target="/asked", headers=()))
        data = await read_all(reply)
        transport.close()
        return data

    return str(json.loads(asyncio.run(ask()))["path"])


def by_a_recorder(port: int, tls: Tls) -> str:
    """What is answered to who reads the start state."""
    client = ApiClient(ApiPlace(host="127.0.0.1", port=port, host_header="h", tls=tls))
    try:
        return str(client.get("/asked")["path"])
    finally:
        client.close()


type Ask = Callable[[int, Tls], str]


def issued_by_hand(folder: Path) -> str:
    """Writes a certificate `test`, and gives its authority's: as `openssl x509 -req` makes them, and Go takes them.

    Python's own way to trust has asked for more since 3.13: an identifier of the authority's key.
    """
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    now = dt.datetime.now(dt.UTC)

    def made(name: str, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> bytes:
        subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, "authority"))
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
        builder = builder.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
        return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    names = x509.SubjectAlternativeName([HERE])
    (folder / "test.crt").write_bytes(made("test", key.public_key(), names))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "test.key").write_bytes(key.private_bytes(*form))
    return made("authority", authority.public_key(), x509.BasicConstraints(ca=True, path_length=None)).decode()


@pytest.mark.parametrize("ask", [by_a_replay, by_a_recorder])
def test_an_authority_that_was_made_by_hand_is_trusted_by_all(tmp_path: Path, ask: Ask) -> None:
    authority = issued_by_hand(tmp_path)
    with serving(tmp_path) as port:
        assert ask(port, Tls(ca_pem=authority)) == "/asked"


@pytest.mark.parametrize("ask", [by_a_replay, by_a_recorder])
def test_whoever_connects_trusts_what_the_proxy_trusts(tmp_path: Path, ask: Ask) -> None:
    own, _ = self_signed(tmp_path, HERE)
    other, _ = self_signed(tmp_path, HERE, common="other")
    certificate, key = self_signed(tmp_path, common="ada")
    with serving(tmp_path) as port:
        assert ask(port, Tls(ca_pem=own)) == ask(port, Tls(insecure=True)) == "/asked"
        for tls in (Tls(), Tls(ca_pem=other), Tls(ca_pem=own, server_name="other.example")):
            with pytest.raises(KproxyError, match="ertificate verify failed"):
                ask(port, tls)
    with serving(tmp_path, asks=certificate) as port:
        assert ask(port, Tls(ca_pem=own, client_cert_pem=certificate, client_key_pem=key)) == "/asked"


@pytest.mark.parametrize(
    ("tls", "sentence"),
    [
        (Tls(ca_pem="nothing"), 'The certificate-authority of cluster "k"'),
        (Tls(client_cert_pem="nothing", client_key_pem="x"), 'The client-certificate of user "u"'),
        (Tls(client_cert_pem="CERT", client_key_pem="nothing"), 'The client-key of user "u"'),
        (Tls(client_cert_pem="CERT", client_key_pem="OTHER"), "does not belong"),
    ],
)
def test_certificates_that_cannot_be_used_are_named_before_anything_is_sent(
    tmp_path: Path, tls: Tls, sentence: str
) -> None:
    certificate, _ = self_signed(tmp_path)
    _, other_key = self_signed(tmp_path, common="other")
    found = {"CERT": certificate, "OTHER": other_key}
    tls = replace(
        tls,
        client_cert_pem=found.get(tls.client_cert_pem or "", tls.client_cert_pem),
        client_key_pem=found.get(tls.client_key_pem or "", tls.client_key_pem),
    )
    with pytest.raises(ConfigError, match=sentence):
        client_context(tls, cluster="k", user="u")
    with pytest.raises(
        ConfigError, match=sentence.replace(' cluster "k"', " the cluster").replace(' user "u"', " the")
    ):
        client_context(tls)
