"""The options that say as whom clients' requests go on, and what they mean together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from kproxy.config.entry import read_bounded
from kproxy.config.upstream import Upstream
from kproxy.errors import UsageError
from kproxy.model.exchange import IdentityMode

MODES = ("one", "pass", "front-proxy", "impersonate")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """The mode, and what it needs. `proxy_client`: files with certificate and key."""

    mode: IdentityMode
    client_ca_pem: str | None = None
    proxy_client: tuple[Path, Path] | None = None


def identity_options[**P, T](command: Callable[P, T]) -> Callable[P, T]:
    """Adds them to a command."""
    for option in (
        click.option(
            "--proxy-client-key", metavar="FILE", type=click.Path(path_type=Path), help="Its key, with front-proxy."
        ),
        click.option(
            "--proxy-client-cert",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="The certificate of which the api-server believes X-Remote-*, with front-proxy.",
        ),
        click.option(
            "--client-ca",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Clients may show a certificate of this authority, with front-proxy and impersonate.",
        ),
        click.option(
            "--identity",
            type=click.Choice(MODES),
            help="As whom requests go on: as the kubeconfig's user (one: the default with a kubeconfig), with the "
            "client's own credentials (pass: the default with --upstream), or as the client, whom kproxy "
            "authenticates: named as a front proxy does it, or by impersonation.",
        ),
    ):
        command = option(command)
    return command


def identity_settings(
    asked: str | None,
    server: Upstream,
    client_ca: Path | None,
    proxy_client: tuple[Path | None, Path | None],
    *,
    has_tls: bool,
) -> IdentitySettings:
    """What the options mean; `has_tls`: clients speak TLS with kproxy.

    UsageError where they cannot be meant together, or a file cannot be read.
    """
    default = IdentityMode.ONE if server.injects else IdentityMode.PASS
    mode = IdentityMode(asked) if asked is not None else default
    if mode in {IdentityMode.ONE, IdentityMode.IMPERSONATE} and not server.injects:
        raise UsageError(f"--identity {mode} needs credentials to go on with: --upstream has none")
    if client_ca is not None and mode not in {IdentityMode.FRONT_PROXY, IdentityMode.IMPERSONATE}:
        raise UsageError("--client-ca is for --identity front-proxy and impersonate: nobody is authenticated without")
    if client_ca is not None and not has_tls:
        raise UsageError("--client-ca needs a listener with TLS: nobody shows a certificate without")
    given = [file for file in proxy_client if file is not None]
    if mode is IdentityMode.FRONT_PROXY and len(given) != 2:
        raise UsageError("--identity front-proxy needs --proxy-client-cert and --proxy-client-key")
    if mode is not IdentityMode.FRONT_PROXY and given:
        raise UsageError("--proxy-client-cert and --proxy-client-key are for --identity front-proxy")
    return IdentitySettings(
        mode=mode,
        client_ca_pem=_pem("--client-ca", client_ca) if client_ca is not None else None,
        proxy_client=(given[0], given[1]) if given else None,
    )


def _pem(option: str, file: Path) -> str:
    try:
        return read_bounded(file).decode("ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{option} {file} cannot be read: {reason}") from error
