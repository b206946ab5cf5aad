"""How entries of the catalogue are written."""

from collections.abc import Callable

from kproxy.lab.emulated.store import Store
from tests.mutants.lies import Lie
from tests.mutants.mutant import Golden, Mutant, Place, Way


def by_server(  # noqa: PLR0913 - an entry has as many parts
    name: str, area: str, does: str, first: Place, lie: Callable[[], Lie], *, golden: Golden = "dense"
) -> Mutant:
    """By a mutating server in front of the emulated one."""
    return Mutant(name=name, area=area, does=does, way=Way.SERVER, first=first, lie=lie, golden=golden)


def by_real_server(  # noqa: PLR0913 - the same
    name: str, area: str, does: str, first: Place, lie: Callable[[], Lie], *, golden: Golden = "dense"
) -> Mutant:
    """By a mutating server in front of kube-apiserver."""
    return Mutant(
        name=name,
        area=area,
        does=does,
        way=Way.SERVER,
        first=first,
        lie=lie,
        golden=golden,
        server="kube-apiserver",
    )


def by_store(name: str, does: str, first: Place, store: Callable[[Store], Store]) -> Mutant:
    """By the emulated server over a store that does not do what it is told."""
    return Mutant(name=name, area="storage", does=does, way=Way.STORAGE, first=first, store=store)


def by_etcd(name: str, does: str, first: Place, lie: Callable[[], Lie]) -> Mutant:
    """By an edit of etcd, at a moment that a lie tells."""
    return Mutant(name=name, area="storage", does=does, way=Way.ETCD, first=first, lie=lie)


def by_flags(name: str, area: str, does: str, first: Place | None, **flags: str) -> Mutant:
    """By flags of kube-apiserver's own."""
    given = tuple((flag.replace("_", "-"), value) for flag, value in flags.items())
    return Mutant(name=name, area=area, does=does, way=Way.FLAGS, first=first, flags=given, server="kube-apiserver")
