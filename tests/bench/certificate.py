"""Certificates for servers of the bench, on disk for as long as it runs."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization as form

from kproxy.proxy.sockets.certificates import LOCAL, make_authority


@dataclass(frozen=True, slots=True)
class Shown:
    """Files: what a server shows, its key, and the authority that clients trust."""

    certificate: Path
    key: Path
    ca: Path


def write_certificate(folder: Path, name: str) -> Shown:
    """A fresh one for localhost."""
    made = make_authority().issue(LOCAL)
    shown = Shown(folder / f"{name}.crt", folder / f"{name}.key", folder / f"{name}-ca.crt")
    shown.ca.write_text(made.ca_pem or "")
    shown.certificate.write_bytes(made.certificate.public_bytes(form.Encoding.PEM))
    key = made.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    shown.key.write_bytes(key)
    return shown
