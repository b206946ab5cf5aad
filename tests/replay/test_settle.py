"""kproxy.replay.settle."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kproxy.errors import EtcdError
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import EMPTY_BODY, Answer, Exchange, Nanos, Request, Seq
from kproxy.replay.settle import OwnChanges, Settle, Settler, Stored
from kproxy.wire.requestinfo import request_info
from tests.support.memory import HEADER, MemoryRecording

DEFINITION = EtcdKey(b"/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.org")
SERVICE = EtcdKey(b"/registry/apiregistration.k8s.io/apiservices/v1.example.org")
MAP = EtcdKey(b"/registry/configmaps/default/x")


def change(at: int, key: EtcdKey = DEFINITION, *, version: int = 0) -> KeyChange:
    """A change that was seen at a time; version 0: the key was deleted. Its revision is a hundred and the time."""
    return KeyChange(
        cluster=ClusterId("c"),
        revision=Revision(100 + at),
        key=key,
        type=ChangeType.PUT if version else ChangeType.DELETE,
        at=Nanos(at),
        version=version,
    )


def own(*changes: KeyChange, start: int = 0) -> OwnChanges:
    """What is awaited of a recording with these changes."""
    session = replace(HEADER, etcd_start=Revision(start))
    return OwnChanges.of(MemoryRecording(session=session, change_list=list(changes)))


def test_what_had_been_seen_by_then_is_awaited_once_and_only_its_last_state() -> None:
    found = own(change(1, version=1), change(2, version=2), change(2, SERVICE, version=1), change(9, version=3))
    first = [Settle(key=DEFINITION, version=2, at=Nanos(2)), Settle(key=SERVICE, version=1, at=Nanos(2))]
    assert found.until(Nanos(5)) == first
    assert found.until(Nanos(6)) == []
    assert found.until(Nanos(9)) == [Settle(key=DEFINITION, version=3, at=Nanos(9))]


def test_an_end_is_awaited_as_an_end() -> None:
    assert own(change(1, version=4), change(2)).until(Nanos(3)) == [Settle(key=DEFINITION, version=0, at=Nanos(2))]


def test_what_requests_write_and_what_was_there_before_is_not_awaited() -> None:
    assert own(change(1, MAP, version=1), change(2, SERVICE, version=1), start=102).until(Nanos(9)) == []


def asked(target: str, status: int, started: int) -> Exchange:
    """A GET that was answered at once."""
    answer = Answer(status=status, reason="", http_version="HTTP/1.1", headers=(), body=EMPTY_BODY)
    request = Request(method="GET", target=target, http_version="HTTP/1.1", headers=(), body=EMPTY_BODY)
    times = (Nanos(started), Nanos(started + 1))
    return Exchange(
        seq=Seq(1),
        connection=1,
        started=times[0],
        answered=times[1],
        ended=times[1],
        request=request,
        info=request_info("GET", target),
        answer=answer,
    )


def test_what_a_request_found_gone_is_awaited_although_etcds_watch_told_its_end_later() -> None:
    found = own(change(1, version=1), change(7))
    widgets = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.org"
    assert found.until(Nanos(5)) == [Settle(key=DEFINITION, version=1, at=Nanos(1))]
    assert found.gone(asked(widgets, 200, 5)) == []
    assert found.gone(asked(widgets.replace("widgets.", "others."), 404, 5)) == []
    assert found.gone(asked(widgets, 404, 5)) == [Settle(key=DEFINITION, version=0, at=Nanos(5))]


def test_what_a_request_found_gone_is_awaited_although_it_was_made_anew_soon_after() -> None:
    widgets = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.org"
    found = own(change(1, version=1), change(6, version=2), change(7), change(8, version=1))
    found.until(Nanos(5))
    assert found.gone(asked(widgets, 404, 5)) == [Settle(key=DEFINITION, version=0, at=Nanos(5))]
    found = own(change(6, version=1), change(7))
    assert found.gone(asked(widgets, 404, 5)) == [], "it was not there yet"


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
