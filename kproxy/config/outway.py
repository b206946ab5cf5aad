"""The proxy between kproxy and an api-server: a kubeconfig's proxy-url, or HTTPS_PROXY as Go's programs read it.

golang.org/x/net/http/httpproxy: of a pair of variables the upper-case one counts; loopback is never proxied.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

from kproxy.errors import ConfigError

type Scheme = Literal["http", "socks5"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutwardProxy:
    """Where it is, how it is spoken to, and as whom. A `socks5` one is given names, not addresses."""

    scheme: Scheme
    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """Without its password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_proxy(url: str, what: str) -> OutwardProxy:
    """A proxy's URL. ConfigError, which names its origin by `what` and repeats no password."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError as error:
        raise ConfigError(f"{what} is no URL of a proxy.") from error
    scheme = {"http": "http", "socks5": "socks5", "socks5h": "socks5"}.get(parts.scheme)
    if parts.scheme == "https":
        raise ConfigError(f"{what} is a proxy behind TLS, which kproxy cannot use: an http or socks5 one it can.")
    if scheme is None or not parts.hostname or any(not "!" <= char <= "~" for char in parts.hostname):
        raise ConfigError(f"{what} must be http://HOST:PORT or socks5://HOST:PORT.")
    if max(len(username.encode()), len(password.encode())) > 255 or ":" in username:
        raise ConfigError(f"{what} has a user or password that no proxy takes.")
    default = 1080 if scheme == "socks5" else 80
    return OutwardProxy(
        scheme="socks5" if scheme == "socks5" else "http",
        host=parts.hostname,
        port=port or default,
        username=username,
        password=password,
    )


def environment_proxy(host: str, port: int, environ: Mapping[str, str]) -> OutwardProxy | None:
    """What the environment says of an https server. ConfigError."""
    url = _either(environ, "HTTPS_PROXY")
    if not url or not _is_proxied(host.lower(), port, _either(environ, "NO_PROXY")):
        return None
    return parse_proxy(url, "HTTPS_PROXY")


def _either(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.lower()) or ""


def _is_proxied(host: str, port: int, exceptions: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if host == "localhost" or (address is not None and address.is_loopback):
        return False
    return not any(_names(entry.strip().lower(), host, port, address) for entry in exceptions.split(","))


def _names(entry: str, host: str, port: int, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    """Whether an entry of NO_PROXY names the server."""
    if not entry:
        return False
    if entry == "*":
        return True
    if "/" in entry:
        return address is not None and _holds(entry, address)
    name, wanted = _split_port(entry)
    if wanted is not None and wanted != port:
        return False
    if address is not None:
        return name.strip("[]") == host
    name = name.removeprefix("*")
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _holds(network: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _split_port(entry: str) -> tuple[str, int | None]:
    name, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and (":" not in name or name.startswith("[")):
        return name, int(port)
    return entry, None
