"""kproxy.replay.ownchanges."""

from dataclasses import replace

from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import EMPTY_BODY, Answer, Exchange, Nanos, Request, Seq
from kproxy.replay.ownchanges import OwnChanges, Settle
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
