"""Which store is which: a restored snapshot may have its predecessor's cluster id, and two etcds of one machine too."""

from collections.abc import Iterable

from kproxy.model.etcd import ClusterId, EtcdStore, Revision


def raw_cluster(name: ClusterId) -> ClusterId:
    """The id as etcd says it."""
    return ClusterId(name.partition("~")[0])


def new_name(cluster: ClusterId, taken: Iterable[ClusterId]) -> ClusterId:
    """A name for a store of this id that is none of those that are taken."""
    names = set(taken)
    candidates = (cluster, *(ClusterId(f"{cluster}~{number}") for number in range(2, len(names) + 3)))
    return next(name for name in candidates if name not in names)


def same_place(one: EtcdStore, other: EtcdStore) -> bool:
    """Whether both were reached in the same way: the one is the other, or has taken its place."""
    return (one.endpoints, one.resources) == (other.endpoints, other.resources)


def taking_over(old: EtcdStore, cluster: ClusterId, revision: Revision, known: Iterable[EtcdStore]) -> EtcdStore:
    """The store that is now where `old` was, followed from `revision` on."""
    name = new_name(cluster, (store.cluster for store in known))
    return EtcdStore(
        cluster=name, endpoints=old.endpoints, version=old.version, resources=old.resources, start=revision
    )
