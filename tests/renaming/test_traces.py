"""kproxy.renaming.traces."""

import pytest

from kproxy.diff.findings import Findings
from kproxy.diff.trees import Comparer, Spot
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import Kind, Owner
from kproxy.renaming.learn import Learner
from kproxy.renaming.path import path_text
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.traces import AskedTheRenaming, Trace, Tracer, Traces
from kproxy.renaming.walk import Walker

FIRST, SECOND = "385ac3c3-d112-4b7c-aae9-3af50d03912e", "00000000-d112-4b7c-aae9-3af50d03912e"

OWNERS = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def pod(uid: str, revision: str, name: str = "a") -> JSONObject:
    """A pod."""
    return {"kind": "Pod", "metadata": {"name": name, "uid": uid, "resourceVersion": revision}, "spec": {"x": [1, 2]}}


def trace_of(traces: Traces, baseline: JSON, replayed: JSON, key: str = "k") -> Trace | None:
    """What walking the two comes to."""
    return traces.find(key, 100, lambda tracer: Walker(tracer, tracer.text).walk(baseline, replayed))


def test_a_trace_has_what_differs_and_what_a_server_chose() -> None:
    found = trace_of(Traces(), pod(FIRST, "7"), pod(SECOND, "9"))
    assert found is not None
    assert [(path_text(each.path), each.kind) for each in found.leaves if each.kind] == [
        ("$.metadata.uid", Kind.UID),
        ("$.metadata.resourceVersion", Kind.REVISION),
    ]


def test_what_was_walked_once_is_not_walked_again() -> None:
    traces = Traces()
    assert trace_of(traces, pod(FIRST, "7"), pod(SECOND, "9")) is trace_of(traces, None, None)


@pytest.mark.parametrize(
    ("baseline", "replayed"),
    [
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {}),
        ({}, {"a": 1}),
        ({"l": [{"name": "a"}, {"name": "b"}]}, {"l": [{"name": "b"}, {"name": "a"}]}),
    ],
)
def test_what_depends_on_names_is_no_trace_and_that_is_remembered(baseline: JSON, replayed: JSON) -> None:
    traces = Traces()
    assert trace_of(traces, baseline, replayed) is None
    assert trace_of(traces, {}, {}) is None


def owned(uid: str, owner: str, *others: str) -> JSONObject:
    """A pod whose managedFields name those who own it."""
    fields: JSONObject = {f'k:{{"uid":"{each}"}}': {} for each in (owner, *others)}
    managed: JSON = [{"manager": "m", "fieldsV1": {"f:metadata": {"f:ownerReferences": fields}}}]
    return {"metadata": {"name": "a", "uid": uid, "managedFields": managed}}


def test_a_field_named_by_its_owner_stands_for_the_only_other_one_if_the_renaming_says_so_too() -> None:
    found = trace_of(Traces(), owned(FIRST, OWNERS[0]), owned(SECOND, OWNERS[1]))
    assert found is not None
    assert found.fields == ((f'k:{{"uid":"{OWNERS[0]}"}}', f'k:{{"uid":"{OWNERS[1]}"}}'),)
    renaming = Renaming()
    assert not found.holds(renaming.text)
    renaming.learn_name(Kind.UID, *OWNERS)
    assert found.holds(renaming.text)


def test_what_a_field_becomes_is_not_guessed_of_several_owners() -> None:
    baseline, replayed = owned(FIRST, OWNERS[0], FIRST), owned(SECOND, OWNERS[1], SECOND)
    assert trace_of(Traces(), baseline, replayed) is None


def test_a_field_of_another_owner_is_a_difference_whatever_was_walked_before() -> None:
    renaming, findings, traces = Renaming(), Findings(strict=True), Traces()
    for pair in (FIRST, SECOND), OWNERS:
        renaming.learn_name(Kind.UID, *pair)
    pairs = [(owned(FIRST, OWNERS[0]), owned(SECOND, OWNERS[1])), (owned(FIRST, OWNERS[0]), owned(SECOND, FIRST))]
    for baseline, replayed in (*pairs, *pairs):
        Comparer(renaming, findings, Spot(None, "body"), traces).compare(baseline, replayed)
    assert [each.kind for each in findings.differences] == ["removed", "added"] * 2


def test_an_object_in_a_list_is_walked_once_wherever_it_stands() -> None:
    renaming, traces = Renaming(), Traces()
    first: JSON = {"kind": "PodList", "metadata": {"resourceVersion": "7"}, "items": [pod(FIRST, "7")]}
    second: JSON = {"kind": "PodList", "metadata": {"resourceVersion": "9"}, "items": [pod(SECOND, "9")]}
    for pair in ((pod(FIRST, "7"), pod(SECOND, "9")), (first, second)):
        learner = Learner(renaming, traces)
        learner.learn(*pair, Owner(resource="pods"))
        assert (FIRST, 7, 9) in learner.revisions
    assert renaming.image(Kind.UID, FIRST) == SECOND


def test_traces_are_forgotten_when_they_are_too_many() -> None:
    traces = Traces(most=2000)
    first = trace_of(traces, pod(FIRST, "7"), pod(SECOND, "9"), "first")
    for number in range(9):
        trace_of(traces, pod(FIRST, "7"), pod(SECOND, "9"), f"{number}")
    again = trace_of(traces, pod(FIRST, "7"), pod(SECOND, "9"), "first")
    assert again == first
    assert again is not first


def test_a_tracer_asks_nothing_of_a_renaming() -> None:
    with pytest.raises(AskedTheRenaming):
        Tracer.text("a")
