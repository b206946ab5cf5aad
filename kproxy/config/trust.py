"""How an api-server is trusted, and what it is shown of its client: as Go does it, whatever of kproxy connects."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from kproxy.config.upstream import Tls
from kproxy.errors import ConfigError

_HTTP1 = "http/1.1"
_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secret and authenticated, as Go prefers them."""


def client_context(tls: Tls, *, cluster: str = "", user: str = "") -> ssl.SSLContext:
    """For connections to an api-server. ConfigError if a certificate or key cannot be used.

    Names are checked by subject alternative names only; whatever certificate is given is an anchor, be it self-signed
    or not. `cluster`, `user`: whose certificates they are, for the sentence.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    modern(context)
    context.hostname_checks_common_name = False
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _trust(context, tls.ca_pem, f'cluster "{cluster}"' if cluster else "the cluster")
    if tls.client_cert_pem is not None and tls.client_key_pem is not None:
        _show(context, tls.client_cert_pem, tls.client_key_pem, f'user "{user}"' if user else "the user")
    return context


def modern(context: ssl.SSLContext) -> None:
    """What both legs have: TLS 1.2 or newer, forward secrecy, HTTP/1.1."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.set_alpn_protocols([_HTTP1])


def _trust(context: ssl.SSLContext, ca_pem: str | None, what: str) -> None:
    if ca_pem is None:
        context.load_default_certs()
        return
    check_certificates(ca_pem, f"The certificate-authority of {what}")
    context.load_verify_locations(cadata=ca_pem)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _show(context: ssl.SSLContext, certificate_pem: str, key_pem: str, what: str) -> None:
    check_certificates(certificate_pem, f"The client-certificate of {what}")
    try:
        serialization.load_pem_private_key(key_pem.encode("ascii"), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"The client-key of {what} is no private key that can be read.") from error
    try:
        with in_a_file(f"{certificate_pem}\n{key_pem}".encode("ascii")) as path:
            context.load_cert_chain(path)
    except ssl.SSLError as error:
        reason = "does not belong to its client-certificate"
        if error.reason != "KEY_VALUES_MISMATCH":
            reason = f"cannot be used: {error.reason}"
        raise ConfigError(f"The client-key of {what} {reason}.") from error


def check_certificates(pem: str, what: str) -> None:
    """ConfigError, which begins with `what`, if a PEM holds no certificate."""
    try:
        x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise ConfigError(f"{what} holds no certificate that can be read.") from error


@contextmanager
def in_a_file(data: bytes) -> Iterator[str]:
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
