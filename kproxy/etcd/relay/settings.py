"""What a relay is asked to do."""

import os
import ssl
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kproxy.errors import EtcdError
from kproxy.etcd.settings import Endpoint, EtcdSettings

MAX_SOCKET_PATH = 100
"""Bytes of a unix socket's path that every system takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where a member's listener is; port 0: any that is free."""

    host: str = "127.0.0.1"
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """Each endpoint of `etcd` gets the listener at its place in `listen` (a free port on loopback beyond them).

    `cert` and `key`: what the relay shows to the api-server, for TLS on that side; `client_ca`: whose clients may
    come, None for anybody's. `feed`: the unix socket where calls are told. `etcd` has no user: tokens pass through.
    """

    etcd: EtcdSettings
    feed: Path
    listen: tuple[Listening, ...] = ()
    cert: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    dial_timeout: float = field(default=20.0)  # seconds; grpc-go's own

    def listener(self, place: int) -> Listening:
        """Where the member at this place is listened for."""
        return self.listen[place] if place < len(self.listen) else Listening()

    def server_context(self) -> ssl.SSLContext | None:
        """TLS towards the api-server; None without a certificate. EtcdError."""
        if self.cert is None and self.key is None:
            if self.client_ca is not None:
                raise EtcdError(
                    "a CA for the relay's clients means nothing without the relay's own certificate and key; "
                    "give --cert and --key"
                )
            return None
        if self.cert is None or self.key is None:
            raise EtcdError("the relay's certificate and its key go together; give --cert and --key")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _load(context, self.cert, self.key)
        if self.client_ca is not None:
            _trust(context, self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return _http2(context)

    def client_context(self) -> ssl.SSLContext:
        """TLS towards etcd. EtcdError."""
        context = ssl.create_default_context()
        if self.etcd.cacert is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # that CA alone, as --etcd-cafile has it
            _trust(context, self.etcd.cacert)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # etcd's own clients do not ask for it
        if self.etcd.cert is not None and self.etcd.key is not None:
            _load(context, self.etcd.cert, self.etcd.key)
        return _http2(context)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The members. EtcdError."""
        found = self.etcd.parsed()
        if len(self.listen) > len(found):
            raise EtcdError(
                f"there are {len(self.listen)} addresses to listen on for {len(found)} etcd endpoints; "
                "give one --listen for each --etcd"
            )
        return found


def default_feed(environ: Mapping[str, str]) -> Path:
    """A socket of this process's own in the user's runtime folder."""
    base = environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "kproxy" if base else Path(tempfile.gettempdir()) / f"kproxy-{os.getuid()}"
    return folder / f"etcd-relay-{os.getpid()}.sock"


def own_folder(folder: Path) -> None:
    """Makes the default feed's folder. EtcdError for one that is others', or that they may write to."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found, above = folder.lstat(), folder.parent.stat()
    except OSError as error:
        raise EtcdError(
            f"the feed's folder {folder} cannot be made: {error.strerror}; name a socket elsewhere with --feed"
        ) from None
    open_to_others = (
        found.st_mode & 0o022 and above.st_mode & 0o011
    )  # in a folder of the user's alone nobody gets to it
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or open_to_others:
        raise EtcdError(f"the feed's folder {folder} is not this user's alone: name a socket elsewhere with --feed")


def _http2(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    return context


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        raise EtcdError(
            f"the certificate {cert} with the key {key} cannot be used: {error.reason}; "
            "--cert and --key are PEM files that belong together"
        ) from None
    except OSError as error:
        raise EtcdError(
            f"the certificate {cert} or the key {key} cannot be read: {error.strerror}; look at --cert and --key"
        ) from None


def _trust(context: ssl.SSLContext, ca: Path) -> None:
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError as error:
        raise EtcdError(f"the CA {ca} cannot be used: {error.reason}; it is a PEM file") from None
    except OSError as error:
        raise EtcdError(f"the CA {ca} cannot be read: {error.strerror}; look at its path and rights") from None
