"""kproxy.diff.repaired: what a server says of an address that it missed, and that was there."""

from dataclasses import dataclass, field

import pytest

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import FakeServer, verdict_of

ADDRESS = "10.96.0.9"
OLD, NEW = "/api/v1/namespaces/default/events", "/apis/events.k8s.io/v1/namespaces/default/events"
HIDDEN = [("address-repair-events", 1)]


@dataclass
class Scene:
    """Two servers with a Service, the second of which tells of its address."""

    first: FakeServer = field(default_factory=lambda: FakeServer("a", 100, 7))
    second: FakeServer = field(default_factory=lambda: FakeServer("b", 5000, 15))

    def __post_init__(self) -> None:
        for server in (self.first, self.second):
            server.put(1, f"/registry/ipaddresses/{ADDRESS}", {"kind": "IPAddress", "metadata": {"name": ADDRESS}})
            service: JSONObject = {"kind": "Service", "metadata": {"name": "a", "namespace": "default"}}
            server.put(2, "/registry/services/specs/default/a", service)

    def said(self, *, new: bool = False, of: str = ADDRESS, revision: int = 2) -> JSONObject:
        """The Event, in one of its two versions."""
        about: JSONObject = {"kind": "Service", "name": "a", "resourceVersion": str(self.second.base + revision)}
        note = f"Cluster IP [IPv4]: {of} is not allocated; repairing"
        words: JSONObject = (
            {"apiVersion": "events.k8s.io/v1", "regarding": about, "note": note}
            if new
            else {"apiVersion": "v1", "involvedObject": about, "message": note}
        )
        metadata = self.second.pod(4, "a.1")["metadata"]
        reporter = "reportingController" if new else "reportingComponent"
        return {
            **words,
            "kind": "Event",
            "metadata": metadata,
            "reason": "ClusterIPNotAllocated",
            "action": "ClusterIPAllocation",
            reporter: "ipallocator-repair-controller",
        }

    def listed(self, path: str, *more: JSON, method: str = "GET") -> None:
        """Both list their events, or delete them: the second one these, too."""
        for server, shown in ((self.first, ()), (self.second, more)):
            server.exchange(method, path, 200, server.listed(5, *shown) | {"kind": "EventList"})

    def watched(self, *events: JSONObject) -> None:
        """Both watch their events: the second one gets these."""
        for server, shown in ((self.first, ()), (self.second, events)):
            server.watch(f"{OLD}?watch=true&resourceVersion={server.base + 2}", *shown)

    def table(self, *, stored: bool) -> None:
        """Both list their events as kubectl shows them: the second one has a row, whose cells are nothing to go by."""
        row: JSONObject = {"cells": ["x"], "object": {"kind": "PartialObjectMetadata", "metadata": self.metadata()}}
        for server, rows in ((self.first, []), (self.second, [row])):
            value: JSONObject = {"kind": "Table", "columnDefinitions": [{"name": "Reason"}], "rows": [*rows]}
            server.exchange("GET", OLD, 200, value | {"metadata": {"resourceVersion": str(server.base + 5)}})
        if stored:
            self.second.put(4, "/registry/events/default/a.1", self.said())

    def metadata(self) -> JSON:
        """The Event's own."""
        return self.said()["metadata"]

    def verdict(self, *, turned: bool = False) -> Verdict:
        """Of the two; `turned`: the second one was recorded."""
        return verdict_of(self.second, self.first) if turned else verdict_of(self.first, self.second)


def noise(verdict: Verdict) -> list[tuple[str, int]]:
    return [(each.rule, each.count) for each in verdict.noise]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("new", [False, True])
def test_either_server_may_say_so_in_either_version(*, new: bool, turned: bool) -> None:
    scene = Scene()
    scene.listed(NEW if new else OLD, scene.said(new=new))
    verdict = scene.verdict(turned=turned)
    assert (verdict.differences, noise(verdict)) == ((), HIDDEN)


@pytest.mark.parametrize(("path", "outcome"), [(OLD, Outcome.EQUIVALENT), (f"{OLD}/a.1", Outcome.DIFFERENT)])
def test_a_collections_deletion_may_list_it_and_nothing_else_may(path: str, outcome: Outcome) -> None:
    scene = Scene()
    scene.listed(path, scene.said(), method="DELETE")
    assert scene.verdict().outcome is outcome


def test_an_address_from_before_the_session_is_none_that_etcd_tells_of() -> None:
    scene = Scene()
    scene.listed(OLD, scene.said(of="10.96.0.1"))
    assert noise(scene.verdict()) == HIDDEN


@pytest.mark.parametrize(("stored", "outcome"), [(True, Outcome.EQUIVALENT), (False, Outcome.DIFFERENT)])
def test_of_a_row_of_a_table_etcd_has_what_it_says(*, stored: bool, outcome: Outcome) -> None:
    scene = Scene()
    scene.table(stored=stored)
    assert scene.verdict().outcome is outcome


@pytest.mark.parametrize(("kind", "outcome"), [("ADDED", Outcome.EQUIVALENT), ("DELETED", Outcome.DIFFERENT)])
def test_a_watch_may_show_it_when_it_is_new(kind: str, outcome: Outcome) -> None:
    scene = Scene()
    scene.watched({"type": kind, "object": scene.said()})
    verdict = scene.verdict()
    assert (verdict.outcome, noise(verdict)) == (outcome, HIDDEN if outcome is Outcome.EQUIVALENT else [])


def test_an_address_that_was_not_there_with_its_service_was_missed_rightly() -> None:
    scene = Scene()
    scene.listed(OLD, scene.said(revision=0))
    assert scene.verdict().outcome is Outcome.DIFFERENT


def test_a_field_of_it_that_differs_is_a_difference() -> None:
    scene = Scene()
    for server, count in ((scene.first, 1), (scene.second, 2)):
        about: JSONObject = {"kind": "Service", "name": "a", "resourceVersion": str(server.base + 2)}
        said = scene.said() | {"metadata": server.pod(4, "a.1")["metadata"], "involvedObject": about, "count": count}
        server.exchange("GET", OLD, 200, server.listed(5, said) | {"kind": "EventList"})
    assert [each.path for each in scene.verdict().differences] == ["$.items[0].count"]
