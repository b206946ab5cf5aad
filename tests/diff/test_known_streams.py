"""kproxy.diff.atonce: which streams are learned from when they are over, and which wait."""

import pytest

from kproxy.diff import atonce
from kproxy.diff.sides import Pair
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Outcome
from tests.diff.sessions import PODS, FakeServer, verdict_of

WATCH = f"{PODS}?watch=true&resourceVersion=5"


def learned_when_over(monkeypatch: pytest.MonkeyPatch, *shown: tuple[str, int, str]) -> list[bool]:
    """Of a watch that shows these, after answers told of a and b, whether it was learned from before what came then.

    Type, revision and name of each; a name beside a slash is the replay's object.
    """
    found: list[bool] = []
    learn_known_stream = atonce.AtOnce.learn_known_stream

    def watched(once: atonce.AtOnce, pair: Pair) -> object:
        learned = learn_known_stream(once, pair)
        found.append(learned is not None)
        return learned

    monkeypatch.setattr(atonce.AtOnce, "learn_known_stream", watched)
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for side, server in enumerate(servers):
        for revision, name in ((1, "a"), (2, "b"), (4, "a")):
            server.exchange("GET", f"{PODS}/{name}", answer=server.pod(revision, name))
        server.watch(
            WATCH, *[event(server, kind, at, name.split("/")[side * ("/" in name)]) for kind, at, name in shown]
        )
        server.exchange("GET", f"{PODS}/a", answer=server.pod(4))
    verdict = verdict_of(*servers)
    assert (verdict.outcome is Outcome.IDENTICAL) == all("/" not in name for _, _, name in shown)
    return found


def event(server: FakeServer, kind: str, revision: int, name: str) -> JSONObject:
    if kind == "BOOKMARK":
        return {"type": kind, "object": {"kind": "Pod", "metadata": {"resourceVersion": str(server.base + revision)}}}
    return {"type": kind, "object": server.pod(revision, name)}


TOLD = ("ADDED", 1, "a"), ("ADDED", 2, "b"), ("MODIFIED", 4, "a")


def test_a_stream_that_shows_what_answers_told_need_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    assert learned_when_over(monkeypatch, *TOLD) == [True]
    assert learned_when_over(monkeypatch) == [True]


def test_an_objects_end_and_a_bookmark_are_told_by_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert learned_when_over(monkeypatch, *TOLD, ("DELETED", 6, "b"), ("BOOKMARK", 7, "")) == [True]


@pytest.mark.parametrize("more", [("MODIFIED", 3, "a"), ("ADDED", 5, "c"), ("DELETED", 5, "c")])
def test_one_with_a_version_or_an_object_that_was_not_told_waits(
    monkeypatch: pytest.MonkeyPatch, more: tuple[str, int, str]
) -> None:
    assert learned_when_over(monkeypatch, *TOLD[:2], more) == [False]


@pytest.mark.parametrize("more", [("ADDED", 1, "a/b"), ("DELETED", 6, "a/b"), ("MODIFIED", 4, "a/c")])
def test_one_that_shows_other_objects_waits(monkeypatch: pytest.MonkeyPatch, more: tuple[str, int, str]) -> None:
    assert learned_when_over(monkeypatch, more) == [False]
