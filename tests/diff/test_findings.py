"""kproxy.diff.findings: what is everywhere hides nothing that is rare."""

from dataclasses import replace

from kproxy.diff.findings import MOST_ALIKE, Counting, Findings
from kproxy.diff.noise import RULES, Rule
from kproxy.diff.rulepath import rule_path
from kproxy.diff.rules import HidingRule, RuleBook
from kproxy.model.exchange import Seq
from kproxy.model.verdict import Tally


def test_of_what_is_everywhere_the_first_ones_are_listed_and_the_rare_one_after_them_too() -> None:
    findings = Findings(strict=False)
    for number in range(3 * MOST_ALIKE):
        findings.differ(Seq(number), "body", f"$.items[{number}].x", "removed", 1, None)
        findings.differ(Seq(number), "etcd", f"/registry/pods/default/p{number}[0].x", "removed", 1, None)
    findings.differ(Seq(1), "body", "$.y", "removed", 1, None)
    assert findings.count == 6 * MOST_ALIKE + 1
    assert len(findings.differences) == 2 * MOST_ALIKE + 1
    assert findings.differences[-1].path == "$.y"
    assert list(findings.notes()) == [f"{4 * MOST_ALIKE} more differences were counted and are not listed"]


def test_of_what_is_only_counted_each_exchange_and_key_is_known_without_its_values() -> None:
    findings = Findings(strict=False, most=2)
    for number in (1, 1, 1, 1, 2, 3):
        findings.differ(Seq(number), "body", "$.x", "changed", {"a": 1}, {"a": 2})
    for index in range(2):
        findings.differ(None, "etcd", f"/registry/pods/default/p[{index}].x", "changed", 1, 2)
    assert [(each.seq, each.key, each.baseline) for each in findings.unlisted()] == [(1, "", None), (2, "", None)]
    findings.withdraw(4)
    assert [each.seq for each in findings.unlisted()] == [1]
    findings.differ(None, "etcd", "/registry/pods/default/p[0].x", "changed", 1, 2)
    assert [each.key for each in findings.unlisted()] == ["", "/registry/pods/default/p"]


def test_what_is_withdrawn_was_none() -> None:
    findings = Findings(strict=False, most=2)
    for number in range(5):
        findings.differ(Seq(number), "body", f"$.f{number}", "removed", 1, None)
    findings.withdraw(4)
    assert (findings.count, len(findings.differences)) == (4, 2)


def test_what_was_withdrawn_crowds_out_nothing() -> None:
    findings = Findings(strict=False)
    for number in range(2 * MOST_ALIKE):
        findings.differ(Seq(number), "body", "$.x", "removed", 1, None)
        findings.withdraw(0)
    findings.differ(Seq(1), "body", "$.x", "removed", 1, None)
    assert len(findings.since(0)) == len(findings.differences) == 1


def test_some_of_what_is_found_may_be_withdrawn_and_the_rest_stays() -> None:
    findings = Findings(strict=False)
    for where in ("status", "header", "body"):
        findings.differ(Seq(1), where, "$.x", "removed", 1, None)
    findings.withdraw(1, lambda each: each.where == "body")
    assert [each.where for each in findings.differences] == ["status", "header"]
    assert [each.where for each in findings.since(1)] == ["header"]
    assert findings.count == 2


GIVEN = Rule(name="mine", ground="because", place="$.x", source="user", teachers=("s",))


def test_noise_is_told_rule_by_rule_the_built_in_ones_first_and_none_that_hid_nothing() -> None:
    findings = Findings(strict=False)
    for rule in (GIVEN, RULES[1], RULES[0], RULES[1]):
        assert findings.hide(rule)
    assert [(each.rule, each.ground, each.count, each.source, each.teachers) for each in findings.noise_counts()] == [
        (RULES[0].name, RULES[0].ground, 1, "built-in", ()),
        (RULES[1].name, RULES[1].ground, 2, "built-in", ()),
        ("mine", "because", 1, "user", ("s",)),
    ]


def test_where_all_is_strict_no_rule_hides_anything_and_that_is_said() -> None:
    book = RuleBook((HidingRule(path=rule_path("x-host"), reason="why", resource="/version"),))
    findings = Findings(strict=True, rules=book)
    assert not findings.hide(RULES[0])
    findings.differ(Seq(1), "header", "x-host", "changed", 1, 2)
    assert (findings.count, findings.noise_counts()) == (1, ())
    assert list(findings.notes()) == ["--strict: none of the 1 rules that were given was applied"]
    assert list(Findings(strict=True).notes()) == []


def test_a_reason_is_told_once_and_those_beyond_the_bound_are_counted() -> None:
    findings = Findings(strict=False, most=2)
    for reason in ("a", "b", "a", "c", "d", "b"):
        findings.cannot_tell(reason)
    assert list(findings.reasons) == ["a", "b"]
    assert list(findings.notes()) == ["2 more reasons are not listed"]


def test_differences_that_came_since_are_those_and_may_be_said_of_another_place() -> None:
    findings = Findings(strict=False)
    for number in range(4):
        findings.differ(Seq(number), "body", f"$.f{number}", "removed", 1, None)
    assert [each.seq for each in findings.since(2)] == [2, 3]
    findings.move(2, lambda each: replace(each, seq=Seq(9)))
    assert [each.seq for each in findings.differences] == [0, 1, 9, 9]


def test_each_unit_has_one_outcome() -> None:
    findings = Findings(strict=False)
    counting = Counting(findings)
    with counting:
        findings.differ(Seq(1), "body", "$.x", "removed", 1, None)
        findings.hide(RULES[0])
    with counting:
        findings.hide(RULES[0])
    with counting:
        pass
    with counting:
        findings.cannot_tell("why")
    counting.nothing()
    assert counting.tally() == Tally(compared=5, identical=3, equivalent=1, different=1)
