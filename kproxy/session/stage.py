"""The server that a session is replayed on, as far as its recording says what it must be: for replay, bisect and learn.

What is started beside whom, and what it holds, is decided here alone: else one command would judge on another server.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from kproxy.etcd.settings import EtcdSettings
from kproxy.model.recording import Recording
from kproxy.replay.accounts import has_accounts, nodes_of
from kproxy.replay.webhooks import Webhooks
from kproxy.session.etcds import ONE_STORE, Stores
from kproxy.session.restore import RestoreChoice, Restoring, restoring
from kproxy.session.target import Target, TargetWish, reached


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWish:
    """What a person may say of it beside `--on`. `controllers`: they run beside a fresh kube-apiserver."""

    restore: RestoreChoice = RestoreChoice.AUTO
    webhooks: Webhooks = Webhooks.DROP
    controllers: bool = False
    etcd: EtcdSettings | None = None
    stores: Stores = ONE_STORE


PLAIN = StageWish()


@contextmanager
def staged(
    recording: Recording,
    wish: TargetWish,
    env: Mapping[str, str],
    said: StageWish = PLAIN,
    begins: Recording | None = None,
) -> Iterator[tuple[Target, Restoring]]:
    """The target and what is restored there, for as long as the block lasts. UsageError, LabError, ConfigError.

    `begins`: the part of it whose start state is restored (None: it is its own). A fresh server has ServiceAccounts if
    the recorded one had, and its etcd holds the start state before it starts.
    """
    wish = wish.with_accounts(has_accounts(recording))
    if said.controllers:
        wish = wish.with_controllers(nodes_of(recording))
    with (
        restoring(begins or recording, wish.lab, said.restore, said.webhooks) as start,
        reached(wish, said.etcd, env, said.stores, start.seed.keys) as target,
    ):
        yield target, start
