"""kproxy.diff.stored: values in etcd that are compared at once come to what comparing all of them comes to."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle
from random import Random

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.diff import compare
from kproxy.diff.etcd import EtcdComparison
from kproxy.diff.stored import Stored
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Outcome, Verdict
from kproxy.wire.contenterror import ContentError
from tests.diff.conftest import RealPair, in_memory
from tests.diff.edits import Edit, _change, _etcd_leaf
from tests.diff.sessions import PODS, FakeServer
from tests.diff.sessions import verdict_of as verdict_of_servers
from tests.support.large_pair import make_pair
from tests.support.memory import MemoryRecording

EDITS = [9, pytest.param(60, marks=pytest.mark.long)]
"""So many are tried."""


def edits_of(recording: MemoryRecording, seed: int, count: int) -> Iterator[Edit]:
    """Edits of what etcd holds, two of three within a value."""
    random = Random(seed)
    ways = cycle((_etcd_leaf, _etcd_leaf, _change))
    while count:
        with suppress(ContentError):  # an edit that protobuf cannot hold: another
            yield next(ways)(recording, random)
            count -= 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryRecording, MemoryRecording]:
    """A session with lists, watches and writes, and its replay, both with etcd."""
    recorded, replayed = make_pair(tmp_path_factory.mktemp("pair"), 150, etcd=True)
    return in_memory(recorded), in_memory(replayed)


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What values were compared as a whole."""
    found: list[str] = []
    whole = EtcdComparison._compare_documents

    def compared(self: EtcdComparison, root: str, *rest: object) -> None:
        found.append(root)
        whole(self, root, *rest)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(EtcdComparison, "_compare_documents", compared)
    return found


def verdict_of(recorded: MemoryRecording, replayed: MemoryRecording) -> Verdict:
    pairs = [(Seq(each.seq), Seq(each.seq)) for each in recorded.exchange_list]
    return compare.compare(recorded, correlate(recorded), replayed, correlate(replayed), pairs)


def as_a_whole(monkeypatch: pytest.MonkeyPatch, recorded: MemoryRecording, replayed: MemoryRecording) -> Verdict:
    with monkeypatch.context() as patched:
        patched.setattr(Stored, "_walk", lambda *_: None)
        return verdict_of(recorded, replayed)


def test_all_values_of_a_session_are_compared_at_once(
    made: tuple[MemoryRecording, MemoryRecording], walked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = verdict_of(*made)
    assert (found.outcome, found.etcd.compared > 10, walked) == (Outcome.IDENTICAL, True, [])
    assert found == as_a_whole(monkeypatch, *made)
    assert walked


@pytest.mark.parametrize("edits", EDITS)
def test_edits_in_etcd_are_found_as_by_comparing_everything(
    made: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch, edits: int
) -> None:
    recorded, replayed = made
    different = 0
    for edit in edits_of(replayed, 20261128, edits):
        found = verdict_of(recorded, edit.recording)
        assert found == as_a_whole(monkeypatch, recorded, edit.recording), edit
        different += found.outcome is Outcome.DIFFERENT
    assert different > edits // 2


@pytest.mark.parametrize("edits", EDITS)
def test_edits_in_a_real_etcd_are_found_as_by_comparing_everything(
    real_pair: RealPair, monkeypatch: pytest.MonkeyPatch, edits: int
) -> None:
    for edit in edits_of(real_pair.replayed, 20261129, edits // 3):
        found = verdict_of(real_pair.recorded, edit.recording)
        assert found == as_a_whole(monkeypatch, real_pair.recorded, edit.recording), edit


def servers(*texts: str) -> tuple[FakeServer, FakeServer]:
    """Two that stored a pod each, with a text."""
    made = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, text in zip(made, texts, strict=True):
        pod: JSONObject = {**server.pod(1), "note": text.format(uid=server.uid(1))}
        server.put(1, "/registry/pods/n/a", pod)
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1))
    return made


@pytest.mark.parametrize(("second", "outcome"), [("of {uid}", Outcome.IDENTICAL), ("of x{uid}", Outcome.DIFFERENT)])
def test_texts_are_held_against_each_other_when_all_was_learned(
    walked: list[str], second: str, outcome: Outcome
) -> None:
    assert verdict_of_servers(*servers("of {uid}", second)).outcome is outcome
    assert bool(walked) == (outcome is Outcome.DIFFERENT)


def test_a_value_that_agreed_with_what_was_outvoted_later_is_compared_as_a_whole(walked: list[str]) -> None:
    made = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in made:
        wrong = server.pod(1)
        if server is made[1] and isinstance(wrong["metadata"], dict):
            wrong["metadata"]["uid"] = server.uid(2)
        server.put(1, "/registry/pods/n/a", wrong)
        server.exchange("GET", f"{PODS}/a", 200, wrong)
        for _ in range(6):
            server.exchange("GET", f"{PODS}/a", 200, server.pod(1))
    verdict = verdict_of_servers(*made)
    assert {(each.where, each.kind) for each in verdict.differences} >= {("etcd", "renamed"), ("body", "renamed")}
    assert walked
