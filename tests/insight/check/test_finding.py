"""kproxy.insight.check.finding."""

import pytest

from kproxy.insight.check import finding
from kproxy.insight.check.finding import Finding, Tallies
from kproxy.insight.clients import Client
from kproxy.model.exchange import Seq


def test_a_tally_knows_how_many_and_the_first_and_the_most_come_first() -> None:
    tallies: Tallies[str] = Tallies()
    tallies.add("a", Seq(1))
    tallies.add("b", Seq(2))
    tallies.add("b", Seq(3), 4)
    assert [(key, tally.first, tally.count) for key, tally in tallies.items()] == [("b", 2, 5), ("a", 1, 1)]
    assert (tallies.count("b"), tallies.count("c")) == (5, 0)


def test_tallies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MAX_GROUPS", 2)
    tallies: Tallies[int] = Tallies()
    for number in range(5):
        tallies.add(number, Seq(1))
        tallies.add(0, Seq(1))
    assert [key for key, _ in tallies.items()] == [0, 1]


def test_a_finding_is_json() -> None:
    one = Finding(rule="r", client=Client(user="ada", agent="x/1"), count=3, says="much", first=Seq(7))
    assert one.as_json() == {
        "rule": "r", "user": "ada", "user_agent": "x/1", "count": 3, "says": "much", "first": 7,
    }  # fmt: skip
