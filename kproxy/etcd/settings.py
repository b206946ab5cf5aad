"""How etcd is reached."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kproxy.errors import EtcdError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One member's client address."""

    url: str  # as it was given: what errors name
    host: str
    port: int
    tls: bool

    @property
    def target(self) -> str:
        """The address as gRPC wants it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdSettings:
    """Where etcd is and as whom to speak to it.

    `endpoints`: `https://HOST:PORT`, `http://…`, or `HOST:PORT`, which is TLS if there is a CA or a certificate.
    `cacert` alone checks the server (None: the system's roots); `cert` and `key` go together, and so do `user` and
    `password`. `timeout`: seconds for connecting; `call_timeout`: for each call.
    """

    endpoints: tuple[str, ...]
    cacert: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 5.0
    call_timeout: float = 30.0

    def parsed(self) -> tuple[Endpoint, ...]:
        """The endpoints, read. EtcdError for none, and for one that is no address."""
        if not self.endpoints:
            raise EtcdError("no etcd endpoint is given; name one as https://HOST:2379")
        if (self.cert is None) != (self.key is None):
            raise EtcdError("etcd's client certificate and its key go together; give --etcd-cert and --etcd-key")
        return tuple(self._endpoint(url) for url in self.endpoints)

    def _endpoint(self, url: str) -> Endpoint:
        if any(mark in url for mark in "@?#"):  # it goes into recordings and sentences: the URL may not be told
            raise EtcdError(
                "an etcd endpoint holds more than https://HOST:PORT: "
                "name a user with --etcd-user (the password in KPROXY_ETCD_PASSWORD), and leave out what follows ? or #"
            )
        scheme, separator, _ = url.partition("://")
        if not separator:
            scheme = "https" if self.cacert or self.cert else "http"
        try:
            parts = urlsplit(url if separator else f"{scheme}://{url}")
            host, port = parts.hostname, parts.port or 2379
        except ValueError:
            host, port = None, 0
        if scheme not in {"http", "https"} or not host:
            raise EtcdError(f"the etcd endpoint {url!r} is no address like https://HOST:2379")
        return Endpoint(url, host, port, tls=scheme == "https")

    def read(self, path: Path | None) -> bytes | None:
        """A PEM file's content. EtcdError if it cannot be read."""
        if path is None:
            return None
        try:
            return path.read_bytes()
        except OSError as error:
            raise EtcdError(
                f"etcd's certificate file {path} cannot be read: {error.strerror}; look at its path and rights"
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdOverride:
    """An etcd of its own for some resources, as the api-server's --etcd-servers-overrides names it.

    `resources`: GROUP/RESOURCE each ("apps/deployments", "/events").
    """

    resources: tuple[str, ...]
    settings: EtcdSettings
