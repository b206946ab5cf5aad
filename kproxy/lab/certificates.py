"""The lab's keys and certificates: a CA, the api-server's serving certificate, the service accounts' key pair."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kproxy.lab.clientauthorities import ClientAuthorities, make_client_authorities
from kproxy.lab.pem import certificate_builder, key_usage, private_pem, write_private

SERVICE_IP = "10.96.0.1"  # the first of --service-cluster-ip-range
NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Where they are (PEM)."""

    ca: Path
    serving: Path
    serving_key: Path
    service_account_key: Path
    service_account_public: Path
    clients: ClientAuthorities


def make_certificates(folder: Path, now: datetime) -> Certificates:
    """Makes all of them anew in the folder; private keys are readable for their owner only."""
    made = Certificates(
        ca=folder / "ca.crt",
        serving=folder / "serving.crt",
        serving_key=folder / "serving.key",
        service_account_key=folder / "service-account.key",
        service_account_public=folder / "service-account.pub",
        clients=make_client_authorities(folder, now),
    )
    ca_key, serving_key, account_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kproxy lab CA")])
    ca = (
        certificate_builder(ca_name, ca_name, ca_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    addresses = (IPv4Address("127.0.0.1"), IPv4Address(SERVICE_IP))
    serving = (
        certificate_builder(name, ca_name, serving_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([*map(x509.DNSName, NAMES), *map(x509.IPAddress, addresses)]), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    write_private(made.ca, ca.public_bytes(Encoding.PEM))
    write_private(made.serving, serving.public_bytes(Encoding.PEM))
    write_private(made.serving_key, private_pem(serving_key))
    write_private(made.service_account_key, private_pem(account_key))
    write_private(
        made.service_account_public,
        account_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
    return made
