"""Differences that decide nothing."""

from dataclasses import replace

from kproxy.diff.doubted import without_doubted
from kproxy.model.exchange import Seq
from kproxy.model.verdict import Difference, Finding, Outcome, Tally, Verdict


def difference(seq: int) -> Difference:
    """One of an exchange."""
    return Difference(seq=Seq(seq), where="body", path="$.a", kind="changed", baseline={"x": 1}, replayed={"x": 2})


def verdict(*differences: Difference) -> Verdict:
    """Different, each a finding of its own and all one together."""
    findings = (
        *(Finding(cause="one", differences=(each,)) for each in differences),
        Finding(cause="all", differences=differences),
    )
    return Verdict(
        outcome=Outcome.DIFFERENT,
        scope="HTTP only",
        exchanges=Tally(),
        etcd=Tally(),
        differences=differences,
        findings=findings,
    )


def test_where_all_are_in_doubt_it_is_inconclusive_and_says_why() -> None:
    found = without_doubted(verdict(difference(1), difference(2)), lambda _: "a webhook was not there")
    assert (found.outcome, found.differences, found.findings) == (Outcome.INCONCLUSIVE, (), ())
    assert found.reasons == ("2 differences depend on what was not there: a webhook was not there",)


def test_where_one_is_not_it_is_different_by_that_one() -> None:
    first, second = difference(1), difference(2)
    found = without_doubted(verdict(first, second), lambda each: "why" if each.seq == 1 else None)
    assert (found.outcome, found.differences) == (Outcome.DIFFERENT, (second,))
    assert [(each.cause, each.differences) for each in found.findings] == [("one", (second,)), ("all", (second,))]


def test_one_that_is_not_listed_and_not_in_doubt_decides() -> None:
    made = replace(verdict(difference(1)), unlisted=(difference(1), difference(2)))
    found = without_doubted(made, lambda each: "why" if each.seq == 1 else None)
    assert (found.outcome, found.differences) == (Outcome.DIFFERENT, ())
    assert without_doubted(made, lambda _: "why").outcome is Outcome.INCONCLUSIVE


def test_without_doubt_nothing_changes() -> None:
    made = verdict(difference(1))
    assert without_doubted(made, lambda _: None) is made
