"""kproxy.diff.reading and what the comparison remembers: a bounded part of both recordings at a time."""

from array import array
from functools import partial

import pytest

from kproxy.diff import reading
from kproxy.diff.documents import Documents
from kproxy.diff.findings import Findings
from kproxy.diff.pairing import Pairing
from kproxy.diff.sides import Comparison, Pair, read_side
from kproxy.model.exchange import Seq
from kproxy.model.verdict import Outcome
from kproxy.renaming.renaming import Renaming
from tests.diff.sessions import PODS, FakeServer, verdict_of
from tests.support.memory import MemoryRecording


def server(letter: str, *names: str) -> FakeServer:
    """One that answered a GET of each pod."""
    made = FakeServer(letter, 100, 7, etcd=False)
    for name in names:
        made.exchange("GET", f"{PODS}/{name}", 200, made.pod(1, name))
    return made


def read(first: FakeServer, second: FakeServer, *pairs: tuple[int, int]) -> tuple[list[tuple[int, int]], list[int]]:
    """The pairs that are read, in their order, 0 for what is not there; and the replay's that stand alone."""
    of = Comparison(read_side(first.made), read_side(second.made), Renaming(), Findings(strict=False))
    alone = array("q")
    items = reading.side_by_side(of, Pairing((Seq(a), Seq(b)) for a, b in pairs), alone)
    found = [(item.baseline.seq, item.replayed.seq) if isinstance(item, Pair) else (item.seq, 0) for item in items]
    return [(int(a), int(b)) for a, b in found], list(alone)


@pytest.mark.parametrize("held", [1, 2, 2048])
def test_pairs_come_in_the_baselines_order_whatever_the_replays(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_HELD", held)
    first, second = server("a", *"abcdef"), server("b", *"abcdef")
    pairs = [(1, 6), (2, 1), (3, 4), (4, 3), (6, 2)]
    assert read(first, second, *pairs) == ([(1, 6), (2, 1), (3, 4), (4, 3), (5, 0), (6, 2)], [5])


def test_what_is_promised_to_an_exchange_that_is_not_there_stands_alone() -> None:
    assert read(server("a", "a"), server("b", "a", "b"), (1, 1), (2, 2)) == ([(1, 1)], [2])
    assert read(server("a", "a", "b"), server("b", "a"), (1, 1), (2, 2)) == ([(1, 1), (2, 0)], [])


def test_differences_beyond_the_first_ones_are_counted_and_said() -> None:
    findings = Findings(strict=False, most=2)
    for number in range(5):
        findings.differ(Seq(number), "body", "$", "changed", 1, 2)
        findings.cannot_tell(f"exchange {number}")
    assert (findings.count, len(findings.differences), len(findings.reasons)) == (5, 2, 2)
    assert list(findings.notes()) == [
        "3 more differences were counted and are not listed",
        "3 more reasons are not listed",
    ]
    findings.withdraw(1)
    assert (findings.count, len(findings.differences)) == (1, 1)


def test_a_verdict_says_how_many_differences_it_does_not_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.diff.compare.Findings", partial(Findings, most=1))
    verdict = verdict_of(server("a", "a", "b"), server("b", "c", "d"))
    assert (verdict.outcome, len(verdict.differences)) == (Outcome.DIFFERENT, 1)
    assert any("more differences were counted" in note for note in verdict.notes)
    assert [each.seq for each in verdict.unlisted] == [1]


def test_documents_remember_the_bodies_used_last() -> None:
    recording = MemoryRecording()
    documents = Documents(recording)
    bodies = [recording.keep(b'{"a":"%d%s"}' % (number, b"x" * (1 << 20))) for number in range(4)]
    json_type = (("Content-Type", "application/json"),)
    first = [documents.body(json_type, body) for body in bodies]
    assert documents.body(json_type, bodies[3]) is first[3]
    assert documents.body(json_type, bodies[0]) is not first[0]
    assert documents.body(json_type, bodies[0]).value == first[0].value
