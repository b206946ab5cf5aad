"""kproxy.report.json."""

import json
import re
from dataclasses import fields, replace
from pathlib import Path

from kproxy.model.exchange import Seq
from kproxy.model.verdict import Difference, Finding, NoiseCount, Outcome, Tally, Verdict
from kproxy.report.json import json_report

VERDICT = Verdict(
    outcome=Outcome.DIFFERENT,
    scope="HTTP only",
    exchanges=Tally(compared=2, identical=1, different=1),
    etcd=Tally(),
    differences=(
        Difference(seq=Seq(2), where="status", path="status", kind="changed", baseline=201, replayed=200),
        Difference(seq=None, where="extra", path="exchange 3", kind="added", baseline=None, replayed="\x1b[0m"),
    ),
    noise=(NoiseCount(rule="r", ground="g", count=1),),
    renamed=(("uid", 1),),
)


def test_the_keys_are_those_that_scripts_rely_on() -> None:
    report = json.loads(json_report(VERDICT))
    assert report["verdict"] == "different"
    assert report["exchanges"] == {"compared": 2, "identical": 1, "equivalent": 0, "different": 1}
    assert report["etcd"] == {"compared": 0, "identical": 0, "equivalent": 0, "different": 0}
    assert report["renamed"] == {"uid": 1}
    assert report["noise"] == [{"rule": "r", "ground": "g", "count": 1, "source": "built-in", "teachers": []}]
    assert report["differences"][0] == {
        "seq": 2,
        "where": "status",
        "path": "status",
        "kind": "changed",
        "baseline": 201,
        "replayed": 200,
    }


def test_findings_name_their_differences_by_their_places() -> None:
    first, second = VERDICT.differences
    finding = Finding(cause="because", differences=(second, first), chain=("because", "then"))
    report = json.loads(json_report(replace(VERDICT, findings=(finding,))))
    assert report["findings"] == [
        {
            "cause": "because",
            "seq": None,
            "where": "extra",
            "path": "exchange 3",
            "kind": "added",
            "count": 2,
            "chain": ["because", "then"],
            "differences": [1, 0],
        }
    ]


def test_only_ascii_is_written() -> None:
    assert json_report(VERDICT).isascii()
    assert "\x1b" not in json_report(VERDICT)


def test_the_docs_name_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| `diff` and `replay` with `--format json` |"))
    report = json.loads((Path(__file__).parent / "golden" / "report.json").read_text(encoding="utf-8"))
    keys = {*report, *report["exchanges"], *report["differences"][0], *report["findings"][0]}
    keys |= {field.name for field in fields(NoiseCount)}
    assert keys - set(re.findall(r"\w+", row)) == set()
