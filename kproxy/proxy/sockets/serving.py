"""What kproxy shows of itself to clients: a certificate of its own, a user's, or one that a user's authority issues.

A user's files are looked at for each new connection and read again when they have changed (a mounted Secret does);
connections that stand keep what they were shown.
"""

import logging
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from kproxy.errors import ConfigError
from kproxy.proxy.sockets.certificates import Authority, ServingCertificate, make_authority, pem_of

logger = logging.getLogger(__name__)

_MAX_PEM = 1 << 20
"""Bytes of a file with certificates or a key."""

_MAX_CONTEXTS = 256
"""One for each combination of names that clients ask for."""

_LONGEST_NAME = 253

_NAME = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}[A-Za-z0-9])?|[0-9a-fA-F:.]+")
_KINDS = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

type Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingFiles:
    """A user's wishes; all empty: kproxy's own authority.

    `cert` and `key` are shown as they are, and `ca` is then what clients are told to trust. `ca` alone is a file with
    an authority's certificate and key, which issues what is shown. `names`: for which names and addresses beside the
    listener's, where something is issued.
    """

    cert: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    names: tuple[str, ...] = ()


OWN = ServingFiles()


class Source(Protocol):
    """Where certificates come from. `ca_pem`: what clients have to trust; None: they do already."""

    ca_pem: str | None

    def stamp(self) -> Stamp:
        """Another one when `certificate` may give another one. OSError."""
        ...

    def certificate(self, names: tuple[str, ...]) -> ServingCertificate:
        """For these names, where they are not the certificate's own affair. ConfigError, OSError."""
        ...


class _OwnAuthority:
    """kproxy's own authority, for one run."""

    def __init__(self) -> None:
        self._authority = make_authority()
        self.ca_pem: str | None = self._authority.ca_pem

    def stamp(self) -> Stamp:
        """It never changes."""
        return ()

    def certificate(self, names: tuple[str, ...]) -> ServingCertificate:
        """Issued now."""
        return self._authority.issue(names)


class _UsersAuthority:
    """An authority's certificate and key in one file, those above it after it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.ca_pem: str | None = None
        self._read()

    def stamp(self) -> Stamp:
        """Of the file."""
        return (_stamp_of(self._file),)

    def certificate(self, names: tuple[str, ...]) -> ServingCertificate:
        """Issued now, by the authority that is in the file now."""
        return self._read().issue(names)

    def _read(self) -> Authority:
        what = f"The --serving-ca {self._file}"
        data = _content(self._file, what)
        certificate, *above = _certificates(data, what)
        try:
            basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        except (x509.ExtensionNotFound, ValueError):
            basic = None
        if basic is None or not basic.ca:
            raise ConfigError(f"{what} begins with a certificate that is no authority's.")
        if certificate.not_valid_after_utc <= datetime.now(UTC):
            raise ConfigError(f"{what} has expired.")
        authority = Authority(certificate, _key(data, what, certificate), tuple(above))
        self.ca_pem = authority.ca_pem
        return authority


class _UsersCertificate:
    """A user's certificate, its chain after it, and its key."""

    def __init__(self, cert: Path, key: Path, ca: Path | None) -> None:
        self._cert, self._key = cert, key
        self.ca_pem: str | None = None
        if ca is not None:
            what = f"The --serving-ca {ca}"
            self.ca_pem = "".join(pem_of(each) for each in _certificates(_content(ca, what), what))
        self.certificate(())

    def stamp(self) -> Stamp:
        """Of both files."""
        return (_stamp_of(self._cert), _stamp_of(self._key))

    def certificate(self, names: tuple[str, ...]) -> ServingCertificate:  # noqa: ARG002 - its names are in it
        """As the files have it now."""
        what = f"The --serving-cert {self._cert}"
        certificate, *chain = _certificates(_content(self._cert, what), what)
        what = f"The --serving-key {self._key}"
        key = _key(_content(self._key, what), what, certificate)
        return ServingCertificate(self.ca_pem, certificate, key, tuple(chain))


class Serving:
    """What is shown to each new client: a TLS context for the names that it may mean, made by `make`.

    `by_name`: a client that names its server (SNI) gets a certificate for that name, whatever it is.
    """

    def __init__(
        self,
        source: Source,
        names: tuple[str, ...],
        make: Callable[[ServingCertificate], ssl.SSLContext],
        *,
        by_name: bool = False,
    ) -> None:
        self._source = source
        self._names = names
        self._make = make
        self._by_name = by_name
        self._stamp = source.stamp()
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}
        self.context()  # what cannot be used is said now, not to each client

    @property
    def ca_pem(self) -> str | None:
        """What clients have to trust; None: they do already."""
        return self._source.ca_pem

    def context(self, *names: str) -> ssl.SSLContext:
        """For a client that has just connected, and may expect these `names` beside the usual ones."""
        self._look()
        context = self._contexts.get(names)
        if context is None:
            if len(self._contexts) >= _MAX_CONTEXTS:
                self._contexts.clear()
            context = self._contexts[names] = self._made(names)
        return context

    def _made(self, names: tuple[str, ...]) -> ssl.SSLContext:
        context = self._make(self._source.certificate((*self._names, *names)))
        if self._by_name:
            context.sni_callback = self._named
        return context

    def _named(self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name):
            connection.context = self.context(name.lower())

    def _look(self) -> None:
        """Begin anew when files have changed; with those that are only half written, when the rest of them is there."""
        try:
            stamp = self._source.stamp()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._contexts = {(): self._made(())}
        except (OSError, ConfigError) as error:
            logger.warning("kproxy goes on with the certificate that it had: %s", error)


def source_of(files: ServingFiles) -> Source:
    """Where certificates come from. ConfigError if files cannot be used."""
    for name in files.names:
        if _NAME.fullmatch(name) is None:
            raise ConfigError(f"The --serving-name {name!r} is no name or address that a certificate can be for.")
    if (files.cert is None) != (files.key is None):
        raise ConfigError("--serving-cert and --serving-key go together.")
    if files.cert is None or files.key is None:
        return _UsersAuthority(files.ca) if files.ca is not None else _OwnAuthority()
    if files.names:
        raise ConfigError("--serving-name is for certificates that kproxy makes: one of --serving-cert has its names.")
    return _UsersCertificate(files.cert, files.key, files.ca)


def _stamp_of(file: Path) -> tuple[int, int, int]:
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _content(file: Path, what: str) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_PEM + 1)
    except OSError as error:
        raise ConfigError(f"{what} cannot be read: {error.strerror or error}.") from error
    if len(data) > _MAX_PEM:
        raise ConfigError(f"{what} is larger than a certificate is.")
    return data


def _certificates(data: bytes, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise ConfigError(f"{what} holds no certificate that can be read.") from error


def _key(data: bytes, what: str, certificate: x509.Certificate) -> CertificateIssuerPrivateKeyTypes:
    begin = re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----", data)
    try:
        key = serialization.load_pem_private_key(data[begin.start() :] if begin else b"", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{what} holds no private key that can be read.") from error
    if not isinstance(key, _KINDS):
        raise ConfigError(f"{what} holds a key of a kind that TLS does not use.")
    if key.public_key() != certificate.public_key():
        raise ConfigError(f"{what} holds a key that does not belong to the certificate.")
    return key
