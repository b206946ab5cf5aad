"""--etcd and what belongs to it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.etcd.settings import EtcdOverride, EtcdSettings
from kproxy.session.etcds import Stores
from kproxy.wire.storage import PREFIX

FILE = click.Path(path_type=Path, dir_okay=False)


def etcd_options[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """The options, in the contract's order."""
    options = (
        click.option("--etcd", multiple=True, metavar="URL", help="The api-server's etcd. Repeatable: its members."),
        click.option("--etcd-cacert", type=FILE, help="The CA that etcd's certificate is checked against."),
        click.option("--etcd-cert", type=FILE, help="A client certificate for etcd."),
        click.option("--etcd-key", type=FILE, help="Its key."),
        click.option("--etcd-user", metavar="NAME[:PASSWORD]", help="etcd's user; KPROXY_ETCD_PASSWORD works too."),
        click.option(
            "--etcd-override",
            multiple=True,
            metavar="GROUP/RESOURCE#URL;URL",
            help="Another etcd of the api-server's, as its --etcd-servers-overrides has it. Repeatable.",
        ),
        click.option(
            "--etcd-prefix", metavar="PATH", default=PREFIX, show_default=True, help="The api-server's --etcd-prefix."
        ),
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


def etcd_stores(main: EtcdSettings | None, overrides: tuple[str, ...], prefix: str, *, history: bool = False) -> Stores:
    """What the options say beside how the main etcd is reached: the others are reached as it is, but elsewhere.

    UsageError for an override that is none, or that comes without --etcd.
    """
    prefix = f"/{prefix.strip('/')}"
    if main is None:
        if overrides or history:
            raise UsageError("--etcd-override and --etcd-history need --etcd URL")
        return Stores(prefix=prefix)
    named = (one for text in overrides for one in text.split(",") if one)
    return Stores(overrides=tuple(_override(one, main) for one in named), prefix=prefix, history=history)


def _override(text: str, main: EtcdSettings) -> EtcdOverride:
    resource, mark, urls = text.partition("#")
    endpoints = tuple(url for url in urls.split(";") if url)
    if not mark or resource.count("/") != 1 or not resource.rpartition("/")[2] or not endpoints:
        named = repr(text) if "@" not in text else "with a user in it"  # a password may be beside them
        raise UsageError(
            f"--etcd-override {named} is none: GROUP/RESOURCE#URL;URL, as in /events#https://10.0.0.2:2379"
        )
    override = EtcdOverride(resources=(resource,), settings=replace(main, endpoints=endpoints))
    override.settings.parsed()
    return override
