"""kproxy.replay.ownchanges."""

import json
from dataclasses import replace

import pytest

from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import EMPTY_BODY, Answer, Exchange, Frame, Nanos, Request, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.replay.ownchanges import OwnChanges, Settle
from kproxy.wire.requestinfo import request_info
from tests.support.memory import HEADER, MemoryRecording

DEFINITION = EtcdKey(b"/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.org")
SERVICE = EtcdKey(b"/registry/apiregistration.k8s.io/apiservices/v1.example.org")
MAP = EtcdKey(b"/registry/configmaps/default/x")


NONE = MemoryRecording()
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


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
    widgets = f"{DEFINITIONS}/widgets.example.org"
    assert found.until(Nanos(5)) == [Settle(key=DEFINITION, version=1, at=Nanos(1))]
    assert found.found(NONE, asked(widgets, 200, 5)) == []
    assert found.found(NONE, asked(widgets.replace("widgets.", "others."), 404, 5)) == []
    assert found.found(NONE, asked(widgets, 404, 5)) == [Settle(key=DEFINITION, version=0, at=Nanos(5))]


def test_what_a_request_found_gone_is_awaited_although_it_was_made_anew_soon_after() -> None:
    widgets = f"{DEFINITIONS}/widgets.example.org"
    found = own(change(1, version=1), change(6, version=2), change(7), change(8, version=1))
    found.until(Nanos(5))
    assert found.found(NONE, asked(widgets, 404, 5)) == [Settle(key=DEFINITION, version=0, at=Nanos(5))]
    found = own(change(6, version=1), change(7))
    assert found.found(NONE, asked(widgets, 404, 5)) == [], "it was not there yet"


def shown(target: str, revision: int) -> tuple[MemoryRecording, Exchange]:
    """What a list was answered, or a watch began with, at the time 5 and as of a revision; and its recording."""
    metadata: JSONObject = {"resourceVersion": str(revision)}
    recording, exchange = MemoryRecording(), asked(target, 200, 5)
    assert exchange.answer is not None
    listed = recording.keep(json.dumps({"kind": "List", "metadata": metadata, "items": []}).encode())
    metadata = metadata | {"annotations": {"k8s.io/initial-events-end": "true"}}
    mark = recording.keep(json.dumps({"type": "BOOKMARK", "object": {"metadata": metadata}}).encode())
    recording.frame_list.append(Frame(seq=exchange.seq, index=0, at=Nanos(5), body=mark))
    headers = (("Content-Type", "application/json"),)
    return recording, replace(exchange, answer=replace(exchange.answer, headers=headers, body=listed))


_BEGINS = "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"


@pytest.mark.parametrize("asks", ["", _BEGINS])
def test_what_a_list_showed_or_a_watch_began_with_is_awaited_although_etcds_watch_told_it_later(asks: str) -> None:
    other = EtcdKey(DEFINITION.replace(b"widgets", b"gadgets"))
    changes = [change(1, version=1), change(6, other, version=2), change(6, SERVICE, version=1), change(7), change(9)]
    found = own(*changes)
    found.until(Nanos(5))
    gone = Settle(key=DEFINITION, version=0, at=Nanos(5))
    assert found.found(*shown(DEFINITIONS + asks, 105)) == []
    assert found.found(*shown(DEFINITIONS + asks, 106)) == [Settle(key=other, version=2, at=Nanos(5))]
    assert found.found(*shown(DEFINITIONS + asks, 107)) == [Settle(key=other, version=2, at=Nanos(5)), gone]
    one = (asks or "?x=y") + "&fieldSelector=metadata.name%3Dwidgets.example.org"
    assert found.found(*shown(DEFINITIONS + one, 107)) == [gone]
    assert found.found(*shown("/apis/apiregistration.k8s.io/v1/apiservices" + asks, 106)) == [
        Settle(key=SERVICE, version=1, at=Nanos(5))
    ]
    assert found.found(*shown("/api/v1/configmaps" + asks, 107)) == []
    found.until(Nanos(9))
    assert found.found(*shown(DEFINITIONS + asks, 109)) == [], "it is awaited already"
