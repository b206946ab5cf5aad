import os
from pathlib import Path

import pytest

from tests.quality.mutation import Mutated, draw, forget_times, outcome

NAMES = [f"m{number}" for number in range(20)]


def test_a_seed_draws_the_same_again_whatever_the_order() -> None:
    assert draw(NAMES, 5, 1) == draw(NAMES[::-1], 5, 1)
    assert draw(NAMES, 5, 1) != draw(NAMES, 5, 2)
    assert len(draw(NAMES, 5, 1)) == 5
    assert draw(NAMES, 21, 1) == sorted(NAMES)


def test_one_that_no_test_meets_has_survived_and_one_that_never_ends_is_killed() -> None:
    found = outcome("wire", 9, {"failed": 1, "passed": 0, "unmet": 33, "endless": -24})
    assert found == Mutated("wire", 9, ("endless", "failed"), ("passed", "unmet"), ("endless",))
    assert found.share == 0.5


def test_one_that_was_not_run_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not run 1 mutants of wire, unrun among them"):
        outcome("wire", 9, {"failed": 1, "unrun": None})


def test_which_test_meets_which_function_is_forgotten_when_a_module_is_newer(tmp_path: Path) -> None:
    stats, module = tmp_path / "stats.json", tmp_path / "module.py"
    module.touch()
    forget_times(stats, [module])
    stats.touch()
    for when, kept in ((-10, True), (10, False)):
        os.utime(module, (stats.stat().st_atime, stats.stat().st_mtime + when))
        assert forget_times(stats, [module]) is not kept
        assert stats.exists() is kept
