"""The page that a run makes."""

from dataclasses import replace
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.drawn import Drawn, Score
from tests.mutants.hand import Caught
from tests.mutants.mutant import Way
from tests.mutants.report import keep, publish, section

CAUGHT = [Caught(name=name, caught=True, said="different", first="GET /x: body $.a changed") for name in MUTANTS]
DRAWN = Drawn(golden="g", number=1, edit="e", where="body", caught=True)
SCORE = Score((DRAWN, replace(DRAWN, number=2, caught=False, why="nothing contradicts it")))


def test_there_are_sixty_behaviours_by_hand_and_more_and_all_ways_to_make_them() -> None:
    assert len(MUTANTS) >= 60
    assert {mutant.way for mutant in MUTANTS.values()} == set(Way)
    assert {mutant.golden for mutant in MUTANTS.values()} == {"dense", "people", "hello-demo", "hello-kubectl"}


def test_each_mutant_is_made_in_exactly_one_way() -> None:
    for mutant in MUTANTS.values():
        made = [mutant.lie is not None, mutant.store is not None, bool(mutant.flags)]
        assert sum(made) == 1, mutant.name


def test_a_survivor_is_listed_with_its_reason() -> None:
    said = section([replace(CAUGHT[0], caught=False, why="its first finding stands elsewhere"), *CAUGHT[1:]], SCORE, 7)
    assert "**survived**: its first finding stands elsewhere" in said
    assert "| g, 2 | `e` | nothing contradicts it |" in said
    assert f"| all | | {len(CAUGHT)} | {len(CAUGHT) - 1} |" in said


def test_the_page_keeps_what_others_wrote_there(tmp_path: Path) -> None:
    page = tmp_path / "verification.md"
    page.write_text("# Title\n\nothers\n")
    for _ in range(2):
        publish(CAUGHT, SCORE, 7, page)
    text = page.read_text()
    assert text.startswith("# Title\n\nothers\n")
    assert text.count("## Nothing missed") == 1


def test_results_are_kept(tmp_path: Path) -> None:
    keep("hand", CAUGHT, tmp_path / "new")
    assert (tmp_path / "new" / "hand.json").stat().st_size > 1000
