"""TLS contexts for both legs. What mitmproxy makes of its options would leave keys in files and reread none."""

import logging
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError
from kproxy.proxy.sockets.certificates import ServingCertificate, pem_of
from kproxy.proxy.sockets.dial import ClientTls

logger = logging.getLogger(__name__)

_HTTP1 = "http/1.1"
_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secret and authenticated, as Go prefers them."""


def listener_context(serving: ServingCertificate, client_ca_pem: str | None = None) -> ssl.SSLContext:
    """For the client's leg: what kproxy shows, HTTP/1.1 only. Its session tickets are good as long as it is.

    `client_ca_pem`: clients may show a certificate of these authorities; one of another is no handshake. ConfigError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _modern(context)
    shown = "".join(pem_of(each) for each in (serving.certificate, *serving.chain)).encode("ascii")
    key = serving.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with _in_a_file(shown + key) as path:
        context.load_cert_chain(path)
    if client_ca_pem is not None:
        _check_certificates(client_ca_pem, "--client-ca")
        context.load_verify_locations(cadata=client_ca_pem)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


class UpstreamTls:
    """The api-server's leg, with the client certificate of now. ConfigError if the first one cannot be used."""

    def __init__(self, upstream: Upstream, credentials: Credentials) -> None:
        self._upstream = upstream
        self._credentials = credentials
        self._shown = credentials.certificate()
        self._tls = upstream_tls(upstream.showing(self._shown))

    def current(self) -> ClientTls | None:
        """For the next connection. While a certificate is rotated it may not fit its key: the old one goes on then."""
        shown = self._credentials.certificate()
        if shown != self._shown and self._tls is not None:
            try:
                self._tls = upstream_tls(self._upstream.showing(shown))
            except ConfigError as error:
                logger.debug("a rotated client certificate cannot be used yet: %s", error)
            else:
                self._shown = shown
        return self._tls


def upstream_tls(upstream: Upstream) -> ClientTls | None:
    """For the api-server's leg, checked as Go does; None for http. ConfigError if a certificate or key cannot be used.

    Names are checked by subject alternative names only; whatever certificate is given is an anchor, be it self-signed
    or not.
    """
    tls = upstream.tls
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _modern(context)
    context.hostname_checks_common_name = False
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _trust(context, tls.ca_pem, f'cluster "{upstream.cluster}"')
    if tls.client_cert_pem is not None and tls.client_key_pem is not None:
        what = f'user "{upstream.user}"' if upstream.user else "the user"
        _show(context, tls.client_cert_pem, tls.client_key_pem, what)
    return ClientTls(context, tls.server_name or upstream.host)


def _modern(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.set_alpn_protocols([_HTTP1])


def _trust(context: ssl.SSLContext, ca_pem: str | None, what: str) -> None:
    if ca_pem is None:
        context.load_default_certs()
        return
    _check_certificates(ca_pem, f"The certificate-authority of {what}")
    context.load_verify_locations(cadata=ca_pem)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _show(context: ssl.SSLContext, certificate_pem: str, key_pem: str, what: str) -> None:
    _check_certificates(certificate_pem, f"The client-certificate of {what}")
    try:
        serialization.load_pem_private_key(key_pem.encode("ascii"), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"The client-key of {what} is no private key that can be read.") from error
    try:
        with _in_a_file(f"{certificate_pem}\n{key_pem}".encode("ascii")) as path:
            context.load_cert_chain(path)
    except ssl.SSLError as error:
        reason = "does not belong to its client-certificate"
        if error.reason != "KEY_VALUES_MISMATCH":
            reason = f"cannot be used: {error.reason}"
        raise ConfigError(f"The client-key of {what} {reason}.") from error


def _check_certificates(pem: str, what: str) -> None:
    try:
        x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise ConfigError(f"{what} holds no certificate that can be read.") from error


@contextmanager
def _in_a_file(data: bytes) -> Iterator[str]:
    """A path for what must not be on a disk: Python's ssl reads certificates and keys from files only."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("kproxy", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with TemporaryDirectory(prefix="kproxy-") as folder:  # for its owner only
        path = Path(folder) / "pem"
        path.write_bytes(data)
        yield str(path)
