"""What a finding shows of itself: the rows that differ where it shows first, in their context."""

import json
from collections.abc import Sequence

from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference, Finding, where_they_part
from kproxy.report.evidence import Beside, Documents, Evidence
from kproxy.report.printing import printable
from kproxy.report.rows import Fold, Row, folded, rows

MAX_SHOWN = 24
"""Rows of one finding in a report for reading."""

_MAX_VALUE = 400


def shown_rows(finding: Finding, evidence: Evidence, most: int = MAX_SHOWN) -> list[Row | Fold]:
    """The rows around a finding's first difference; of a header or a status a row of its two values."""
    first = finding.first
    beside = evidence.exchanges.get(first.seq) if first.seq is not None else None
    documents = None if beside is None else _documents(beside, first)
    if documents is None or not _in_document(first):
        return [value_row(first)]
    own = [each.path for each in finding.differences if (each.seq, each.where) == (first.seq, first.where)]
    paths = [*documents.paths, *own]
    found = list(folded(rows(documents.baseline, documents.replayed, documents.root, paths, own)))
    return _cut(found, most) if found else [value_row(first)]


def value_row(difference: Difference) -> Row:
    """A difference without a document: its two values beside each other."""
    label = f"{printable(difference.path)}: "
    first, second = where_they_part(difference.baseline, difference.replayed, _MAX_VALUE)
    left = None if difference.kind == "added" else label + value_text(first)
    right = None if difference.kind == "removed" else label + value_text(second)
    return Row(0, left, right, "removed" if right is None else "added" if left is None else "changed")


def _in_document(difference: Difference) -> bool:
    return difference.where in {"body", "stream", "etcd"} or difference.path.startswith("$")


def _documents(beside: Beside, difference: Difference) -> Documents | None:
    """The pair of documents in which a difference is: of several the one whose name is the longest."""
    found = [
        each
        for each in beside.documents
        if each.where == difference.where and difference.path.startswith(each.root) and not each.note
    ]
    return max(found, key=lambda each: len(each.root), default=None)


def _cut(found: Sequence[Row | Fold], most: int) -> list[Row | Fold]:
    if len(found) <= most:
        return list(found)
    left = sum(each.count if isinstance(each, Fold) else 1 for each in found[most:])
    return [*found[:most], Fold(left)]


def value_text(value: JSON) -> str:
    """A value for reading: a text as it is, anything else as JSON; printable and bounded."""
    written = printable(value) if isinstance(value, str) else printable(json.dumps(value, ensure_ascii=False))
    return written if len(written) <= _MAX_VALUE else f"{written[:_MAX_VALUE]}…"
