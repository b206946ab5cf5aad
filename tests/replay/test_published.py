"""kproxy.replay.published: what an index must list."""

import json
from dataclasses import replace

from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Answer, Body, BodyState, Exchange, Nanos, Request, Seq
from kproxy.model.jsontypes import JSON
from kproxy.replay.ownchanges import Settle
from kproxy.replay.published import Listed, Published
from kproxy.wire.requestinfo import request_info
from tests.replay.test_sights import exchanged
from tests.support.memory import MemoryRecording

JSON_TYPE = (("Content-Type", "application/json"),)
DEFINITION = EtcdKey(b"/registry/apiextensions.k8s.io/customresourcedefinitions/things.example.org")
OWN = "apis/example.org/v1"


def index(*names: str) -> bytes:
    """What /openapi/v3 answers."""
    document: JSON = {"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}"} for name in names}}
    return json.dumps(document).encode()


def settle(version: int, key: EtcdKey = DEFINITION) -> Settle:
    """A definition comes (a version) or goes (0)."""
    return Settle(key=key, version=version, at=Nanos(0))


def wanted(
    data: bytes, *settled: Settle, path: str = "/openapi/v3", status: int = 200, sent: str = ""
) -> Listed | None:
    """What is awaited when the recorded index was this, after these."""
    recording = MemoryRecording()
    body = recording.keep(data) if data else Body(state=BodyState.EMPTY, size=0)
    published = Published(recording)
    for each in settled:
        published.settled(each)
    return published.awaited(
        Exchange(
            seq=Seq(1),
            connection=1,
            started=Nanos(0),
            info=request_info("GET", path),
            request=Request(
                method="GET",
                target=path,
                http_version="HTTP/1.1",
                headers=(("If-None-Match", sent),) if sent else (),
                body=Body(state=BodyState.EMPTY, size=0),
            ),
            answer=Answer(status=status, reason="", http_version="HTTP/1.1", headers=JSON_TYPE, body=body),
        )
    )


def test_a_definition_that_was_listed_is_awaited() -> None:
    found = wanted(index("api/v1", OWN), settle(1))
    assert found is not None
    assert not found.shown(200, JSON_TYPE, index("api/v1"))
    assert found.shown(200, JSON_TYPE, index(OWN))
    assert found.shown(304, JSON_TYPE, b"")
    assert found.shown(500, JSON_TYPE, b"{}")
    assert found.shown(200, JSON_TYPE, b"no index")


def test_by_its_hash_an_index_that_the_client_has_is_another_one() -> None:
    found = wanted(index("api/v1", OWN), settle(1), sent='"x"')
    assert found is not None
    assert not found.shown(304, JSON_TYPE, b"")


def test_the_end_of_one_that_is_gone_is_awaited_and_not_the_coming_of_one_that_was_not_listed() -> None:
    gone = wanted(index("api/v1"), settle(1), settle(0))
    assert gone is not None
    assert not gone.shown(200, JSON_TYPE, index("api/v1", OWN))
    assert gone.shown(200, JSON_TYPE, index("api/v1"))
    assert wanted(index("api/v1"), settle(1)) is None


def test_what_an_index_still_listed_though_it_was_gone_is_awaited_neither_way() -> None:
    """Regression: the target had published its end already, and was asked for ten seconds whether it shows it again."""
    assert wanted(index("api/v1", OWN), settle(1), settle(0)) is None


def test_nothing_is_awaited_of_what_the_session_did_not_define_and_of_no_index() -> None:
    assert wanted(index("api/v1", OWN)) is None
    service = EtcdKey(b"/registry/apiregistration.k8s.io/apiservices/v1.example.org")
    assert wanted(index("api/v1", OWN), settle(1, service)) is None
    assert wanted(index("api/v1"), settle(1), path="/openapi/v2") is None
    assert wanted(b"", settle(1), status=304) is None
    assert wanted(b"nothing", settle(1)) is None


def groups(*names: str) -> bytes:
    """What /apis answers."""
    return json.dumps({"kind": "APIGroupList", "groups": [{"name": name} for name in names]}).encode()


def test_the_index_of_groups_is_awaited_by_their_names() -> None:
    found = wanted(groups("apps", "example.org"), settle(1), path="/apis")
    assert found is not None
    assert (found.names, found.gone) == (frozenset({"example.org"}), frozenset())
    assert not found.shown(200, JSON_TYPE, groups("apps"))
    assert found.shown(200, JSON_TYPE, groups("example.org"))
    gone = wanted(groups("apps"), settle(1), settle(0), path="/apis")
    assert gone is not None
    assert (gone.names, gone.gone) == (frozenset(), frozenset({"example.org"}))
    assert not gone.shown(200, JSON_TYPE, groups("apps", "example.org"))
    assert gone.shown(200, JSON_TYPE, groups("apps"))


def test_a_group_is_there_as_long_as_one_of_its_definitions_is() -> None:
    other = EtcdKey(DEFINITION.replace(b"things", b"others"))
    assert wanted(index("api/v1"), settle(1), settle(1, other), settle(0)) is None
    gone = wanted(index("api/v1"), settle(1), settle(1, other), settle(0), settle(0, other))
    assert gone is not None
    assert gone.gone == {"example.org"}


def test_an_index_that_was_never_answered_and_what_is_no_index_are_not_awaited() -> None:
    published = Published(MemoryRecording())
    published.settled(settle(1))
    exchange = exchanged("GET", "/openapi/v3")[1]
    assert published.awaited(replace(exchange, answer=None)) is None
    assert wanted(groups("example.org"), settle(1), path="/apis/example.org/v1/things") is None
