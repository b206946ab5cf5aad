"""The authorities of the lab's client certificates, as a strict server sees them."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kproxy.lab.clientauthorities import FRONT_PROXY, make_client_authorities


def test_the_front_proxy_is_signed_by_its_own_authority_and_not_by_the_users(tmp_path: Path) -> None:
    made = make_client_authorities(tmp_path, datetime.now(UTC))
    client = x509.load_pem_x509_certificate(made.front_proxy_client.read_bytes())
    proxy, users = (x509.load_pem_x509_certificate(file.read_bytes()) for file in (made.front_proxy, made.users))

    client.verify_directly_issued_by(proxy)
    assert client.subject.rfc4514_string() == f"CN={FRONT_PROXY}"
    assert client.issuer != users.subject


def test_keys_are_for_their_owner_only_and_belong_to_their_certificates(tmp_path: Path) -> None:
    made = make_client_authorities(tmp_path, datetime.now(UTC))
    pairs = ((made.users, made.users_key), (made.front_proxy_client, made.front_proxy_client_key))

    for certificate, key in pairs:
        assert key.stat().st_mode & 0o777 == 0o600
        private = load_pem_private_key(key.read_bytes(), None)
        assert private.public_key() == x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
