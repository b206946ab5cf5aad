"""The lab's certificates, as a strict client sees them."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509.verification import PolicyBuilder, Store

from kproxy.lab.certificates import make_certificates


def test_the_serving_certificate_is_valid_for_loopback_and_the_ca_signed_it(tmp_path: Path) -> None:
    made = make_certificates(tmp_path, datetime.now(UTC))
    ca = x509.load_pem_x509_certificate(made.ca.read_bytes())
    serving = x509.load_pem_x509_certificate(made.serving.read_bytes())
    verifier = PolicyBuilder().store(Store([ca])).build_server_verifier(x509.DNSName("localhost"))
    assert verifier.verify(serving, []) == [serving, ca]
    names = serving.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "127.0.0.1" in [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def test_private_keys_are_for_their_owner_only_and_the_pairs_match(tmp_path: Path) -> None:
    made = make_certificates(tmp_path, datetime.now(UTC))
    for path in (made.serving_key, made.service_account_key):
        assert path.stat().st_mode & 0o777 == 0o600
    private = load_pem_private_key(made.service_account_key.read_bytes(), None)
    assert private.public_key() == load_pem_public_key(made.service_account_public.read_bytes())
