"""kproxy.replay.coming."""

import asyncio
from dataclasses import dataclass, field

import pytest

from kproxy.errors import EtcdError
from kproxy.model.etcd import EtcdKey
from kproxy.replay.coming import Chance, Coming, Owed, Shown, goes_on_from
from kproxy.replay.settle import Stored
from kproxy.wire.requestinfo import request_info

GONE = Stored(0, 0)
PODS = "/api/v1/pods?watch=true"
SETS = "/apis/apps/v1/replicasets?watch=true"
QUOTAS = "/api/v1/resourcequotas?watch=true"
THINGS = "/apis/example.com/v1/things?watch=true"
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


def chance(etcd: FakeEtcd, *owed: Owed, whole: bool = True, target: str = PODS, since: int = 0) -> Chance:
    coming = Coming(request_info("GET", target), "/registry", etcd, since=since)
    return asyncio.run(coming.chance(owed, whole=whole))


@pytest.mark.parametrize(
    ("stored", "shown", "whole", "said"),
    [
        (GONE, None, True, Chance.HARDLY),  # it was gone when the watch began
        (GONE, None, False, Chance.OPEN),  # who knows whether it was
        (GONE, Shown(gone=True, revision=9), False, Chance.HARDLY),
        (GONE, Shown(gone=False, revision=9), True, Chance.OPEN),  # its end is on its way
        (Stored(2, 9), Shown(gone=False, revision=9), False, Chance.NONE),
        (Stored(2, 9), Shown(gone=False, revision=8), True, Chance.OPEN),
        (Stored(1, 9), Shown(gone=True, revision=8), True, Chance.OPEN),  # made anew
        (Stored(2, 9), Shown(gone=True, revision=9), True, Chance.NONE),  # it is there, but not selected any more
        (Stored(1, 9), None, True, Chance.OPEN),
    ],
)
def test_nothing_more_comes_of_an_object_of_which_all_was_told(
    stored: Stored, shown: Shown | None, *, whole: bool, said: Chance
) -> None:
    etcd = FakeEtcd(stored)
    assert chance(etcd, Owed("team", "p", shown), whole=whole) is said
    assert etcd.asked == [EtcdKey(b"/registry/pods/team/p")]


def test_what_was_written_before_the_revision_that_a_watch_goes_on_from_is_never_told() -> None:
    """Regression: each of a busy watch's awaits took ten seconds, as more had been written before it than there."""
    owed = Owed("team", "p", None)
    assert chance(FakeEtcd(Stored(2, 9)), owed, since=9) is Chance.NONE
    assert chance(FakeEtcd(Stored(2, 9)), owed, since=8) is Chance.OPEN
    assert chance(FakeEtcd(GONE), owed, since=9, whole=False) is Chance.OPEN


def test_a_pod_whose_name_was_drawn_is_not_made_again() -> None:
    gone = Owed("team", "p", Shown(gone=True, revision=9), drawn=True)
    assert chance(FakeEtcd(GONE), gone) is Chance.NONE
    assert chance(FakeEtcd(GONE), gone._replace(shown=None)) is Chance.HARDLY
    assert chance(FakeEtcd(GONE), gone, target=SETS) is Chance.HARDLY, "named by its template, and made again with that"


@pytest.mark.parametrize("target", [QUOTAS, THINGS])
def test_what_an_api_server_writes_beside_other_requests_may_come_after_all(target: str) -> None:
    """Regression: a quota's events were given up while the pods that they count had not been made yet."""
    owed = Owed("team", "p", Shown(gone=False, revision=9))
    assert chance(FakeEtcd(Stored(2, 9)), owed, target=target) is Chance.HARDLY


@pytest.mark.parametrize(
    ("query", "revision"),
    [
        ("&resourceVersion=7", 7),
        ("&resourceVersion=0", 0),
        ("", 0),
        ("&resourceVersion=7&resourceVersionMatch=NotOlderThan&sendInitialEvents=true", 0),
        ("&resourceVersion=7&sendInitialEvents=", 0),
        ("&resourceVersion=" + "7" * 30, 0),
        ("&resourceVersion=-7", 0),
        ("&resourceVersion=%C2%B2", 0),  # a digit to some
    ],
)
def test_a_watch_goes_on_from_the_revision_that_it_names_unless_it_is_told_all_first(query: str, revision: int) -> None:
    assert goes_on_from(PODS + query) == revision


def test_the_best_chance_counts() -> None:
    gone = Owed("team", "p", Shown(gone=True, revision=9))
    assert chance(FakeEtcd(), gone, gone._replace(drawn=True)) is Chance.HARDLY
    assert chance(FakeEtcd(), gone, Owed("team", "q", Shown(gone=False, revision=9))) is Chance.OPEN


def test_nothing_is_owed_any_more() -> None:
    assert chance(FakeEtcd()) is Chance.NONE


def test_what_etcd_does_not_say_may_come() -> None:
    gone = Owed("team", "p", Shown(gone=True, revision=9))
    assert chance(FakeEtcd(fails=True), gone) is Chance.OPEN
    assert chance(FakeEtcd(), Owed("", "", None)) is Chance.OPEN, "a bookmark"
    assert chance(FakeEtcd(), gone, target="/apis/metrics.k8s.io/v1/pods?watch=true") is Chance.HARDLY
    assert chance(FakeEtcd(), *[gone] * 65) is Chance.OPEN, "more than one asks about"


def test_a_definition_that_is_there_goes_on_being_written_by_the_server() -> None:
    shown = Shown(gone=False, revision=9)
    assert chance(FakeEtcd(Stored(2, 9)), Owed("", "widgets.example.com", shown), target=CRDS) is Chance.OPEN
    assert chance(FakeEtcd(), Owed("", "widgets.example.com", None), target=CRDS) is Chance.HARDLY
