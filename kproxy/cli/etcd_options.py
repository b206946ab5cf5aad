"""--etcd and what belongs to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.etcd.settings import EtcdOverride, EtcdSettings
from kproxy.session.etcds import Stores
from kproxy.wire.storage import PREFIX

FILE = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdWish:
    """What the options say."""

    endpoints: tuple[str, ...] = ()
    cacert: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    user: str | None = None
    overrides: tuple[str, ...] = ()
    prefix: str = PREFIX

    def settings(self, environ: Mapping[str, str]) -> EtcdSettings | None:
        """How the main etcd is reached; None without --etcd. UsageError when the others came without it."""
        if not self.endpoints:
            if self.cacert or self.cert or self.key or self.user:
                raise UsageError("--etcd-cacert, --etcd-cert, --etcd-key and --etcd-user need --etcd URL")
            return None
        name, _, given = (self.user or "").partition(":")
        return EtcdSettings(
            endpoints=self.endpoints,
            cacert=self.cacert,
            cert=self.cert,
            key=self.key,
            user=name,
            password=(given or environ.get("KPROXY_ETCD_PASSWORD", "")) if name else "",
        )

    def stores(self, main: EtcdSettings | None, *, history: bool = False) -> Stores:
        """Which others there are: they are reached as the main one is, but elsewhere.

        UsageError for an override that is none, or that comes without a main one.
        """
        prefix = f"/{self.prefix.strip('/')}"
        if main is None:
            if self.overrides or history:
                raise UsageError("--etcd-override and --etcd-history need --etcd URL")
            return Stores(prefix=prefix)
        named = (one for text in self.overrides for one in text.split(",") if one)
        return Stores(overrides=tuple(_override(one, main) for one in named), prefix=prefix, history=history)


def etcd_options[R](command: Callable[..., R]) -> Callable[..., R]:
    """The options, in the contract's order, which the command gets as one: `etcd`, an EtcdWish."""
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

    @wraps(command)
    def with_wish(
        *,
        etcd: tuple[str, ...],
        etcd_cacert: Path | None,
        etcd_cert: Path | None,
        etcd_key: Path | None,
        etcd_user: str | None,
        etcd_override: tuple[str, ...],
        etcd_prefix: str,
        **others: object,
    ) -> R:
        wish = EtcdWish(
            endpoints=etcd,
            cacert=etcd_cacert,
            cert=etcd_cert,
            key=etcd_key,
            user=etcd_user,
            overrides=etcd_override,
            prefix=etcd_prefix,
        )
        return command(etcd=wish, **others)

    decorated: Callable[..., R] = with_wish
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


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
