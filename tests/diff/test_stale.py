"""kproxy.diff.stale: reads that may show any moment are judged by the history of the replay's own etcd."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kproxy.model.exchange import Body, BodyState
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, changed_twice, verdict_of

ANY = "resourceVersion=0"


def server(letter: str, base: int, hour: int) -> FakeServer:
    """A pod is made, changed twice and deleted; another one stays."""
    made = changed_twice(letter, base, hour)
    made.exchange("DELETE", f"{PODS}/a", 200, made.pod(5, status={"number": 3}))
    made.delete(5, "/registry/pods/default/a")
    return made


def state(made: FakeServer, number: int) -> tuple[int, JSON]:
    """The answer to a GET of the pod at a version; 0: it was not there."""
    if not number:
        return 404, {"kind": "Status", "status": "Failure", "code": 404}
    return 200, made.pod(number, status={"number": number})


def listed(made: FakeServer, revision: int, number: int, *, other: bool = False) -> tuple[int, JSON]:
    """The answer to a list at a revision, with the pod at a version (0: without it), and the other one."""
    items = [made.pod(number, status={"number": number})] if number else []
    return 200, made.listed(revision, *items, *([made.pod(4, "b")] if other else []))


type Answering = Callable[[FakeServer], tuple[int, JSON]]


def compared(
    target: str, first: Answering, second: Answering, *, bound: int | None = None, etcd: bool = True
) -> Verdict:
    """The verdict when a read is answered in these ways; `bound`: the revision that is asked for, on each server."""
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made, answer in zip(servers, (first, second), strict=True):
        asked = target if bound is None else f"{target}={made.base + bound}&resourceVersionMatch=NotOlderThan"
        made.exchange("GET", asked, *answer(made))
        if not etcd:
            made.made.change_list.clear()
            made.made.session = replace(made.made.session, etcd_start=None)
    return verdict_of(*servers)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_any_moment_of_an_object_is_right(number: int) -> None:
    verdict = compared(f"{PODS}/a?{ANY}", lambda each: state(each, 2), lambda each: state(each, number))
    assert verdict.differences == ()
    assert verdict.outcome is Outcome.IDENTICAL


def test_what_etcd_never_had_is_wrong() -> None:
    verdict = compared(
        f"{PODS}/a?{ANY}", lambda each: state(each, 2), lambda each: (200, each.pod(1, status={"number": 2}))
    )
    assert verdict.outcome is Outcome.DIFFERENT
    verdict = compared(
        f"{PODS}/a?{ANY}", lambda each: state(each, 2), lambda each: (200, each.pod(7, status={"number": 2}))
    )
    assert verdict.outcome is Outcome.DIFFERENT


def test_without_the_permission_the_moment_must_be_the_recorded_one() -> None:
    assert compared(f"{PODS}/a", lambda each: state(each, 2), lambda each: state(each, 3)).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize(
    ("number", "outcome"), [(1, Outcome.DIFFERENT), (2, Outcome.IDENTICAL), (3, Outcome.IDENTICAL)]
)
def test_what_is_older_than_was_asked_for_is_wrong(number: int, outcome: Outcome) -> None:
    verdict = compared(
        f"{PODS}/a?resourceVersion", lambda each: state(each, 2), lambda each: state(each, number), bound=2
    )
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda each: listed(each, 2, 2), Outcome.IDENTICAL),
        (lambda each: listed(each, 4, 3, other=True), Outcome.IDENTICAL),
        (lambda each: listed(each, 5, 0, other=True), Outcome.IDENTICAL),
        (lambda each: listed(each, 2, 1), Outcome.DIFFERENT),  # an old version
        (lambda each: listed(each, 2, 3), Outcome.DIFFERENT),  # one from later
        (lambda each: listed(each, 4, 3), Outcome.DIFFERENT),  # one is missing
        (lambda each: listed(each, 3, 3, other=True), Outcome.DIFFERENT),  # one is not there yet
        (lambda each: listed(each, 5, 3, other=True), Outcome.DIFFERENT),  # one is not there any more
    ],
)
def test_a_list_shows_what_etcd_had_at_its_revision(answer: Answering, outcome: Outcome) -> None:
    assert compared(f"{PODS}?{ANY}", lambda each: listed(each, 1, 1), answer).outcome is outcome


def test_a_list_that_was_limited_and_is_not_cut_is_whole() -> None:
    target = f"{PODS}?{ANY}&limit=500"
    assert (
        compared(target, lambda each: listed(each, 1, 1), lambda each: listed(each, 2, 2)).outcome is Outcome.IDENTICAL
    )
    assert (
        compared(target, lambda each: listed(each, 1, 1), lambda each: listed(each, 2, 0)).outcome is Outcome.DIFFERENT
    )
    more: JSONObject = {"metadata": {"resourceVersion": "5002", "continue": "x"}}
    cut = compared(target, lambda each: listed(each, 1, 1), lambda each: (200, each.listed(2, each.pod(2)) | more))
    assert cut.outcome is not Outcome.IDENTICAL


def test_where_no_history_is_known_another_moment_is_inconclusive_and_the_same_one_identical() -> None:
    verdict = compared(f"{PODS}/a?{ANY}", lambda each: state(each, 2), lambda each: state(each, 3), etcd=False)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons[0].startswith("exchange 6 may show any moment")
    assert ": body $" in verdict.reasons[0], verdict.reasons[0]
    same = compared(f"{PODS}/a?{ANY}", lambda each: state(each, 2), lambda each: state(each, 2), etcd=False)
    assert same.outcome is Outcome.IDENTICAL


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"kind": "Status", "status": "Failure", "code": 500}),
        (403, {"kind": "Status", "status": "Failure", "code": 403}),
        (200, {"kind": "Secret", "apiVersion": "v1"}),
        (200, {"kind": "Pod", "apiVersion": "v2"}),
    ],
)
def test_what_no_moment_shows_is_different_without_a_history_too(answer: tuple[int, JSON]) -> None:
    verdict = compared(f"{PODS}/a?{ANY}", lambda each: state(each, 2), lambda _: answer, etcd=False)
    assert verdict.outcome is Outcome.DIFFERENT


def test_a_table_is_identical_beside_itself() -> None:
    made = server("a", 100, 7)
    row: JSON = {"cells": ["a"], "object": made.pod(3, status={"number": 3})}
    table: JSON = {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": str(made.base + 4)},
        "columnDefinitions": [{"name": "Name", "type": "string"}],
        "rows": [row],
    }
    made.exchange("GET", f"{PODS}?{ANY}", 200, table)
    assert verdict_of(made, made).outcome is Outcome.IDENTICAL


def test_a_refusal_on_both_sides_is_no_list_without_its_objects() -> None:
    refused: JSON = {"kind": "Status", "code": 403, "details": {"uid": "aaaaaaaa-0000-4000-8000-000000000001"}}
    made = server("a", 100, 7)
    made.exchange("GET", f"{PODS}?{ANY}", 403, refused)
    assert verdict_of(made, made).outcome is Outcome.IDENTICAL


def test_no_moment_makes_that_a_resource_is_served() -> None:
    verdict = compared(f"{PODS}?{ANY}", lambda made: state(made, 0), lambda made: listed(made, 5, 0, other=True))
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reasons == ()


WIDGETS = "/apis/example.com/v1beta1/namespaces/default/widgets"


def widget(made: FakeServer, revision: int, size: int, version: str = "v1beta1", **metadata: JSON) -> JSONObject:
    """A custom resource, of a size."""
    pod = made.pod(revision, "w")
    own = pod["metadata"]
    assert isinstance(own, dict)
    return {
        "kind": "Widget",
        "apiVersion": f"example.com/{version}",
        "metadata": own | metadata,
        "spec": {"size": size},
    }


def converted(answer: Callable[[FakeServer], JSON], target: str = f"{WIDGETS}/w?{ANY}", name: str = "") -> Verdict:
    """The verdict where a resource is read in another version than it is stored in; the recorded read shows 2."""
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made in servers:
        for number in (6, 7):
            made.exchange("PUT", f"{WIDGETS}/w", 200, widget(made, number, number))
            made.put(number, "/registry/example.com/widgets/default/w", widget(made, number, number, "v1"))
    recorded = widget(servers[0], 7, 7)
    servers[0].exchange("GET", target, 200, _widgets(servers[0], recorded) if name else recorded)
    servers[1].exchange("GET", target, 200, answer(servers[1]))
    return verdict_of(*servers)


def _widgets(made: FakeServer, *items: JSON, revision: int = 7, **more: JSON) -> JSONObject:
    listed = made.listed(revision, *items)
    return listed | {"kind": "WidgetList", "apiVersion": "example.com/v1beta1"} | more


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda each: widget(each, 7, 7), Outcome.IDENTICAL),
        (lambda each: widget(each, 7, 999), Outcome.DIFFERENT),  # no moment shows one version in two ways
        (lambda each: widget(each, 6, 6), Outcome.INCONCLUSIVE),  # nobody knows how it was converted
        (lambda each: widget(each, 6, 6, labels={"x": "y"}), Outcome.DIFFERENT),
    ],
)
def test_in_another_version_than_the_stored_one_only_metadata_is_known(
    answer: Callable[[FakeServer], JSON], outcome: Outcome
) -> None:
    assert converted(answer).outcome is outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda each: _widgets(each, widget(each, 7, 7), revision=9), Outcome.IDENTICAL),
        (lambda each: _widgets(each, widget(each, 7, 999), revision=9), Outcome.DIFFERENT),
        (lambda each: _widgets(each, widget(each, 7, 7, labels={"x": "y"}), revision=9), Outcome.DIFFERENT),
        (lambda each: _widgets(each, widget(each, 6, 6), revision=6), Outcome.INCONCLUSIVE),
        (lambda each: _widgets(each, widget(each, 6, 6), revision=6, more=1), Outcome.DIFFERENT),
        (lambda each: _widgets(each, revision=6), Outcome.DIFFERENT),
    ],
)
def test_of_a_list_in_another_version_what_is_at_the_recorded_one_is_known(
    answer: Callable[[FakeServer], JSON], outcome: Outcome
) -> None:
    assert converted(answer, f"{WIDGETS}?{ANY}", "list").outcome is outcome


def labelled(made: FakeServer, kind: str, labels: JSON, number: int) -> JSONObject:
    """An object with a template that has labels."""
    template: JSON = {"metadata": {"labels": {"job": "x"}}, "number": number}
    value = made.pod(number, "j") | {"kind": kind, "apiVersion": "batch/v1", "spec": {"template": template}}
    metadata = value["metadata"]
    assert isinstance(metadata, dict)
    return value | {"metadata": metadata | ({"labels": labels} if labels else {})}


@pytest.mark.parametrize(
    ("kind", "labels", "outcome"),
    [
        ("Job", {"job": "x"}, Outcome.IDENTICAL),
        ("Job", {"job": "y"}, Outcome.DIFFERENT),
        ("CronJob", {"job": "x"}, Outcome.DIFFERENT),
    ],
)
def test_only_a_job_without_labels_is_read_with_those_of_its_template(
    kind: str, labels: JSON, outcome: Outcome
) -> None:
    servers = server("a", 100, 7), server("b", 5000, 15)
    jobs = f"/apis/batch/v1/namespaces/default/{kind.lower()}s"
    for made, number in zip(servers, (7, 6), strict=True):
        for each in (6, 7):
            made.exchange("PUT", f"{jobs}/j", 200, labelled(made, kind, {"job": "x"}, each))
            made.put(each, f"/registry/{kind.lower()}s/default/j", labelled(made, kind, None, each))
        shown: JSON = labels if made is servers[1] else {"job": "x"}
        made.exchange("GET", f"{jobs}/j?{ANY}", 200, labelled(made, kind, shown, number))
    assert verdict_of(*servers).outcome is outcome


def test_of_what_is_stored_encrypted_nobody_knows_what_another_moment_shows() -> None:
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made, number in zip(servers, (3, 2), strict=True):
        for at, change in enumerate(made.made.change_list):
            value = Body(state=BodyState.COUNTED, size=9, reason="encrypted at rest") if change.value else None
            made.made.change_list[at] = replace(change, value=value)
        made.exchange("GET", f"{PODS}/a?{ANY}", *state(made, number))
    verdict = verdict_of(*servers)
    assert (verdict.outcome, verdict.differences) == (Outcome.INCONCLUSIVE, ())


def test_events_of_a_group_of_their_own_are_missed_where_they_are_stored() -> None:
    events = "/apis/events.k8s.io/v1/namespaces/default/events"
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for made in servers:
        shown: list[JSONObject] = []
        for number, name in ((1, "e"), (2, "f")):
            each = made.pod(number, name) | {"kind": "Event", "apiVersion": "events.k8s.io/v1"}
            made.exchange("POST", events, 201, each)
            made.put(number, f"/registry/events/default/{name}", each | {"apiVersion": "v1"})
            shown.append(each)
        own: JSONObject = {"kind": "EventList", "apiVersion": "events.k8s.io/v1"}
        made.exchange("GET", f"{events}?{ANY}", 200, made.listed(2, *shown[: 1 + (made is servers[0])]) | own)
    assert verdict_of(*servers).outcome is Outcome.DIFFERENT


def test_no_moment_makes_another_head() -> None:
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made, number in zip(servers, (2, 0), strict=True):
        said = (("Warning", '299 - "deprecated"'),) if number else ()
        made.exchange("GET", f"{PODS}/a?{ANY}", *state(made, number), headers=said)
    assert [(each.where, each.path) for each in verdict_of(*servers).differences] == [("header", "warning")]


def test_of_what_the_session_never_changed_nobody_knows_another_moment() -> None:
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made, number in zip(servers, (8, 7), strict=True):
        for revision in (7, 8):
            made.exchange("GET", f"{PODS}/z", 200, made.pod(revision, "z", status={"number": revision}))
        made.exchange("GET", f"{PODS}/z?{ANY}", 200, made.pod(number, "z", status={"number": number}))
    assert verdict_of(*servers).outcome is Outcome.INCONCLUSIVE


def test_a_list_from_before_the_revision_that_was_asked_for_is_wrong() -> None:
    def verdict(revision: int) -> Verdict:
        shown: Answering = lambda each: listed(each, revision, revision)  # noqa: E731 - as the others
        return compared(f"{PODS}?resourceVersion", lambda each: listed(each, 3, 3), shown, bound=2)

    assert [verdict(revision).outcome for revision in (1, 2)] == [Outcome.DIFFERENT, Outcome.IDENTICAL]


def test_an_object_that_was_there_all_the_time_from_what_was_asked_for_is_not_absent() -> None:
    def verdict(bound: int) -> Verdict:
        there: Answering = lambda each: (200, each.pod(4, "b"))  # noqa: E731 - as the others
        return compared(f"{PODS}/b?resourceVersion", there, lambda each: state(each, 0), bound=bound)

    assert [verdict(bound).outcome for bound in (3, 4)] == [Outcome.IDENTICAL, Outcome.DIFFERENT]


def test_that_a_namespace_is_not_there_is_looked_up_under_its_own_key() -> None:
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    spaces = "/api/v1/namespaces"
    for made in servers:
        metadata: JSONObject = {"name": "n", "uid": made.uid(9), "resourceVersion": str(made.base + 1)}
        space: JSONObject = {"kind": "Namespace", "apiVersion": "v1", "metadata": metadata}
        made.exchange("POST", spaces, 201, space)
        made.put(1, "/registry/namespaces/n", space)
        made.exchange("DELETE", f"{spaces}/n", 200, space)
        made.delete(3, "/registry/namespaces/n")
        made.exchange("GET", f"{spaces}/n?{ANY}", *((200, space) if made is servers[0] else state(made, 0)))
    assert verdict_of(*servers).outcome is Outcome.IDENTICAL


@pytest.mark.parametrize(("number", "outcome"), [(9, Outcome.IDENTICAL), (8, Outcome.DIFFERENT)])
def test_a_state_from_before_the_session_is_what_its_first_change_replaced(number: int, outcome: Outcome) -> None:
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for made in servers:
        made.exchange("PUT", f"{PODS}/a", 200, made.pod(1, status={"number": 1}))
        made.put(0, "/registry/pods/default/a", made.pod(0, status={"number": 9}), version=6)
        before = made.made.change_list.pop().value
        made.put(1, "/registry/pods/default/a", made.pod(1, status={"number": 1}), version=7)
        made.made.change_list[0] = replace(made.made.change_list[0], previous=before)
        shown = made.pod(1, status={"number": 1}) if made is servers[0] else made.pod(0, status={"number": number})
        made.exchange("GET", f"{PODS}/a?{ANY}", 200, shown)
    assert verdict_of(*servers).outcome is outcome
