"""kproxy.diff.noise: the closed list."""

from kproxy.diff.findings import Counting, Findings
from kproxy.diff.noise import BOOKMARKS, FRAMING, RULES


def test_each_rule_has_a_name_of_its_own_a_ground_and_a_place() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.ground and rule.place for rule in RULES)


def test_what_a_rule_hides_is_counted_and_strict_hides_nothing() -> None:
    findings = Findings(strict=False)
    assert findings.hide(FRAMING)
    assert findings.hide(FRAMING)
    assert [(each.rule, each.count) for each in findings.noise_counts()] == [("answer-framing", 2)]
    assert not Findings(strict=True).hide(FRAMING)


def test_a_unit_is_different_before_it_is_equivalent() -> None:
    findings = Findings(strict=False)
    counting = Counting(findings)
    with counting:
        findings.hide(BOOKMARKS)
        findings.differ(None, "body", "$", "changed", 1, 2)
    with counting:
        findings.hide(BOOKMARKS)
    with counting:
        pass
    tally = counting.tally()
    assert (tally.compared, tally.different, tally.equivalent, tally.identical) == (3, 1, 1, 1)
