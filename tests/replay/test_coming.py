"""kproxy.replay.coming."""

import asyncio
from dataclasses import dataclass, field

import pytest

from kproxy.errors import EtcdError
from kproxy.model.etcd import EtcdKey
from kproxy.replay.coming import Coming, Owed, Shown
from kproxy.replay.settle import Stored
from kproxy.wire.requestinfo import request_info

GONE = Stored(0, 0)
PODS = "/api/v1/pods?watch=true"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?watch=true"


@dataclass
class FakeEtcd:
    """Has all keys in one state."""

    stored: Stored = GONE
    asked: list[EtcdKey] = field(default_factory=list)
    fails: bool = False

    async def __call__(self, key: EtcdKey) -> Stored:
        self.asked.append(key)
        if self.fails:
            raise EtcdError("gone")
        return self.stored


def may_come(etcd: FakeEtcd, *owed: Owed, whole: bool = True, target: str = PODS) -> bool:
    return asyncio.run(Coming(request_info("GET", target), "/registry", etcd).may(owed, whole=whole))


@pytest.mark.parametrize(
    ("stored", "shown", "whole", "said"),
    [
        (GONE, None, True, False),  # it was gone when the watch began
        (GONE, None, False, True),  # who knows whether it was
        (GONE, Shown(gone=True, revision=9), False, False),
        (GONE, Shown(gone=False, revision=9), True, True),  # its end is on its way
        (Stored(2, 9), Shown(gone=False, revision=9), False, False),
        (Stored(2, 9), Shown(gone=False, revision=8), True, True),
        (Stored(1, 9), Shown(gone=True, revision=8), True, True),  # made anew
        (Stored(1, 9), None, True, True),
    ],
)
def test_nothing_more_comes_of_an_object_of_which_all_was_told(
    stored: Stored, shown: Shown | None, *, whole: bool, said: bool
) -> None:
    etcd = FakeEtcd(stored)
    assert may_come(etcd, Owed("team", "p", shown), whole=whole) is said
    assert etcd.asked == [EtcdKey(b"/registry/pods/team/p")]


def test_one_of_which_something_may_come_is_enough() -> None:
    gone = Owed("team", "p", Shown(gone=True, revision=9))
    assert not may_come(FakeEtcd(), gone, gone)
    assert may_come(FakeEtcd(), gone, Owed("team", "q", Shown(gone=False, revision=9)))


def test_nothing_is_owed_any_more() -> None:
    assert not may_come(FakeEtcd())


def test_what_etcd_does_not_say_may_come() -> None:
    gone = Owed("team", "p", Shown(gone=True, revision=9))
    assert may_come(FakeEtcd(fails=True), gone)
    assert may_come(FakeEtcd(), Owed("", "", None)), "a bookmark"
    assert may_come(FakeEtcd(), gone, target="/apis/metrics.k8s.io/v1/pods?watch=true") is False
    assert may_come(FakeEtcd(), *[gone] * 65), "more than one asks about"


def test_a_definition_that_is_there_goes_on_being_written_by_the_server() -> None:
    shown = Shown(gone=False, revision=9)
    assert may_come(FakeEtcd(Stored(2, 9)), Owed("", "widgets.example.com", shown), target=CRDS)
    assert not may_come(FakeEtcd(), Owed("", "widgets.example.com", None), target=CRDS)
