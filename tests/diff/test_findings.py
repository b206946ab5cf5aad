"""kproxy.diff.findings: what is everywhere hides nothing that is rare."""

from kproxy.diff.findings import MOST_ALIKE, Findings
from kproxy.model.exchange import Seq


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
