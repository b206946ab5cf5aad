"""OpenSSL contexts for both legs. What mitmproxy makes of its options would leave keys in files and reread none."""

import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from OpenSSL import SSL, crypto

from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError
from kproxy.proxy.certificates import ServingCertificate

HTTP1 = b"http/1.1"


def listener_context(serving: ServingCertificate) -> SSL.Context:
    """For the client's leg: kproxy's own certificate, HTTP/1.1 only."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.use_certificate(serving.certificate)
    context.use_privatekey(serving.key)
    # Who does not offer it gets no answer to his ALPN, and HTTP/1.1 all the same.
    context.set_alpn_select_callback(lambda _, offered: HTTP1 if HTTP1 in offered else SSL.NO_OVERLAPPING_PROTOCOLS)
    return context


def upstream_context(upstream: Upstream) -> SSL.Context | None:
    """For the api-server's leg; None for http. ConfigError if a certificate or key cannot be used."""
    tls = upstream.tls
    if tls is None:
        return None
    what = f'user "{upstream.user}"' if upstream.user else "the user"
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_alpn_protos([HTTP1])
    context.set_verify(SSL.VERIFY_NONE if tls.insecure else SSL.VERIFY_PEER, None)
    if not tls.insecure:
        _trust(context, tls.ca_pem, f'cluster "{upstream.cluster}"')
    if tls.client_cert_pem is not None and tls.client_key_pem is not None:
        _show(context, tls.client_cert_pem, tls.client_key_pem, what)
    return context


def upstream_connection(context: SSL.Context, upstream: Upstream) -> SSL.Connection:
    """A handshake to come that checks the server's name, as Go does: subject alternative names only."""
    connection = SSL.Connection(context)
    name = (upstream.tls.server_name if upstream.tls else "") or upstream.host
    # pyOpenSSL has no public way to have OpenSSL check the name (pyca/pyopenssl#1101).
    lib = SSL._lib  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    param = lib.SSL_get0_param(connection._ssl)  # noqa: SLF001 - see above
    lib.X509_VERIFY_PARAM_set_hostflags(
        param, lib.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | lib.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
    )
    try:
        address = ipaddress.ip_address(name).packed
    except ValueError:
        encoded = name.encode("ascii")
        connection.set_tlsext_host_name(encoded)
        accepted = lib.X509_VERIFY_PARAM_set1_host(param, encoded, len(encoded))
    else:
        accepted = lib.X509_VERIFY_PARAM_set1_ip(param, address, len(address))
    if accepted != 1:
        raise ConfigError(f"OpenSSL cannot check the server name {name!r}.")
    connection.set_connect_state()
    return connection


def _trust(context: SSL.Context, ca_pem: str | None, what: str) -> None:
    if ca_pem is None:
        context.set_default_verify_paths()
        return
    store = context.get_cert_store()
    if store is None:
        raise ConfigError("OpenSSL has no certificate store.")
    # As Go does: whatever certificate is given is an anchor, be it self-signed or not.
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    for certificate in _certificates(ca_pem, f"The certificate-authority of {what}"):
        store.add_cert(crypto.X509.from_cryptography(certificate))


def _show(context: SSL.Context, certificate_pem: str, key_pem: str, what: str) -> None:
    first, *chain = _certificates(certificate_pem, f"The client-certificate of {what}")
    try:
        key = serialization.load_pem_private_key(key_pem.encode("ascii"), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"The client-key of {what} is no private key that can be read.") from error
    if not isinstance(
        key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
    ):
        raise ConfigError(f"The client-key of {what} is of a kind that TLS does not use.")
    context.use_certificate(first)
    for certificate in chain:
        context.add_extra_chain_cert(certificate)
    try:
        context.use_privatekey(key)
        context.check_privatekey()
    except SSL.Error as error:
        raise ConfigError(f"The client-key of {what} does not belong to its client-certificate.") from error


def _certificates(pem: str, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise ConfigError(f"{what} holds no certificate that can be read.") from error
