"""A verdict without the differences that decide nothing: they become reasons why it is inconclusive."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from kproxy.model.verdict import Difference, Finding, Outcome, Verdict


def without_doubted(verdict: Verdict, doubted: Callable[[Difference], str | None]) -> Verdict:
    """`doubted`: why a difference cannot be held against the target; None: it can.

    What is counted and not listed is asked about, too: it may be all that decides something.
    """
    why: Counter[str] = Counter()
    kept: list[Difference] = []
    for each in verdict.differences:
        reason = doubted(each)
        if reason is None:
            kept.append(each)
        else:
            why[reason] += 1
    if not why:
        return verdict
    reasons = (
        *verdict.reasons,
        *(f"{count} differences depend on what was not there: {each}" for each, count in why.items()),
    )
    decided = bool(kept) or any(doubted(each) is None for each in verdict.unlisted)
    outcome = verdict.outcome if decided or verdict.outcome is not Outcome.DIFFERENT else Outcome.INCONCLUSIVE
    findings = tuple(found for each in verdict.findings if (found := _without(each, frozenset(_kept_ids(kept)))))
    return replace(verdict, outcome=outcome, differences=tuple(kept), findings=findings, reasons=reasons)


def _kept_ids(kept: list[Difference]) -> list[int]:
    """By identity: values of differences are JSON, which has no hash."""
    return [id(each) for each in kept]


def _without(finding: Finding, kept: frozenset[int]) -> Finding | None:
    left = tuple(each for each in finding.differences if id(each) in kept)
    return replace(finding, differences=left) if left else None
