"""kproxy.diff.earlier: a replay's watch that began with earlier states of an object."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, SECOND, FakeServer, changed_twice, verdict_of
from tests.diff.test_streams import event

TARGET = f"{PODS}?watch=true&fieldSelector=metadata.name%3Da"
MARKED = 5


def marked(made: FakeServer) -> JSONObject:
    """The pod amid its deletion."""
    pod = made.pod(MARKED, status={"number": 3})
    metadata = pod["metadata"]
    assert isinstance(metadata, dict)
    metadata |= {"deletionTimestamp": made.time(7), "deletionGracePeriodSeconds": 0}
    return pod


def server(letter: str, base: int, hour: int) -> FakeServer:
    """A pod is made, changed twice and deleted by two changes, which another watch saw."""
    made = changed_twice(letter, base, hour)
    made.put(MARKED, "/registry/pods/default/a", marked(made), version=4)
    made.delete(6, "/registry/pods/default/a")
    gone = {**marked(made), "metadata": {**_metadata(marked(made)), "resourceVersion": str(base + 6)}}
    made.watch(f"{PODS}?watch=true&resourceVersion=4", event("MODIFIED", marked(made)), event("DELETED", gone))
    return made


def _metadata(pod: JSONObject) -> dict[str, JSON]:
    metadata = pod["metadata"]
    assert isinstance(metadata, dict)
    return metadata


def compared(*shown: str, target: str = TARGET, asked: float = 3.5) -> Verdict:
    """The verdict when the recorded watch opens amid a deletion, and the replay's, `asked` for then, shows these."""
    first, second = server("a", 100, 7), server("b", 5000, 15)
    for made, names in ((first, ("amid", "end")), (second, shown)):
        end = {**marked(made), "metadata": {**_metadata(marked(made)), "resourceVersion": str(made.base + 6)}}
        events = {
            "old": event("ADDED", made.pod(2, status={"number": 2})),
            "before": event("ADDED", made.pod(3, status={"number": 3})),
            "false": event("ADDED", made.pod(3, status={"number": 4})),
            "amid": event("ADDED", marked(made)),
            "then": event("MODIFIED", marked(made)),
            "end": event("DELETED", end),
        }
        seq = made.watch(target, *(events[name] for name in names))
    second.edit(seq, lambda each: replace(each, started=Nanos(int(asked * SECOND))))
    second.edit(Seq(seq - 1), lambda each: replace(each, ended=Nanos(20 * SECOND)))
    return verdict_of(first, second)


def test_a_watch_that_opened_before_what_the_recorded_one_opened_amid_is_right() -> None:
    assert compared("amid", "end").outcome is Outcome.IDENTICAL
    verdict = compared("before", "then", "end")
    assert verdict.differences == ()
    assert [(each.rule, each.count) for each in verdict.noise] == [("watch-initial-state", 1)]


@pytest.mark.parametrize(
    "verdict",
    [
        compared("false", "then", "end"),  # what it never was
        compared("old", "then", "end"),  # a state is left out
        compared("before", "before", "then", "end"),  # one comes twice
        compared("before", "then", "end", target=f"{TARGET}&resourceVersion=103"),  # from a certain revision
    ],
)
def test_nothing_else_is_hidden_by_that(verdict: Verdict) -> None:
    assert verdict.outcome is Outcome.DIFFERENT


def test_a_state_that_was_over_when_the_watch_was_asked_for_is_too_old() -> None:
    first, second = server("a", 100, 7), server("b", 5000, 15)
    for made in (first, second):
        made.exchange("DELETE", f"{PODS}/a", 200, marked(made))
    for made in (first, second):
        end = {**marked(made), "metadata": {**_metadata(marked(made)), "resourceVersion": str(made.base + 6)}}
        begun = [event("ADDED", marked(made))]
        if made is second:
            begun = [event("ADDED", made.pod(3, status={"number": 3})), event("MODIFIED", marked(made))]
        made.watch(TARGET, *begun, event("DELETED", end))
    assert verdict_of(first, second).outcome is Outcome.DIFFERENT
