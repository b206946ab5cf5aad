"""Where a replay goes: `fresh…`, `context:NAME` or a URL."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.errors import ReplayError, UsageError
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.info import LabInfo
from kproxy.lab.settings import LabSettings, ServerKind
from kproxy.lab.start import start_lab
from kproxy.model.session import Server
from kproxy.model.start import StoredKey
from kproxy.session.etcds import ONE_STORE, Stores
from kproxy.session.server_facts import lab_etcd
from kproxy.wire.storage import PREFIX

KINDS: dict[str, ServerKind] = {"emulated": "emulated", "kube-apiserver": "kube-apiserver"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWish:
    """What `--on` says. Exactly one of `lab`, `context`, `url` is set."""

    lab: LabSettings | None = None
    context: str | None = None
    url: str | None = None

    def with_accounts(self, accounts: bool) -> Self:  # noqa: FBT001 - what is said of it
        """A fresh kube-apiserver whose pods need their ServiceAccount, or not."""
        if self.lab is None or self.lab.server != "kube-apiserver":
            return self
        return replace(self, lab=replace(self.lab, accounts=accounts))

    def with_controllers(self, nodes: int) -> Self:
        """A fresh kube-apiserver with its controllers, and so many nodes. UsageError for another target."""
        if self.lab is None or self.lab.server != "kube-apiserver":
            raise UsageError("--with controllers needs a fresh kube-apiserver: --on fresh:kube-apiserver")
        return replace(self, lab=replace(self.lab, controllers="now", nodes=nodes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target that is there.

    `lab`: it is ours, and fresh by birth; `viewer`: its second user; `seeded`: the start state is in its etcd already.
    """

    upstream: Upstream
    etcd: EtcdSettings | None
    stores: Stores = ONE_STORE
    lab: LabInfo | None = None
    literals: tuple[str, ...] = ()
    viewer: Upstream | None = None
    seeded: bool = False

    def for_users(self, recorded: AbstractSet[str]) -> Self:
        """The target as the lab's second user when that one alone was recorded: the first one may do everything."""
        if self.viewer is None or recorded != {self.viewer.user}:
            return self
        return replace(self, upstream=self.viewer)


def parse_target(words: str, recorded: Server, *, assets: Path | None, allow_old_etcd: bool) -> TargetWish:
    """Read `--on`. UsageError for what it cannot be; `fresh` is the recorded kind and version."""
    if words.startswith("context:"):
        name = words.removeprefix("context:")
        if not name:  # to a kubeconfig that is its current one: nobody may be written to by a variable left empty
            raise UsageError("--on context: names no context: --on context:NAME")
        return TargetWish(context=name)
    if words.startswith(("http://", "https://")):
        return TargetWish(url=words)
    match = re.fullmatch(r"fresh(?::(emulated|kube-apiserver(?:@(v?[0-9]+\.[0-9]+\.[0-9]+))?))?", words)
    if match is None:
        named = repr(words) if "://" not in words else "of this scheme"  # a URL may hold a password
        raise UsageError(
            f"--on {named} is no target: fresh, fresh:emulated, fresh:kube-apiserver[@VERSION], context:NAME or a URL"
        )
    if match[1] is None:
        kind, version = _recorded_kind(recorded)
    else:
        kind, version = match[1].partition("@")[0], match[2]
    if version is not None and not version.startswith("v"):
        version = f"v{version}"
    if kind == "emulated":
        version = None  # there is one emulated server: this kproxy's
    return TargetWish(
        lab=LabSettings(server=KINDS[kind], assets=assets, version=version, allow_old_etcd=allow_old_etcd)
    )


def _recorded_kind(recorded: Server) -> tuple[str, str | None]:
    if recorded.kind in KINDS:
        return recorded.kind, recorded.version or None
    if recorded.version:
        return "kube-apiserver", recorded.version.partition("+")[0].partition("-")[0]
    raise ReplayError(
        "the recording does not say which server it was made on, so `--on fresh` cannot start one like it: "
        "say --on fresh:kube-apiserver or --on fresh:emulated"
    )


@contextmanager
def reached(
    wish: TargetWish,
    etcd: EtcdSettings | None,
    env: Mapping[str, str],
    stores: Stores = ONE_STORE,
    seed: Sequence[StoredKey] = (),
) -> Iterator[Target]:
    """The target, for as long as the block lasts. LabError or ConfigError if it is not to be had.

    `etcd`: the target's, where it is not a lab: a lab brings its own, and what is restored is written there.
    `seed`: what a fresh server's etcd is to hold before it is started.
    """
    if wish.lab is not None:
        if etcd is not None:
            raise UsageError("--etcd is for a target that is there already: a fresh server has an etcd of its own")
        if stores.prefix != PREFIX:
            raise UsageError(
                f"--etcd-prefix is for a target that is there already: a fresh server keeps its keys under {PREFIX}"
            )
        with start_lab(wish.lab, env, seed) as lab:
            upstream = load_kubeconfig(lab.kubeconfig, {}).upstream(None)
            viewer = load_kubeconfig(lab.user_kubeconfig, {}).upstream(None)
            yield Target(upstream=upstream, etcd=lab_etcd(lab.info), lab=lab.info, viewer=viewer, seeded=bool(seed))
        return
    if wish.url is not None:
        yield Target(upstream=upstream_from_url(wish.url), etcd=etcd, stores=stores)
        return
    upstream = load_kubeconfig(None, env).upstream(wish.context)
    if upstream.proxy is not None:
        raise UsageError(
            f"a replay cannot go through the proxy {upstream.proxy.shown} of that context; use one without proxy-url"
        )
    yield Target(upstream=upstream, etcd=etcd, stores=stores)
