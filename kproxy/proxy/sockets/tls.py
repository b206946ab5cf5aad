"""TLS contexts for both legs. What mitmproxy makes of its options would leave keys in files and reread none."""

import logging
import ssl

from cryptography.hazmat.primitives import serialization

from kproxy.config.credentials import Credentials
from kproxy.config.trust import check_certificates, client_context, in_a_file, modern
from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError
from kproxy.proxy.sockets.certificates import ServingCertificate, pem_of
from kproxy.proxy.sockets.dial import ClientTls

logger = logging.getLogger(__name__)


def listener_context(serving: ServingCertificate, client_ca_pem: str | None = None) -> ssl.SSLContext:
    """For the client's leg: what kproxy shows, HTTP/1.1 only. Its session tickets are good as long as it is.

    `client_ca_pem`: clients may show a certificate of these authorities; one of another is no handshake. ConfigError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    modern(context)
    shown = "".join(pem_of(each) for each in (serving.certificate, *serving.chain)).encode("ascii")
    key = serving.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with in_a_file(shown + key) as path:
        context.load_cert_chain(path)
    if client_ca_pem is not None:
        check_certificates(client_ca_pem, "--client-ca")
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
    """For the api-server's leg; None for http. ConfigError if a certificate or key cannot be used."""
    if upstream.tls is None:
        return None
    context = client_context(upstream.tls, cluster=upstream.cluster, user=upstream.user)
    return ClientTls(context, upstream.tls.server_name or upstream.host)
