"""kproxy.report.shown: the rows that a finding shows of itself."""

from dataclasses import replace

from kproxy.report.rows import Fold, Row
from kproxy.report.shown import MAX_SHOWN, shown_rows, value_row
from tests.report.hostile import hostile


def test_without_documents_the_two_values_stand_beside_each_other() -> None:
    verdict, _ = hostile("x")
    (difference,) = verdict.differences
    assert value_row(difference) == Row(0, "$.x: x", '$.x: ["x"]', "changed")
    assert value_row(replace(difference, kind="removed")).right is None
    assert value_row(replace(difference, kind="added")).left is None


def test_with_documents_the_field_stands_in_its_context() -> None:
    verdict, evidence = hostile("x")
    (difference,) = verdict.differences
    (finding,) = verdict.findings
    found = shown_rows(replace(finding, differences=(replace(difference, path="$.x"),)), evidence)
    assert any(isinstance(row, Row) and row.mark in {"removed", "added", "changed"} for row in found)


def test_much_is_cut_and_counted() -> None:
    verdict, evidence = hostile("x")
    (beside,) = evidence.exchanges.values()
    (documents,) = beside.documents
    large = replace(documents, baseline=None, replayed={f"f{number}": 1 for number in range(100)})
    exchanges = {beside.seq: replace(beside, documents=(large,))}
    (finding,) = verdict.findings
    found = shown_rows(finding, replace(evidence, exchanges=exchanges))
    assert len(found) == MAX_SHOWN + 1
    assert found[-1] == Fold(100 - MAX_SHOWN)
