"""tests.verification: what a run says, and the table of many."""

import json

import pytest

from tests.verification.runs import Run, Way, read
from tests.verification.table import BEGIN, END, published, table


def test_a_run_is_what_its_report_says() -> None:
    report = {
        "verdict": "different",
        "exchanges": {"compared": 7},
        "noise": [{"rule": "watch-tail", "ground": "", "count": 2}],
        "reasons": [],
        "differences": [
            {"seq": 3, "where": "status", "path": "status", "kind": "changed", "baseline": 1, "replayed": 2}
        ],
    }
    run = read("x", Way(), 1.5, json.dumps(report), "")
    assert (run.verdict, run.exchanges, run.noise, run.good) == ("different", 7, (("watch-tail", 2),), False)
    assert run.said == ("seq=3 where=status path=status kind=changed baseline=1 replayed=2",)


def test_a_replay_without_a_report_is_none_that_went_well() -> None:
    run = read("x", Way(), 1.5, "", "kproxy: there is no such file\n")
    assert not run.good
    assert run.said == ("kproxy: there is no such file",)


def test_the_table_has_a_row_for_each_recording_and_way_and_counts_what_happened() -> None:
    runs = [
        Run(subject="a", way=Way(), verdict="identical", seconds=2, exchanges=1200),
        Run(subject="a", way=Way(), verdict="equivalent", seconds=4, exchanges=1200, noise=(("watch-tail", 3),)),
        Run(subject="a", way=Way(concurrency=16), verdict="", seconds=1),
    ]
    rows = [line for line in table(runs, "here").splitlines() if line.startswith("| a")]
    assert rows == [
        "| a | 1,200 | fast | 1 | 2 | 1 x equivalent, 1 x identical | `watch-tail` 3 | 3 / 4 |",
        "| a | 0 | fast | 16 | 1 | 1 x none | none | 1 / 1 |",
    ]


def test_the_table_goes_between_its_markers_and_nowhere_else() -> None:
    assert published(f"x\n{BEGIN}\nold\n{END}\ny", "new") == f"x\n{BEGIN}\n\nnew\n\n{END}\ny"
    with pytest.raises(ValueError, match="no place"):
        published("x", "new")
