"""Dataclasses as JSON."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from kproxy.etcd.settings import EtcdSettings
from kproxy.model.exchange import Exchange, Frame, Nanos, Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.session import Session
from kproxy.store.structure import StructureError, from_json, to_json
from tests.support.made import recordings, sessions
from tests.support.memory import MemoryRecording


@given(sessions)
def test_a_session_comes_back(session: Session) -> None:
    assert from_json(Session, to_json(session)) == session


@settings(max_examples=30, deadline=None)
@given(recordings())
def test_exchanges_come_back(recording: MemoryRecording) -> None:
    for exchange in recording.exchanges():
        assert from_json(Exchange, to_json(exchange)) == exchange


def test_paths_come_back() -> None:
    chosen = EtcdSettings(endpoints=("http://127.0.0.1:1",), cacert=Path("ca.pem"))
    assert from_json(EtcdSettings, to_json(chosen)) == chosen


def test_what_has_its_default_is_left_out() -> None:
    assert to_json(Frame(seq=Seq(1), index=0, at=Nanos(2))) == {"seq": 1, "index": 0, "at": 2}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "no object"),
        ({}, "has no 'id'"),
        ({"id": 1}, "id: 1 is no str"),
        ({"id": "x", "etcd_start": True}, "etcd_start: True is no int"),
        ({"id": "x", "etcd_start": 1 << 64}, "64 bits"),
        ({"id": "x", "end": "never"}, "end: 'never' is no SessionEnd"),
        ({"id": "x", "command": "ls"}, "command: 'ls' is no list"),
        ({"id": "x", "server": {"url": None}}, "server: url: None is no str"),
        ({"id": "\ud800"}, "no Unicode"),
        ({"id": "x", "more": 1}, "'more' is no field"),
    ],
)
def test_what_is_no_session_says_where_and_why(value: JSON, says: str) -> None:
    with pytest.raises(StructureError, match=says):
        from_json(Session, value)
