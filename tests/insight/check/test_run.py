"""kproxy.insight.check.run."""

import json
from pathlib import Path

from kproxy.insight.check.finding import Thresholds
from kproxy.insight.check.run import RULES, check
from kproxy.model.exchange import Nanos
from kproxy.model.session import Gap
from tests.support.told import Told, reading, writing

KEY = "/registry/pods/default/web"


def test_all_rules_see_all_exchanges() -> None:
    told = Told()
    told.ask("GET", "/api/v1/secrets", size=5 * 1024 * 1024, answer_headers=(("Warning", '299 - "x is deprecated"'),))
    checked = check(told.recording, told.ledger, Thresholds())
    assert [finding.rule for finding in checked.findings] == ["unpaginated-list", "deprecated", "all-secrets"]
    assert checked.exchanges == 1


def test_only_the_rules_that_are_asked_for_speak() -> None:
    told = Told()
    told.ask("GET", "/api/v1/secrets", size=5 * 1024 * 1024)
    checked = check(told.recording, told.ledger, Thresholds(), frozenset({"all-secrets"}))
    assert [finding.rule for finding in checked.findings] == ["all-secrets"]


def test_calls_to_etcd_tell_who_wrote_nothing() -> None:
    told = Told()
    for number in range(3):
        seq = told.ask("PUT", "/api/v1/namespaces/default/pods/web", at=float(number))
        told.call(seq, reading(KEY, at=number + 0.001))
    told.call(told.ask("PUT", "/api/v1/namespaces/default/pods/web", at=4.0), writing(KEY, at=4.0))
    told.call(None, writing(KEY, at=5.0))
    (only,) = check(told.recording, told.ledger, Thresholds(no_ops=3)).findings
    assert only.says == "3 of 4 requests (update pods) wrote nothing"


def test_the_document_is_json_with_the_thresholds_and_what_is_missing() -> None:
    told = Told()
    told.recording.gap_list.append(Gap(kind="exchanges", reason="", at=Nanos(0), count=1))
    document = json.loads(json.dumps(check(told.recording, told.ledger, Thresholds(hot_loop=7)).as_json()))
    assert document["thresholds"]["hot_loop"] == 7
    assert (document["findings"], document["gaps"]) == ([], 1)


def test_every_rule_is_in_the_docs_as_the_code_has_it() -> None:
    page = (Path(__file__).parents[3] / "docs" / "insight.md").read_text()
    for name, explains in RULES.items():
        assert f"| `{name}` | {explains}" in page
