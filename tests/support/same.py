"""A replay that has to be the same: where it is not, the test says all that its report found."""

import json

from kproxy.model.jsontypes import JSONObject

_MOST = 20_000
"""Characters of a report in a test's output: the first causes are in them."""


def assert_same(report: JSONObject) -> None:
    """It is identical or equivalent, without a difference."""
    told = {name: report.get(name) for name in ("verdict", "findings", "differences", "reasons", "notes")}
    same = report.get("verdict") in {"identical", "equivalent"} and report.get("differences") == []
    assert same, json.dumps(told, indent=1, ensure_ascii=False)[:_MOST]
