"""The api-server behind kproxy: where it is, how it is trusted, with which credentials it is spoken to."""

import re
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from kproxy.config.entry import is_field_value
from kproxy.config.execplugin import ExecPlugin
from kproxy.config.outway import OutwardProxy
from kproxy.errors import ConfigError

TOKEN_FILE_AGE = 10.0
"""Seconds after which a token file is read again; client-go waits a minute at most (transport/token_source.go)."""

_MAX_TOKEN_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How an https server is trusted, and what kproxy shows of itself; files, where that can be read again."""

    ca_pem: str | None = None  # None: the system's roots
    client_cert_pem: str | None = None
    client_key_pem: str | None = field(default=None, repr=False)
    client_cert_file: Path | None = None
    client_key_file: Path | None = None
    server_name: str = ""  # "": the URL's host
    insecure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One api-server and one user of it.

    `tls` is None for http. `path_prefix` has no slash at its end. `injects` says whether there are credentials that
    kproxy sets in the client's place; a plain `--upstream URL` has none, and then nothing is injected. `withheld`: they
    were taken off, because the client's own are to decide.
    """

    url: str
    host: str
    port: int
    path_prefix: str = ""
    tls: Tls | None = None
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    plugin: ExecPlugin | None = None
    impersonate: tuple[tuple[str, str], ...] = ()  # Impersonate-… headers
    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = "default"
    withheld: bool = False
    others: tuple[tuple[str, int], ...] = ()  # further places (HOST, PORT) of the same server, in their order
    proxy: OutwardProxy | None = None

    @property
    def host_header(self) -> str:
        """The Host of a request: without the port where it is the scheme's own, as client-go writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.tls else 80
        return host if self.port == default and urlsplit(self.url).port is None else f"{host}:{self.port}"

    @property
    def injects(self) -> bool:
        """Whether kproxy has credentials of its own for this server."""
        certificate = self.tls is not None and self.tls.client_cert_pem is not None
        named = self.context and not self.withheld
        return bool(self.token or self.token_file or self.username or self.plugin or certificate or named)

    def without_credentials(self) -> "Upstream":
        """The same server, and nobody in particular: where it is and how it is trusted are what is left."""
        bare: Upstream = replace(
            self, token=None, token_file=None, username=None, password=None, plugin=None, impersonate=(), withheld=True
        )
        return bare.showing(None)

    def showing(self, certificate: tuple[str, str] | None, files: tuple[Path, Path] | None = None) -> "Upstream":
        """The same with this client certificate and key (PEM), which `files` may give anew."""
        if self.tls is None:
            return self
        certificate_pem, key_pem = certificate or (None, None)
        certificate_file, key_file = files or (None, None)
        tls = replace(
            self.tls,
            client_cert_pem=certificate_pem,
            client_key_pem=key_pem,
            client_cert_file=certificate_file,
            client_key_file=key_file,
        )
        return replace(self, tls=tls)


def upstream_from_url(url: str) -> Upstream:
    """An api-server without any credentials. ConfigError if the URL cannot be one."""
    return upstream_at(url, what=f"the upstream {_named(url)}", tls=Tls())


def at_places(upstream: Upstream | None, urls: Sequence[str]) -> Upstream:
    """An api-server at these URLs, tried in their order; `upstream`: whose credentials and CA count there.

    ConfigError if they cannot be places of one server.
    """
    tls = (upstream.tls if upstream is not None else None) or Tls()
    places = [upstream_at(url, what=f"the upstream {_named(url)}", tls=tls) for url in urls]
    first = places[0]
    for place in places[1:]:
        if (place.tls is None, place.path_prefix) != (first.tls is None, first.path_prefix):
            raise ConfigError(f"The upstreams {first.url} and {place.url} are no places of one api-server.")
    others = tuple((place.host, place.port) for place in places[1:])
    if upstream is None:
        return replace(first, others=others)
    return replace(
        upstream,
        url=first.url,
        host=first.host,
        port=first.port,
        path_prefix=first.path_prefix,
        tls=first.tls,
        others=others,
    )


def _named(url: str) -> str:
    """A URL that a person gave, as errors may show it: a password may stand before an @, a token in a query."""
    if "@" in url:
        return "that has a user in it"
    return repr(re.split(r"[?#]", url, maxsplit=1)[0])


def upstream_at(url: str, *, what: str, tls: Tls) -> Upstream:
    """The place part of an Upstream; `tls` counts for https only. `what` names the URL's origin in a ConfigError."""
    if any(not "!" <= char <= "~" for char in url):
        raise ConfigError(f"{what} is no URL of an api-server: it holds characters that must be encoded in a URL.")
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError as error:
        reason = "its host and port cannot be read" if "@" in url else error  # which quotes what it takes for a port
        raise ConfigError(f"{what} is no URL of an api-server: {reason}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{what} is no URL of an api-server: it must be http://HOST or https://HOST.")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(f"{what} must be scheme, host, port and path only: no user, query or fragment.")
    secure = parts.scheme == "https"
    return Upstream(
        url=parts.geturl(),
        host=parts.hostname,
        port=port or (443 if secure else 80),
        path_prefix=parts.path.rstrip("/"),
        tls=tls if secure else None,
    )


class BearerToken:
    """The value of Authorization for an Upstream, with its token file read again when what we have is old.

    A file that cannot be read any more keeps the last token, as client-go does: the server decides.
    """

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = upstream.token_file
        self._clock = clock
        self._read_at = float("-inf")
        self._value = _fixed(upstream)

    def authorization(self) -> str | None:
        """`Bearer …`, `Basic …`, or None where there is neither. ConfigError if the token file never could be read."""
        if self._file is not None and self._clock() - self._read_at >= TOKEN_FILE_AGE:
            self._reread(self._file)
        return self._value

    def _reread(self, file: Path) -> None:
        try:
            self._value = f"Bearer {_token_in(file)}"
        except (OSError, ValueError) as error:
            if self._value is None:
                raise ConfigError(f"The token file {file} cannot be used: {error}.") from error
        self._read_at = self._clock()


def _token_in(file: Path) -> str:
    with file.open("rb") as opened:
        token = opened.read(_MAX_TOKEN_BYTES + 1).decode("ascii").strip()
    if not token or len(token) > _MAX_TOKEN_BYTES or not is_field_value(token):
        raise ValueError("it does not hold a token")
    return token


def _fixed(upstream: Upstream) -> str | None:
    if upstream.token:
        return f"Bearer {upstream.token}"
    if upstream.username is not None and upstream.token_file is None:
        pair = f"{upstream.username}:{upstream.password or ''}"
        return "Basic " + b64encode(pair.encode()).decode("ascii")
    return None
