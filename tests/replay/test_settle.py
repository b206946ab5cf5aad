"""kproxy.replay.settle."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from kproxy.errors import EtcdError
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Nanos
from kproxy.replay.ownchanges import Settle
from kproxy.replay.settle import Settler, Stored

DEFINITION = EtcdKey(b"/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.org")


@dataclass
class FakeEtcd:
    """Says one version after the other, the last one for good."""

    versions: list[int]
    asked: list[EtcdKey] = field(default_factory=list)

    async def version(self, key: EtcdKey) -> Stored:
        self.asked.append(key)
        return Stored(self.versions.pop(0) if len(self.versions) > 1 else self.versions[0], 0)


def waited(etcd: FakeEtcd | None, *awaited: int, patience: float = 60) -> list[bool]:
    """What came of waiting for these versions of the definition, one after the other."""

    async def wait() -> list[bool]:
        settler = Settler(etcd.version if etcd else None, patience)
        return [await settler.wait(Settle(key=DEFINITION, version=each, at=Nanos(0))) for each in awaited]

    return asyncio.run(wait())


def test_a_target_is_asked_until_it_is_as_far_or_farther() -> None:
    etcd = FakeEtcd([0, 1, 2, 4])
    assert waited(etcd, 3) == [True]
    assert len(etcd.asked) == 4


def test_an_end_is_waited_for() -> None:
    etcd = FakeEtcd([4, 4, 0])
    assert waited(etcd, 0) == [True]
    assert len(etcd.asked) == 3


def test_a_target_that_is_ahead_and_has_ended_already_is_not_waited_for() -> None:
    assert waited(FakeEtcd([3, 0]), 3, 5, 0) == [True, True, True]
    assert waited(FakeEtcd([3, 0]), 3, 4, 5, 6, 0) == [True] * 5


def test_what_is_made_anew_behind_an_end_that_nobody_awaited_is_waited_for() -> None:
    etcd = FakeEtcd([3, 0, 0, 0, 0, 1])
    assert waited(etcd, 3, 4, 5, 1) == [True] * 4
    assert len(etcd.asked) == 6


def test_a_target_that_does_not_do_it_is_waited_for_once() -> None:
    etcd = FakeEtcd([0])
    assert waited(etcd, 1, patience=0.1) == [False]
    etcd = FakeEtcd([0])
    assert waited(etcd, 1, 2, 3, patience=0.1)[0] is False
    assert len(etcd.asked) < 50


def test_without_an_etcd_nothing_is_awaited() -> None:
    assert waited(None, 1) == [True]


def test_an_etcd_that_cannot_be_asked_ends_the_waiting() -> None:
    async def refused(_: EtcdKey) -> Stored:
        raise EtcdError("permission denied")

    async def wait(steps: Iterable[int]) -> tuple[bool, bool]:
        settler = Settler(refused, 60)
        for version in steps:
            await settler.wait(Settle(key=DEFINITION, version=version, at=Nanos(0)))
        return settler.gave_up, await settler.wait(Settle(key=DEFINITION, version=1, at=Nanos(0)))

    assert asyncio.run(wait([1]))[0] is True
