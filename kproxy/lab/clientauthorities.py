"""The authorities whose client certificates the lab's kube-apiserver believes: users', and its front proxy's."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kproxy.lab.pem import certificate_builder, key_usage, private_pem, write_private

FRONT_PROXY = "front-proxy-client"
"""The front proxy's name, as kubeadm has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAuthorities:
    """Where they are (PEM). With `users_key` a lab's user signs certificates of his own; the other key is not kept."""

    users: Path
    users_key: Path
    front_proxy: Path
    front_proxy_client: Path
    front_proxy_client_key: Path

    @property
    def flags(self) -> dict[str, str]:
        """What kube-apiserver is told of them."""
        return {
            "client-ca-file": str(self.users),
            "requestheader-client-ca-file": str(self.front_proxy),
            "requestheader-allowed-names": FRONT_PROXY,
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        }


def make_client_authorities(folder: Path, now: datetime) -> ClientAuthorities:
    """Makes them anew in the folder; private keys are readable for their owner only."""
    made = ClientAuthorities(
        users=folder / "client-ca.crt",
        users_key=folder / "client-ca.key",
        front_proxy=folder / "front-proxy-ca.crt",
        front_proxy_client=folder / f"{FRONT_PROXY}.crt",
        front_proxy_client_key=folder / f"{FRONT_PROXY}.key",
    )
    users_key, proxy_key, client_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    proxy = _authority("kproxy lab front proxy CA", proxy_key, now)
    client = (
        certificate_builder(_name(FRONT_PROXY), proxy.subject, client_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(proxy_key, hashes.SHA256())
    )
    users = _authority("kproxy lab client CA", users_key, now)
    write_private(made.users, users.public_bytes(Encoding.PEM))
    write_private(made.users_key, private_pem(users_key))
    write_private(made.front_proxy, proxy.public_bytes(Encoding.PEM))
    write_private(made.front_proxy_client, client.public_bytes(Encoding.PEM))
    write_private(made.front_proxy_client_key, private_pem(client_key))
    return made


def _authority(common: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = _name(common)
    return (
        certificate_builder(name, name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
