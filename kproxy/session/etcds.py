"""Which etcds a session follows, and from which revision on."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.records import EtcdStatus
from kproxy.etcd.settings import EtcdOverride, EtcdSettings
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.etcd import EtcdStore
from kproxy.model.jsontypes import text
from kproxy.model.session import Server
from kproxy.record.settings import Followed
from kproxy.record.stores import new_name
from kproxy.wire.content import ContentError
from kproxy.wire.storage import PREFIX, decode_value, object_keys

_SYSTEM = ObjectRef(group="", resource="namespaces", namespace="", name="kube-system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What there is to know of etcd beside how the main one is reached.

    `overrides`: the etcds of the api-server's --etcd-servers-overrides; `prefix`: its --etcd-prefix; `history`: whether
    changes from before the session are read.
    """

    overrides: tuple[EtcdOverride, ...] = ()
    prefix: str = PREFIX
    history: bool = False


ONE_STORE = Stores()


@dataclass(frozen=True, slots=True)
class _Known:
    """An etcd that answered, and how it was reached."""

    settings: EtcdSettings
    status: EtcdStatus


async def begin_etcds(main: EtcdSettings | None, stores: Stores, server: Server) -> tuple[Server, tuple[Followed, ...]]:
    """The etcds as they are now, the main one first, and what that one knows of the server.

    EtcdError if one of them does not answer. One that is named twice is followed once.
    """
    if main is None:
        return server, ()
    known: list[_Known] = []
    followed: list[Followed] = []
    for wish in (EtcdOverride(resources=(), settings=main), *_by_place(stores.overrides)):
        async with await connect(wish.settings) as etcd:
            this = _Known(wish.settings, await etcd.status())
            if not known:
                server = await _facts(etcd, this.status, server, stores.prefix)
            if any(_same(this, other) for other in known):
                continue
            store = EtcdStore(
                cluster=new_name(this.status.cluster, (each.store.cluster for each in followed)),
                endpoints=wish.settings.endpoints,
                version=this.status.version,
                resources=wish.resources,
                start=await etcd.revision(),
            )
        known.append(this)
        followed.append(Followed(settings=wish.settings, store=store, history=stores.history))
    return server, tuple(followed)


def _by_place(overrides: Iterable[EtcdOverride]) -> list[EtcdOverride]:
    """One for each etcd, with all the resources that it has."""
    found: dict[EtcdSettings, tuple[str, ...]] = {}
    for each in overrides:
        found[each.settings] = found.get(each.settings, ()) + each.resources
    return [EtcdOverride(resources=resources, settings=settings) for settings, resources in found.items()]


def _same(one: _Known, other: _Known) -> bool:
    """Whether both are of one cluster: two that were set up alike, member by member, have the same ids."""
    if one.status.cluster != other.status.cluster:
        return False
    addresses = {(each.host, each.port) for each in one.settings.parsed()}
    return one.status.member != other.status.member or any(
        (each.host, each.port) in addresses for each in other.settings.parsed()
    )


async def _facts(etcd: Etcd, status: EtcdStatus, server: Server, prefix: str) -> Server:
    """Which etcd; and kube-system's uid from its own key, where the api-server did not tell it."""
    server = replace(server, etcd_version=status.version, etcd_cluster=status.cluster)
    if not server.system_uid:
        (key,) = object_keys(_SYSTEM, prefix)
        stored = await etcd.get(key)
        if stored is not None:
            with suppress(ContentError):  # encrypted at rest: the cluster's id still tells it apart
                server = replace(server, system_uid=text(metadata_of(decode_value(stored.value)).get("uid")))
    return server
