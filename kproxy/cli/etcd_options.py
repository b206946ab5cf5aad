"""--etcd and what belongs to it."""

from collections.abc import Callable
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.etcd.settings import EtcdSettings

FILE = click.Path(path_type=Path, dir_okay=False)


def etcd_options[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """The options, in the contract's order."""
    options = (
        click.option("--etcd", multiple=True, metavar="URL", help="The api-server's etcd. Repeatable: its members."),
        click.option("--etcd-cacert", type=FILE, help="The CA that etcd's certificate is checked against."),
        click.option("--etcd-cert", type=FILE, help="A client certificate for etcd."),
        click.option("--etcd-key", type=FILE, help="Its key."),
        click.option("--etcd-user", metavar="NAME[:PASSWORD]", help="etcd's user; KPROXY_ETCD_PASSWORD works too."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def etcd_settings(
    endpoints: tuple[str, ...],
    cacert: Path | None,
    cert: Path | None,
    key: Path | None,
    user: str | None,
    *,
    password: str = "",
) -> EtcdSettings | None:
    """What the options say; None without --etcd. UsageError when the others came without it."""
    if not endpoints:
        if cacert or cert or key or user:
            raise UsageError("--etcd-cacert, --etcd-cert, --etcd-key and --etcd-user need --etcd URL")
        return None
    name, _, given = (user or "").partition(":")
    return EtcdSettings(
        endpoints=endpoints, cacert=cacert, cert=cert, key=key, user=name, password=(given or password) if name else ""
    )
