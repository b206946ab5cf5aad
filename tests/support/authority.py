"""A certificate authority of a test's own, and client certificates of it."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, PEM."""

    certificate: str
    key: str

    @property
    def der(self) -> bytes:
        return x509.load_pem_x509_certificate(self.certificate.encode()).public_bytes(Encoding.DER)

    def written(self, folder: Path, name: str) -> tuple[Path, Path]:
        """FOLDER/NAME.crt and .key."""
        files = folder / f"{name}.crt", folder / f"{name}.key"
        files[0].write_text(self.certificate)
        files[1].touch(mode=0o600)
        files[1].write_text(self.key)
        return files


class Authority:
    """`pem`: its own certificate."""

    def __init__(self, common: str = "a test's CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
        certificate = (
            self._builder(self._name, self._key.public_key(), dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(Encoding.PEM).decode()

    @classmethod
    def read(cls, certificate: Path, key: Path) -> "Authority":
        """An authority that is there already."""
        authority = cls.__new__(cls)
        found = load_pem_private_key(key.read_bytes(), None)
        assert isinstance(found, ec.EllipticCurvePrivateKey)
        authority.pem = certificate.read_text()
        authority._key, authority._name = found, x509.load_pem_x509_certificate(certificate.read_bytes()).subject
        return authority

    @property
    def key_pem(self) -> str:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def client(self, name: str, *groups: str, lasts: dt.timedelta = dt.timedelta(hours=1)) -> Issued:
        """A client certificate: CN and O."""
        subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject += [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(x509.Name(subject), key.public_key(), lasts)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return Issued(certificate.public_bytes(Encoding.PEM).decode(), private)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, lasts: dt.timedelta
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + lasts)
        )
