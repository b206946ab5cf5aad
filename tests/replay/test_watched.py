"""kproxy.replay.watched: a recorded watch's events."""

from dataclasses import replace

from kproxy.model.exchange import LOG_LINE, Frame, Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.replay.watched import counts, is_heartbeat, metadata_in, name_of, revision_of, teaches, watch_events
from kproxy.wire.watchevents import WatchEvent
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording

ADDED = b'{"type":"ADDED","object":{"kind":"Pod"}}'


def test_events_come_in_their_order_and_what_is_none_or_cannot_be_read_is_left_out() -> None:
    recording = MemoryRecording()
    contents = (ADDED, b"{", b"", ADDED.replace(b"ADDED", b"DELETED"))
    for index, data in enumerate(contents):
        recording.frame_list.append(Frame(seq=Seq(1), index=index, at=Nanos(index), body=recording.keep(data)))
    recording.frame_list.append(Frame(seq=Seq(1), index=9, at=Nanos(9), kind=LOG_LINE, body=recording.keep(ADDED)))
    watch = an_exchange(1)
    assert watch.answer is not None
    watch = replace(watch, answer=replace(watch.answer, headers=(("Content-Type", "application/json"),)))
    assert [(frame.index, event.type) for frame, event in watch_events(recording, watch)] == [
        (0, "ADDED"),
        (3, "DELETED"),
    ]
    assert not list(watch_events(recording, replace(watch, answer=None)))


IDENTITY: JSONObject = {
    "name": "apiserver-x5ufxlbhkqdmqgrxfdcfvn4n3m",
    "namespace": "kube-system",
    "labels": {"apiserver.kubernetes.io/identity": "kube-apiserver"},
}


def event(kind: str, **metadata: JSON) -> WatchEvent:
    """An event of an object."""
    return WatchEvent(type=kind, object={"metadata": {**metadata}})


def test_all_but_bookmarks_teach_and_of_those_the_one_that_ends_the_initial_events() -> None:
    assert teaches(event("ADDED"))
    assert not teaches(event("BOOKMARK"))
    assert not teaches(event("BOOKMARK", annotations={"a": "b"}))
    assert not teaches(event("BOOKMARK", annotations="k8s.io/initial-events-end"))
    assert teaches(event("BOOKMARK", annotations={"k8s.io/initial-events-end": "true"}))
    assert not teaches(WatchEvent(type="BOOKMARK", object={"metadata": "none"}))


def test_an_api_servers_own_renewals_come_with_time_and_its_end_by_what_somebody_did() -> None:
    renewed, ended = event("MODIFIED", **IDENTITY), event("DELETED", **IDENTITY)
    assert (is_heartbeat(renewed), is_heartbeat(ended)) == (True, False)
    assert (counts(renewed), counts(ended), counts(event("ADDED")), counts(event("BOOKMARK"))) == (
        False,
        True,
        True,
        False,
    )
    assert not is_heartbeat(event("MODIFIED", name="scheduler", namespace="kube-system"))


def test_an_event_is_named_by_its_object_and_a_tables_by_its_first_row() -> None:
    table: JSONObject = {"rows": [{"object": {"metadata": {"name": "a", "namespace": "n", "resourceVersion": "7"}}}]}
    shown = WatchEvent(type="ADDED", object=table)
    assert (name_of(shown), revision_of(shown)) == ("n/a", 7)
    assert (name_of(event("ADDED", name="b")), revision_of(event("ADDED"))) == ("/b", 0)
    assert name_of(event("ADDED", namespace="n")) == "n/"
    for revision in ("-1", "9" * 21, "٣", 7, ""):
        assert revision_of(event("ADDED", resourceVersion=revision)) == 0
    assert revision_of(event("ADDED", resourceVersion="9" * 20)) == int("9" * 20)
    values: list[JSON] = [[1], {"rows": []}, {"rows": ["none"]}, {"rows": [{}]}, {"metadata": "none"}, None]
    for value in values:
        assert metadata_in(value) == {}
