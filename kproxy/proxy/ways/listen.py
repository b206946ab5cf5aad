"""The address that clients come to."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from kproxy.errors import ConfigError, ProxyError
from kproxy.proxy.tap.entrance import listening_prefix

BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Listen:
    """What --listen says. Port 0 takes a free one; `prefix`: a path without a slash at its end."""

    given: str
    host: str
    port: int
    tls: bool
    prefix: str

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def url(self, address: tuple[str, int]) -> str:
        """Where clients find it, once it is bound to `address`."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"{'https' if self.tls else 'http'}://{in_url(host)}:{address[1]}{self.prefix}"

    def bind(self, workers: int = 1) -> tuple[socket.socket, ...]:
        """A listening socket for each worker, all on one address; on [::] they take IPv4 too. ProxyError."""
        bound: list[socket.socket] = []
        try:
            if workers > 1 and self.port:  # a shared port is busy for nobody: see first whether somebody else has it
                self._bind(self.port, shared=False).close()
            for _ in range(workers):
                bound.append(self._bind(bound[0].getsockname()[1] if bound else self.port, shared=workers > 1))
        except OSError as error:
            for each in bound:
                each.close()
            reason = error.strerror or error
            raise ProxyError(
                f"kproxy cannot listen on {self.host}:{self.port}: {reason}; choose another --listen."
            ) from error
        return tuple(bound)

    def _bind(self, port: int, *, shared: bool) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        both = self.host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            (self.host, port), family=family, backlog=BACKLOG, reuse_port=shared, dualstack_ipv6=both
        )


def parse_listen(given: str) -> Listen:
    """The URL of --listen. ConfigError."""
    parts = urlsplit(given)
    try:
        port = parts.port or 0
    except ValueError as error:
        raise ConfigError(f"The address {given!r} to listen on is none: {error}.") from error
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise ConfigError(f"The address {given!r} to listen on must be http://HOST:PORT or https://HOST:PORT.")
    if host == "localhost":
        host = "127.0.0.1"  # both families on one free port is more than an operating system promises
    return Listen(given, host, port, parts.scheme == "https", listening_prefix(parts.path, given))


def in_url(host: str) -> str:
    """A host as URLs write it."""
    return f"[{host}]" if ":" in host else host
