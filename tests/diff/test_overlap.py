"""kproxy.diff.overlap: what overlapped in the recording is judged by the history of the replay's own etcd."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from kproxy.diff.overlap import _beside
from kproxy.diff.sides import Side, read_side
from kproxy.model.api import RequestInfo
from kproxy.model.exchange import Body, BodyState, Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome, Verdict
from kproxy.wire.requestinfo import request_info
from tests.diff.sessions import PODS, SECOND, FakeServer, changed_twice, verdict_of
from tests.diff.test_streams import event

DELETED = 7
"""The exchange that deletes the pod: it marks it at one revision, and removes it at the next."""
GONE: JSON = {"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound", "details": {"name": "a"}}
HIDDEN = "overlapping-requests"


def marked(made: FakeServer, revision: int = 5) -> JSONObject:
    """The pod, as its deletion left it for a moment."""
    pod = made.pod(revision, status={"number": 3})
    pod["metadata"] |= {"deletionTimestamp": made.time(7), "deletionGracePeriodSeconds": 0}  # type: ignore[operator] # it is an object
    return pod


def server(letter: str, base: int, hour: int) -> FakeServer:
    """A pod is made, changed twice and deleted at last; another one stays."""
    made = changed_twice(letter, base, hour)
    for _ in range(2):
        made.exchange("GET", "/version", 200, {"major": "1"})
    assert made.exchange("DELETE", f"{PODS}/a", 200, marked(made, 6)) == DELETED
    made.put(5, "/registry/pods/default/a", marked(made), version=4)
    made.delete(6, "/registry/pods/default/a")
    return made


type Answering = Callable[[FakeServer], tuple[int, JSON]]


def listed(made: FakeServer, revision: int, *shown: JSONObject, **metadata: JSON) -> tuple[int, JSON]:
    """The answer to a list, with the other pod."""
    value = made.listed(revision, *shown, made.pod(4, "b"))
    value["metadata"] |= metadata  # type: ignore[operator] # it is an object
    return 200, value


def compared(  # noqa: PLR0913 - a read, and what it stands among
    target: str,
    first: Answering,
    second: Answering,
    *,
    overlap: bool = True,
    strict: bool = False,
    earlier: Answering | None = None,
) -> Verdict:
    """The verdict when a read is answered in these ways; it began before the recorded deletion was over (`overlap`).

    `earlier`: how both servers answered the same before.
    """
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made, answer in zip(servers, (first, second), strict=True):
        made.exchange("GET", target, *answer(made))
        if earlier is not None:
            asked = request_info("GET", target)
            body = made.made.keep(json.dumps(earlier(made)[1]).encode())
            made.edit(Seq(5), lambda each, body=body, info=asked: _answered(each, target, info, body))  # type: ignore[misc] # bound at once
    if overlap:
        servers[0].edit(Seq(DELETED), lambda each: replace(each, ended=Nanos((DELETED + 1) * SECOND + 5)))
    before = Nanos(int((DELETED - 0.5) * SECOND))  # in the replay nothing was over yet that the deletion wrote
    servers[1].edit(Seq(DELETED + 1), lambda each: replace(each, started=before))
    return verdict_of(*servers, strict=strict)


def _answered(exchange: Exchange, target: str, info: RequestInfo, body: Body) -> Exchange:
    """An exchange that asks for something else."""
    assert exchange.answer is not None
    headers = tuple(
        ("Content-Length", str(body.size)) if name == "Content-Length" else (name, value)
        for name, value in exchange.answer.headers
    )
    answer = replace(exchange.answer, body=body, headers=headers)
    return replace(exchange, request=replace(exchange.request, target=target), info=info, answer=answer)


RIGHT: list[Answering] = [
    lambda each: listed(each, 4, each.pod(3, status={"number": 3})),  # before
    lambda each: listed(each, 5, marked(each)),  # amid, as it was recorded
    lambda each: listed(each, 6),  # behind
]
WRONG: list[Answering] = [
    lambda each: listed(each, 3, each.pod(3, status={"number": 3})),  # from before what was over
    lambda each: listed(each, 4, each.pod(2, status={"number": 2})),  # an old version
    lambda each: listed(each, 4, each.pod(3, status={"number": 4})),  # what never was
    lambda each: listed(each, 4),  # one is missing
    lambda each: listed(each, 6, each.pod(3, status={"number": 3})),  # one that is gone
    lambda each: (200, each.listed(6)),  # the other one is missing, too
    lambda each: listed(each, 6, selfLink="/x"),  # what has nothing to do with it
    lambda _: (500, {"kind": "Status", "status": "Failure", "code": 500}),
    lambda _: (200, "what is no list"),
]


@pytest.mark.parametrize("answer", RIGHT)
def test_a_list_amid_a_deletion_may_show_another_moment(answer: Answering) -> None:
    verdict = compared(PODS, lambda each: listed(each, 5, marked(each)), answer)
    assert verdict.differences == ()
    assert verdict.outcome in {Outcome.IDENTICAL, Outcome.EQUIVALENT}
    assert {each.rule for each in verdict.noise} <= {HIDDEN}


@pytest.mark.parametrize("answer", WRONG)
def test_a_moment_that_etcd_never_had_is_found(answer: Answering) -> None:
    assert compared(PODS, lambda each: listed(each, 5, marked(each)), answer).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize("answer", [RIGHT[0], RIGHT[2]])
def test_what_did_not_overlap_must_be_the_recorded_moment_and_strict_hides_nothing(answer: Answering) -> None:
    amid: Answering = lambda each: listed(each, 5, marked(each))  # noqa: E731 - as the others
    assert compared(PODS, amid, answer, overlap=False).outcome is Outcome.DIFFERENT
    assert compared(PODS, amid, answer, strict=True).outcome is Outcome.DIFFERENT


def table(made: FakeServer, revision: int, *rows: tuple[JSONObject, str]) -> tuple[int, JSON]:
    """A Table of pods, each with a cell."""
    columns: JSON = [{"name": "Name"}, {"name": "Status"}]
    shown: JSON = [
        {
            "cells": ["a", cell],
            "object": {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": pod["metadata"],
            },
        }
        for pod, cell in rows
    ]
    metadata: JSON = {"resourceVersion": str(made.base + revision)}
    return 200, {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": shown,
    }


def test_a_tables_cells_are_compared_where_its_object_is_the_recorded_one() -> None:
    def amid(made: FakeServer) -> tuple[int, JSON]:
        return table(made, 5, (marked(made), "Terminating"), (made.pod(4, "b"), "Running"))

    def before(made: FakeServer, other: str = "Running") -> tuple[int, JSON]:
        return table(made, 4, (made.pod(3), "Completed"), (made.pod(4, "b"), other))

    target = f"{PODS}?limit=500"
    assert compared(target, amid, lambda each: before(each, "Failed")).outcome is Outcome.DIFFERENT
    unknown = compared(target, amid, before)
    assert (unknown.outcome, unknown.noise) == (Outcome.INCONCLUSIVE, ())
    for cell, outcome in (("Completed", Outcome.EQUIVALENT), ("Running", Outcome.INCONCLUSIVE)):

        def shown(made: FakeServer, cell: str = cell) -> tuple[int, JSON]:
            return table(made, 4, (made.pod(3), cell), (made.pod(4, "b"), "Running"))

        assert compared(target, amid, before, earlier=shown).outcome is outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda each: (200, each.pod(3, status={"number": 3})), Outcome.EQUIVALENT),
        (lambda _: (404, GONE), Outcome.EQUIVALENT),
        (lambda each: (200, each.pod(2, status={"number": 2})), Outcome.DIFFERENT),
        (lambda _: (404, {"kind": "Status", "code": 404, "reason": "Expired"}), Outcome.DIFFERENT),
    ],
)
def test_a_get_amid_a_deletion_is_judged_alike(answer: Answering, outcome: Outcome) -> None:
    assert compared(f"{PODS}/a", lambda each: (200, marked(each)), answer).outcome is outcome


@pytest.mark.parametrize(
    ("revision", "fields", "outcome"),
    [
        (5, {"spec": {}}, Outcome.DIFFERENT),  # what was recorded, emptied
        (3, {}, Outcome.INCONCLUSIVE),
        (2, {}, Outcome.DIFFERENT),  # too early
    ],
)
def test_of_a_get_in_another_version_amid_a_deletion_the_recorded_state_is_known(
    revision: int, fields: JSONObject, outcome: Outcome
) -> None:
    def shown(made: FakeServer, at: int, **fields: JSON) -> JSONObject:
        pod = marked(made) if at == 5 else made.pod(at, status={"number": at})
        return pod | {"apiVersion": "v0"} | fields

    def answer(made: FakeServer) -> tuple[int, JSON]:
        return 200, shown(made, revision, **fields)

    assert compared(f"{PODS}/a", lambda each: (200, shown(each, 5)), answer).outcome is outcome


def deleted_twice(first: Answering, second: Answering, *, overlap: bool = True) -> Verdict:
    """The verdict where a second deletion is answered in these ways."""
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made, answer in zip(servers, (first, second), strict=True):
        made.exchange("DELETE", f"{PODS}/a", *answer(made))
    if overlap:
        servers[0].edit(Seq(DELETED), lambda each: replace(each, ended=Nanos((DELETED + 1) * SECOND + 5)))
    return verdict_of(*servers)


def without_revision(made: FakeServer) -> tuple[int, JSON]:
    """How a deletion is answered that lost against another one."""
    pod = marked(made)
    metadata = pod["metadata"]
    assert isinstance(metadata, dict)
    return 200, {**pod, "metadata": {key: each for key, each in metadata.items() if key != "resourceVersion"}}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda _: (404, GONE), Outcome.EQUIVALENT),
        (lambda each: (200, marked(each, 6)), Outcome.EQUIVALENT),
        (lambda _: (404, {"kind": "Status", "code": 404, "reason": "Expired"}), Outcome.DIFFERENT),
        (lambda _: (409, {"kind": "Status", "code": 409, "reason": "Conflict"}), Outcome.DIFFERENT),
        (lambda each: (200, {**marked(each, 6), "status": {"number": 4}}), Outcome.DIFFERENT),
        (lambda each: (200, marked(each, 999)), Outcome.DIFFERENT),  # a revision that etcd never had
    ],
)
def test_which_of_two_deletions_at_once_is_carried_out_is_a_race(answer: Answering, outcome: Outcome) -> None:
    verdict = deleted_twice(without_revision, answer)
    assert verdict.outcome is outcome
    assert deleted_twice(without_revision, answer, overlap=False).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda each: (200, marked(each, 6)), Outcome.EQUIVALENT),
        (lambda each: (200, {**marked(each, 6), "spec": {"containers": []}}), Outcome.DIFFERENT),
        (lambda each: (200, marked(each, 999)), Outcome.DIFFERENT),
        (lambda each: (200, status(each, 97)), Outcome.EQUIVALENT),
        (lambda each: (200, status(each, 98)), Outcome.DIFFERENT),  # another one's
        (lambda each: (200, status(each, 97) | {"status": "Failure"}), Outcome.DIFFERENT),
    ],
)
def test_the_deletion_that_is_carried_out_answers_with_what_was_there(answer: Answering, outcome: Outcome) -> None:
    assert deleted_twice(lambda _: (404, GONE), answer).outcome is outcome


@pytest.mark.parametrize(("target", "outcome"), [(PODS, Outcome.EQUIVALENT), ("/api/v1/nodes", Outcome.DIFFERENT)])
def test_a_collections_deletion_at_once_may_have_been_the_one_that_is_carried_out(
    target: str, outcome: Outcome
) -> None:
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made, answer in zip(servers, ((200, status(servers[0], 97)), (404, GONE)), strict=True):
        made.edit(Seq(DELETED), lambda each: replace(each, info=request_info("DELETE", target)))
        made.exchange("DELETE", f"{PODS}/a", *answer)
    servers[0].edit(Seq(DELETED), lambda each: replace(each, ended=Nanos((DELETED + 1) * SECOND + 5)))
    assert verdict_of(*servers).outcome is outcome


@pytest.mark.parametrize(
    ("left_out", "overlap", "outcome"),
    [("a", True, Outcome.EQUIVALENT), ("b", True, Outcome.DIFFERENT), ("a", False, Outcome.DIFFERENT)],
)
def test_a_collections_deletion_may_come_behind_a_deletion_beside_it(
    left_out: str, outcome: Outcome, *, overlap: bool
) -> None:
    """What it lacks is what the other one took away, and nothing else."""
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made in servers:
        pods = [made.pod(3, status={"number": 3}), made.pod(4, "b")]
        shown = [pod for pod in pods if made is servers[0] or pod["metadata"]["name"] != left_out]  # type: ignore[index,call-overload] # it is an object
        made.exchange("DELETE", PODS, 200, made.listed(4 if made is servers[0] else 6, *shown))
    if overlap:
        servers[0].edit(Seq(DELETED), lambda each: replace(each, ended=Nanos((DELETED + 1) * SECOND + 5)))
    assert verdict_of(*servers).outcome is outcome


def status(made: FakeServer, number: int) -> JSONObject:
    """How a deletion is answered that was carried out at once: most kinds show no object then."""
    details: JSON = {"name": "a", "kind": "pods", "uid": made.uid(number)}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def test_of_an_object_that_is_stored_encrypted_nobody_knows_what_its_deletion_shows() -> None:
    servers = server("a", 100, 7), server("b", 5000, 15)
    hidden = Body(state=BodyState.COUNTED, size=9, reason="encrypted at rest")
    for made, answer in zip(servers, ((404, GONE), (200, marked(servers[1], 6))), strict=True):
        made.exchange("DELETE", f"{PODS}/a", *answer)
        for at, change in enumerate(made.made.change_list):
            made.made.change_list[at] = replace(change, value=hidden if change.value else None)
    servers[0].edit(Seq(DELETED), lambda each: replace(each, ended=Nanos((DELETED + 1) * SECOND + 5)))
    verdict = verdict_of(*servers)
    assert (verdict.outcome, verdict.differences) == (Outcome.INCONCLUSIVE, ())


def test_no_race_makes_another_head() -> None:
    servers = server("a", 100, 7), server("b", 5000, 15)
    servers[0].exchange("DELETE", f"{PODS}/a", *without_revision(servers[0]))
    servers[1].exchange("DELETE", f"{PODS}/a", 404, GONE, headers=(("X-Said", "1"),))
    servers[0].edit(Seq(DELETED), lambda each: replace(each, ended=Nanos((DELETED + 1) * SECOND + 5)))
    assert [(each.where, each.path) for each in verdict_of(*servers).differences] == [("header", "x-said")]


@pytest.mark.parametrize("limit", ["abc", "1" * 5000, "-1", "²"])
def test_a_limit_that_is_no_number_limits_nothing(limit: str) -> None:
    target = f"{PODS}?limit={limit}"
    assert compared(target, lambda each: listed(each, 5, marked(each)), RIGHT[2]).outcome is Outcome.EQUIVALENT
    assert compared(target, lambda each: listed(each, 5, marked(each)), WRONG[3]).outcome is Outcome.DIFFERENT


def test_a_number_that_is_missing_ends_no_search_for_what_overlapped() -> None:
    made = server("a", 100, 7)
    side = _amid(made)
    for number in (5, 6):
        made.edit(Seq(number), lambda each: replace(each, seq=Seq(900 + each.seq)))
    assert [each.seq for each in _beside(side, made.made.exchange_list[3])] == [DELETED]


def _amid(made: FakeServer) -> Side:
    made.edit(Seq(4), lambda each: replace(each, ended=Nanos(int((DELETED + 0.5) * SECOND))))
    return read_side(made.made)


@pytest.mark.parametrize(
    ("began", "outcome"), [(6, Outcome.EQUIVALENT), (4, Outcome.DIFFERENT), (None, Outcome.DIFFERENT)]
)
def test_what_was_gone_before_a_watch_began_is_not_shown_in_it(began: int | None, outcome: Outcome) -> None:
    servers = server("a", 100, 7), server("b", 5000, 15)
    target = f"{PODS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"

    def end(made: FakeServer, revision: int) -> JSONObject:
        metadata: JSON = {
            "resourceVersion": str(made.base + revision),
            "annotations": {"k8s.io/initial-events-end": "true"},
        }
        return event("BOOKMARK", {"kind": "Pod", "apiVersion": "v1", "metadata": metadata})

    one, two = servers
    b = [event("ADDED", made.pod(4, "b")) for made in servers]
    one.watch(target, event("ADDED", marked(one)), b[0], end(one, 5), event("DELETED", marked(one, 6)))
    two.watch(target, b[1], *(() if began is None else (end(two, began),)))
    for made in servers:
        made.edit(Seq(DELETED + 1), lambda each: replace(each, started=Nanos(int((DELETED - 0.5) * SECOND))))
    assert verdict_of(*servers).outcome is outcome


def annotated(letter: str, base: int, hour: int, shown: int, asked: str) -> FakeServer:
    """A controller annotates a node, which somebody else reads: as it was before (1) or after that (2)."""
    made = FakeServer(letter, base, hour)

    def node(revision: int) -> JSONObject:
        metadata: JSONObject = {"name": "n", "uid": made.uid(5), "resourceVersion": str(base + revision)}
        fields: JSON = [{"manager": "kwok", "operation": "Update", "time": made.time(1)}]
        if revision > 1:
            metadata["annotations"] = {"node.alpha.kubernetes.io/ttl": "0"}
            fields.append({"manager": "kcm", "operation": "Update", "time": made.time(2)})  # type: ignore[union-attr] # it is a list
        return {"kind": "Node", "apiVersion": "v1", "metadata": {**metadata, "managedFields": fields}}

    for number, method in ((1, "POST"), (2, "PATCH")):
        made.exchange(method, NODES if method == "POST" else f"{NODES}/n", 200, node(number))
        made.put(number, "/registry/minions/n", node(number), version=number)
    made.exchange("GET", f"{NODES}/n{asked}", 200, node(shown))
    if shown == 1:
        made.edit(Seq(3), lambda each: replace(each, started=Nanos(int(1.5 * SECOND))))
    return made


NODES = "/api/v1/nodes"


@pytest.mark.parametrize("asked", ["", "?resourceVersion=0"])
@pytest.mark.parametrize(("recorded", "replayed"), [(1, 2), (2, 1), (1, 1), (2, 2)])
def test_a_read_amid_a_controllers_annotation_may_show_either_state(asked: str, recorded: int, replayed: int) -> None:
    servers = annotated("a", 100, 7, recorded, asked), annotated("b", 5000, 15, replayed, asked)
    servers[0].edit(Seq(2), lambda each: replace(each, ended=Nanos(3 * SECOND + 5)))
    verdict = verdict_of(*servers)
    assert verdict.differences == ()
    amid = not asked and recorded != replayed
    assert (verdict.outcome, [each.rule for each in verdict.noise]) == (
        (Outcome.EQUIVALENT, [HIDDEN]) if amid else (Outcome.IDENTICAL, [])
    )


def test_a_read_after_a_controllers_annotation_shows_it() -> None:
    verdict = verdict_of(annotated("a", 100, 7, 2, ""), annotated("b", 5000, 15, 1, ""))
    assert "$.metadata.annotations" in {each.path for each in verdict.differences}


def test_an_object_that_the_recorded_list_had_no_more_may_still_be_there_as_it_was() -> None:
    def verdict(number: int) -> Verdict:
        before: Answering = lambda each: listed(each, 4, each.pod(3, status={"number": number}))  # noqa: E731 - as the others
        return compared(PODS, lambda each: listed(each, 6), before)

    assert [verdict(number).outcome for number in (3, 2)] == [Outcome.EQUIVALENT, Outcome.DIFFERENT]


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        ("?labelSelector=x%3Dy", Outcome.EQUIVALENT),
        ("?limit=1", Outcome.EQUIVALENT),
        ("?limit=2", Outcome.DIFFERENT),
        ("", Outcome.DIFFERENT),
    ],
)
def test_only_a_list_that_was_to_show_all_must_show_what_etcd_had(query: str, outcome: Outcome) -> None:
    amid: Answering = lambda each: (200, each.listed(5, marked(each)))  # noqa: E731 - as the others
    before: Answering = lambda each: (200, each.listed(4, each.pod(3, status={"number": 3})))  # noqa: E731 - as the others
    assert compared(f"{PODS}{query}", amid, before).outcome is outcome


@pytest.mark.parametrize(("late", "outcome"), [(1, Outcome.EQUIVALENT), (9, Outcome.DIFFERENT)])
def test_what_an_api_server_writes_to_a_definition_while_it_is_read_is_a_race(late: int, outcome: Outcome) -> None:
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for made in servers:
        states: list[JSONObject] = [
            {**made.pod(number, "x.y"), "apiVersion": "apiextensions.k8s.io/v1", "status": {"number": number}}
            for number in (1, 2, 3)
        ]
        for state in states:
            metadata = state["metadata"]
            assert isinstance(metadata, dict)
            del metadata["namespace"]
        made.exchange("POST", definitions, 201, states[0])
        for number, state in enumerate(states, start=1):
            key = "/registry/apiextensions.k8s.io/customresourcedefinitions/x.y"
            made.put(number, key, state, version=number)
        made.exchange("GET", f"{definitions}/x.y", 200, states[1 if made is servers[0] else 2])
    changes = servers[0].made.change_list
    for at, second in enumerate((1, 1, 2 + late)):
        changes[at] = replace(changes[at], at=Nanos(second * SECOND))
    assert verdict_of(*servers).outcome is outcome
