import json
import re

from tests.bench.report import FIGURES, PAGE, as_text, page, renewed
from tests.bench.test_goals import report, run, scene


def test_the_page_is_what_the_committed_figures_make() -> None:
    figures = FIGURES.read_text()
    assert PAGE.read_text() == page(json.loads(figures)), "python -m tests.bench.report"
    assert figures == as_text(json.loads(figures))


def test_a_table_has_a_line_for_each_contender_with_the_medians_of_its_rounds() -> None:
    made = page(report())
    assert "| kproxy record | 6,000 | 1.00 | 2.00 | 100 | 90 |" in made
    assert re.search(r"^\| direct \| 9,000 \| 0\.50 \| 1\.00 \|  \|  \|$", made, re.MULTILINE)


def test_a_goal_that_is_missed_is_shown_as_such() -> None:
    made = page(report())
    assert "| recording, plain, c=16: times `mitmdump -q -w` | 12.00 | ≥ 12 | met |" in made
    assert "part of `mitmdump -q -w`'s | 0.20 | ≤ 0.1 | **missed** |" in made


def test_a_run_of_some_scenes_renews_those_and_leaves_the_others() -> None:
    before, later = report(), report()
    again: dict[str, object] = {**scene(16, {"direct": [run(1, 2, 3)]}), "taken": {"date": "later", "load": 0}}
    later["scenes"] = [again]
    del later["saturation"]
    made = renewed(before, later)
    old, new = before["scenes"], made["scenes"]
    assert isinstance(old, list)
    assert new == [again, *old[1:]]
    assert made["saturation"] == before["saturation"]
    assert "Taken on later, one round; load of the machine: 0." in page(made)
