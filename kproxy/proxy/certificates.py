"""kproxy's own certificate authority: made for one run, never written to disk but as the public certificate."""

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=365)
SKEW = timedelta(hours=1)
"""How far behind a client's clock may be."""

LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ServingCertificate:
    """A certificate for the listener, its key, and the authority that clients have to trust."""

    ca_pem: str
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


def make_serving_certificate(host: str, now: datetime | None = None) -> ServingCertificate:
    """A fresh authority and, signed by it, a certificate for localhost and `host`."""
    begin = (now or datetime.now(UTC)) - SKEW
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, begin)
    key = ec.generate_private_key(ec.SECP256R1())
    names = [_general_name(name) for name in dict.fromkeys((*LOCAL, host))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("kproxy"))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    return ServingCertificate(authority.public_bytes(serialization.Encoding.PEM).decode("ascii"), certificate, key)


def _authority(key: ec.EllipticCurvePrivateKey, begin: datetime) -> x509.Certificate:
    name = _name("kproxy: this recording only")
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
