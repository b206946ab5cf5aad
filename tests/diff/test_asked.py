"""kproxy.diff.asked: watches that go on from a list which showed another moment than the recorded one."""

import pytest

from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, changed_twice, verdict_of
from tests.diff.test_streams import event

CHANGED = 5


def server(letter: str, base: int, hour: int) -> FakeServer:
    """A pod is made and changed, another one is made and changed, and the first one again; another watch tells all."""
    made = changed_twice(letter, base, hour)
    made.put(5, "/registry/pods/default/b", second(made), version=2)
    made.put(6, "/registry/pods/default/a", first(made), version=4)
    made.watch(
        f"{PODS}?watch=true&resourceVersion={base + 4}", event("MODIFIED", second(made)), event("MODIFIED", first(made))
    )
    return made


def second(made: FakeServer, number: int = CHANGED) -> JSONObject:
    """The other pod, changed."""
    return made.pod(5, "b", status={"number": number})


def first(made: FakeServer) -> JSONObject:
    """The pod, changed once more."""
    return made.pod(6, status={"number": 6})


def compared(recorded: tuple[int, str], replayed: tuple[int, str]) -> Verdict:
    """The verdict when two watches go on from revisions, and show the changes that are named."""
    servers = server("a", 100, 7), server("b", 5000, 15)
    for made, (revision, shown) in zip(servers, (recorded, replayed), strict=True):
        events = {
            "b": event("MODIFIED", second(made)),
            "a": event("MODIFIED", first(made)),
            "?": event("MODIFIED", second(made, 9)),
        }
        made.watch(f"{PODS}?watch=true&resourceVersion={made.base + revision}", *(events[each] for each in shown))
    return verdict_of(*servers)


@pytest.mark.parametrize("pair", [((5, "a"), (4, "ba")), ((4, "ba"), (5, "a"))])
def test_what_lies_between_the_two_moments_is_shown_by_one_of_them(
    pair: tuple[tuple[int, str], tuple[int, str]],
) -> None:
    verdict = compared(*pair)
    assert verdict.differences == ()
    assert [(each.rule, each.count) for each in verdict.noise] == [("overlapping-requests", 1)]


@pytest.mark.parametrize(
    "pair",
    [
        ((4, "ba"), (4, "a")),  # it lies behind both
        ((5, "a"), (4, "?a")),  # what never was
        ((5, "a"), (5, "ba")),  # what the replay's revision holds already
        ((4, "ba"), (5, "")),  # one more is missing
    ],
)
def test_all_else_is_compared(pair: tuple[tuple[int, str], tuple[int, str]]) -> None:
    assert compared(*pair).outcome is Outcome.DIFFERENT
