"""Certificates for the listener, issued by an authority: kproxy's own, made for one run, or a user's.

The own one's key is never written to disk.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=365)
_SKEW = timedelta(hours=1)
"""How far behind a client's clock may be."""

LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ServingCertificate:
    """A certificate for the listener, its key, and what clients have to trust (None: they do already).

    `chain`: authorities between it and that, which clients are shown too.
    """

    ca_pem: str | None
    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """What issues certificates: kproxy's own, or a user's. `chain`: authorities above it, the nearest first."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def ca_pem(self) -> str:
        """What clients have to trust."""
        return "".join(pem_of(each) for each in (self.certificate, *self.chain))

    def issue(self, names: Iterable[str], now: datetime | None = None) -> ServingCertificate:
        """A certificate for these names and addresses, valid for a year at most and not beyond the authority's end."""
        begin = (now or datetime.now(UTC)) - _SKEW
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [_general_name(name) for name in dict.fromkeys(names)]
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name("kproxy"))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(begin, self.certificate.not_valid_before_utc))
            .not_valid_after(min(begin + _VALID, self.certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(self._identifier(), critical=False)
        )
        own_hash = isinstance(self.key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
        certificate = builder.sign(self.key, None if own_hash else hashes.SHA256())
        above = tuple(each for each in (self.certificate, *self.chain) if each.subject != each.issuer)
        return ServingCertificate(self.ca_pem, certificate, key, above)

    def _identifier(self) -> x509.AuthorityKeyIdentifier:
        try:
            named = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        except x509.ExtensionNotFound:
            return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(named.value)


def make_authority(now: datetime | None = None) -> Authority:
    """A fresh authority of kproxy's own."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Authority(_authority(key, (now or datetime.now(UTC)) - _SKEW), key)


def pem_of(certificate: x509.Certificate) -> str:
    """As files and kubeconfigs hold it."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


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
        .not_valid_after(begin + _VALID)
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
