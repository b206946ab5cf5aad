"""From settings to a Judge: which of an api-server's credentials go on with requests, and who may come."""

from pathlib import Path

from kproxy.config.credentials import Credentials
from kproxy.config.entry import read_bounded
from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError
from kproxy.model.exchange import IdentityMode

FORWARDING = frozenset({IdentityMode.FRONT_PROXY, IdentityMode.IMPERSONATE})
"""Modes in which clients are authenticated."""


def upstream_for(whole: Upstream, mode: IdentityMode, proxy_client: tuple[Path, Path] | None) -> Upstream:
    """The api-server with the credentials that go on with requests. ConfigError where the mode cannot be.

    `proxy_client`: certificate and key of the front proxy.
    """
    if mode is IdentityMode.PASS:
        return whole.without_credentials()
    if mode is IdentityMode.IMPERSONATE and whole.impersonate:
        raise ConfigError(
            f'user "{whole.user}" of the kubeconfig impersonates somebody itself, and an impersonation is not nested.'
        )
    if mode is not IdentityMode.FRONT_PROXY:
        return whole
    if whole.tls is None or proxy_client is None:
        raise ConfigError("A front proxy needs https to the api-server, and a client certificate and key of its own.")
    return whole.without_credentials().showing((_pem(proxy_client[0]), _pem(proxy_client[1])), proxy_client)


def credentials_for(upstream: Upstream, whole: Upstream, credentials: Credentials | None) -> Credentials:
    """Those of whoever else speaks to the server, where they are the same: a plugin is asked once."""
    return credentials if credentials is not None and upstream is whole else Credentials(upstream)


def asks_token(upstream: Upstream, mode: IdentityMode) -> bool:
    """Whether whoever comes has to show kproxy's own token: it would be somebody else by coming."""
    return upstream.injects and mode not in FORWARDING


def _pem(file: Path) -> str:
    try:
        return read_bounded(file).decode("ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(f"The front proxy's {file} cannot be read: {reason}.") from error
