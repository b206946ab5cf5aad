"""Streams that are compared in part come to what comparing each of their events comes to."""

import json
from dataclasses import replace
from functools import partial

import pytest

from kproxy.diff import atonce, compare
from kproxy.diff.pairing import Pairing
from kproxy.diff.remains import in_short
from kproxy.diff.short import InPart
from kproxy.diff.sides import Comparison, Pair
from kproxy.diff.trees import SeenTime
from kproxy.model.exchange import End, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of

LIVE = f"{PODS}?watch=true&resourceVersion=1"
OTHERS = 10
"""Exchanges before the watch in which nothing differs: else all are compared as a whole."""


def begun(letter: str, base: int, hour: int) -> FakeServer:
    server = FakeServer(letter, base, hour)
    for _ in range(OTHERS):
        server.exchange("GET", "/version", 200, {"major": "1"})
    return server


def pod(server: FakeServer, revision: int, name: str, made: int, **fields: JSON) -> JSONObject:
    """One that was made at a second."""
    value = server.pod(revision, name, **fields)
    metadata = value["metadata"]
    assert isinstance(metadata, dict)
    metadata["creationTimestamp"] = server.time(made)
    return value


def added(value: JSONObject) -> JSONObject:
    return {"type": "ADDED", "object": value}


def compared(monkeypatch: pytest.MonkeyPatch, first: FakeServer, second: FakeServer) -> Verdict:
    """The verdict, which is what comparing each event comes to."""
    found = verdict_of(first, second)
    with monkeypatch.context() as patched:
        patched.setattr(atonce, "may_say_nothing", lambda _pair: False)
        patched.setattr(atonce, "in_part", lambda pair, _told, _events: pair.baseline.seq)
        assert verdict_of(first, second) == found
    return found


def test_the_times_of_a_stream_that_a_fault_spoilt_are_in_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = begun("a", 100, 7), begun("b", 5000, 15)
    for server, times in zip(servers, ((40, 50), (52, 45)), strict=True):
        server.exchange("GET", f"{PODS}/a", 200, pod(server, 1, "a", times[0]))
        server.watch(LIVE, *(added(pod(server, place, name, times[1])) for place, name in enumerate("bcdef", 2)))
    seq = servers[0].made.exchange_list[-1].seq
    servers[0].edit(seq, lambda each: replace(each, fault="cut", end=End.SERVER_GONE))
    found = compared(monkeypatch, *servers)
    assert (found.outcome, found.differences) == (Outcome.INCONCLUSIVE, ())


@pytest.mark.parametrize(("age", "differs"), [("5s", 0), ("5d", 2)])
@pytest.mark.parametrize("lacks", [False, True])
def test_ages_in_a_streams_tables_are_looked_at_by_the_columns_that_came_first(
    monkeypatch: pytest.MonkeyPatch, age: str, differs: int, *, lacks: bool
) -> None:
    servers = begun("a", 100, 7), begun("b", 5000, 15)
    for server, last in zip(servers, ("d", "c" if lacks else "d"), strict=True):
        tables = [table(server, place, name, age) for place, name in enumerate("abcd", 1) if name <= last]
        server.watch(LIVE, *tables)
        server.made.frame_list = [  # as an api-server writes them
            replace(frame, body=server.made.keep(json.dumps(each, separators=(",", ":")).encode()))
            for frame, each in zip(server.made.frame_list, tables, strict=True)
        ]
    found = compared(monkeypatch, *servers)
    kinds = [each.kind for each in found.differences]
    assert kinds == ["renamed"] * (differs + bool(differs and not lacks)) + ["removed"] * lacks


def table(server: FakeServer, revision: int, name: str, age: str) -> JSONObject:
    columns: JSON = [{"name": "Name", "type": "string"}, {"name": "Age", "type": "string"}]
    row: JSON = {"cells": [name, "3s" if name == "a" else age], "object": server.pod(revision, name)}
    head: JSONObject = {"kind": "Table", "apiVersion": "meta.k8s.io/v1"}
    return added({**head, "columnDefinitions": columns if name == "a" else None, "rows": [row]})


def test_times_out_of_order_are_listed_by_their_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = begun("a", 100, 7), begun("b", 5000, 15)
    early = "2026-11-23T06:59:40Z", "2026-11-23T06:59:50Z"  # before the first Date
    for server, which in zip(servers, (0, 1), strict=True):
        own = [pod(server, 1, "a", 50), pod(server, 2, "b", 50, status={"x": which})]
        for each, time in zip(own, early, strict=True):
            metadata = each["metadata"]
            assert isinstance(metadata, dict)
            metadata["creationTimestamp"] = metadata["creationTimestamp"] if which else time
        others = [pod(server, place, name, 30) for place, name in enumerate("cdefghijk", 3)]
        server.watch(LIVE, *map(added, [*own, *others]))
    found = compared(monkeypatch, *servers)
    assert [each.kind for each in found.differences] == ["changed", "reordered", "reordered"]


def test_where_times_are_out_of_order_is_looked_up_once_for_each_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = begun("a", 100, 7), begun("b", 5000, 15)
    for server, sign in zip(servers, (1, -1), strict=True):
        events = [added(pod(server, at, name, 30 + sign * at)) for at, name in enumerate("abcdefghijklmnopqrst", 1)]
        server.watch(LIVE, *(events if sign > 0 else events[:-1]))
    looked: list[Seq] = []
    times_in = compare._times_in

    def counted(of: Comparison, pairing: Pairing, seq: Seq) -> list[SeenTime]:
        looked.append(seq)
        return times_in(of, pairing, seq)

    with monkeypatch.context() as patched:
        patched.setattr(compare, "_times_in", counted)
        assert verdict_of(*servers).outcome is Outcome.DIFFERENT
    assert looked == [OTHERS + 1]
    assert [each.kind for each in compared(monkeypatch, *servers).differences] == ["removed", *["reordered"] * 18]


def test_all_events_are_compared_where_others_stand_beside_each_other_by_now(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = begun("a", 100, 7), begun("b", 5000, 15)
    for server, phase in zip(servers, (1, 2), strict=True):
        server.watch(LIVE, *(added(pod(server, at, name, 40, status={"x": phase})) for at, name in enumerate("ab", 1)))
    for events, paths in (([(0, 0)], [1]), ([(0, 0), (1, 0)], [0, 1])):
        short = partial(_claimed, events=events)
        with monkeypatch.context() as patched:
            patched.setattr(atonce, "in_part", short)
            found = verdict_of(*servers)
        assert [each.path for each in found.differences] == [f"$[{at}].object.status.x" for at in paths]


def _claimed(pair: Pair, _told: object, _all: object, *, events: list[tuple[int, int]]) -> InPart:
    return InPart.of(in_short(pair, (), ()), events)
