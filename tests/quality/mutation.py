"""Which small changes of a room's code its own tests notice, with mutmut, in a folder beside the tree."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.quality.coverage import PYTEST
from tests.quality.rooms import ROOT, Room

GOAL = 0.85
FAST = [*PYTEST, "-x", "--hypothesis-profile=mutants", "-p", "no:cacheprovider", "-p", "tests.quality.nearest"]
NEEDED = ("tests", "recordings", "docs", "kproxy", "README.md")
UNNOTICED = frozenset({0, 5, 33})
"""mutmut's codes of a mutant that all tests bear, and of one that no test is there for, or meets."""

CLOCK = frozenset({36, 24, -24, 152, 255, -9})
"""Codes of one that was ended: by mutmut's clock, by the processor time it may take, or for want of memory.

A busy machine ends others, too: one is noticed only if it is ended again when it is tried alone.
"""

CONFIGURATION = """
[tool.mutmut]
source_paths = ["kproxy"]
only_mutate = {modules}
also_copy = ["recordings", "docs", "README.md"]
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = {pytest}
# What a sentence of an error or a log says word by word is tested where a user meets it, and a type is mypy's.
do_not_mutate_patterns = ['raise \\w+', 'cast\\(', 'TypeVar\\(', 'NewType\\(']
# By the wall's clock, for what waits for ever: the processor's time is bounded in nearest.py.
timeout_multiplier = 200.0
timeout_constant = 5.0
track_dependencies = false
"""


@dataclass(frozen=True, slots=True)
class Mutated:
    """Of one room: mutants that there are, that were drawn, and what became of those, by name.

    `endless` are those of the killed that no test failed but the clock ended.
    """

    room: str
    there: int
    killed: tuple[str, ...]
    survived: tuple[str, ...]
    endless: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Killed ones of those drawn, 1 for none."""
        drawn = len(self.killed) + len(self.survived)
        return len(self.killed) / drawn if drawn else 1.0


def mutated(room: Room, folder: Path, drawn: int, seed: int, children: int = 2) -> Mutated:
    """Draw so many mutants of a room by a seed and run its tests against each; a RuntimeError if they fail without one.

    `children`: so many mutants are tried at once. The folder keeps what mutmut needs between two runs: what it made of
    a module, and how long each test takes.
    """
    work = folder / room.folder.rpartition("/")[2]
    changed = _laid_out(room, work)
    names = [name for name, _ in _results(work)]
    if changed or not names:
        _mutmut(work, children, "none")  # matches nothing, so that it only makes mutants and times the tests
        names = [name for name, _ in _results(work)]
    sample = draw(names, drawn, seed)
    _mutmut(work, children, *sample)
    if ended := [name for name, code in _of(work, sample).items() if code in CLOCK]:
        _mutmut(work, 1, *ended)
    return outcome(room.name, len(names), _of(work, sample))


def draw(names: list[str], count: int, seed: int) -> list[str]:
    """So many of the names, the same ones for the same names and seed; all of them if there are no more."""
    ordered = sorted(names)
    return ordered if count >= len(ordered) else sorted(random.Random(seed).sample(ordered, count))


def outcome(room: str, there: int, codes: dict[str, int | None]) -> Mutated:
    """What became of drawn mutants, of mutmut's exit codes; RuntimeError for one that was not run."""
    if unrun := [name for name, code in codes.items() if code is None]:
        raise RuntimeError(f"mutmut did not run {len(unrun)} mutants of {room}, {unrun[0]} among them")
    survived = sorted(name for name, code in codes.items() if code in UNNOTICED)
    killed = sorted(codes.keys() - set(survived))
    endless = [name for name in killed if codes[name] in CLOCK]
    return Mutated(room, there, tuple(killed), tuple(survived), tuple(endless))


def shown(room: Room, folder: Path, name: str) -> str:
    """One mutant as a diff."""
    work = folder / room.folder.rpartition("/")[2]
    tool = [str(Path(sys.executable).with_name("mutmut")), "show", name]
    return subprocess.run(tool, cwd=work, capture_output=True, text=True, check=True).stdout


def _laid_out(room: Room, work: Path) -> bool:
    """A folder that is for mutmut what the tree is: the tree's parts by links, and a configuration of its own.

    Whether a module changed since mutants were made of it there.
    """
    work.mkdir(parents=True, exist_ok=True)
    for name in NEEDED:
        if not (link := work / name).is_symlink():
            link.symlink_to(ROOT / name)
    configuration = CONFIGURATION.format(
        modules=json.dumps(list(room.modules())), tests=json.dumps(list(room.tests)), pytest=json.dumps(FAST)
    )
    changed = forget_times(work / "mutants" / "mutmut-stats.json", [ROOT / name for name in room.modules()])
    (work / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + configuration)
    return changed


def forget_times(stats: Path, modules: Iterable[Path]) -> bool:
    """Forget which test meets which function if a module is newer: one of a new name would count as met by none."""
    newer = stats.exists() and any(each.stat().st_mtime > stats.stat().st_mtime for each in modules)
    if newer:
        stats.unlink()
    return newer


def _mutmut(work: Path, children: int, *names: str) -> None:
    environment = {**os.environ, "CI": "true"}  # hypothesis draws the same examples each time
    tool = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(children), *names]
    with (work / "said").open("w") as said:
        ended = subprocess.run(tool, cwd=work, env=environment, stdout=said, stderr=said, check=False)
    if ended.returncode and names != ("none",):
        raise RuntimeError(f"mutmut failed in {work}:\n{(work / 'said').read_text()[-4000:]}")


def _of(work: Path, sample: list[str]) -> dict[str, int | None]:
    drawn = set(sample)
    return {name: code for name, code in _results(work) if name in drawn}


def _results(work: Path) -> Iterator[tuple[str, int | None]]:
    for path in sorted((work / "mutants").rglob("*.meta")):
        yield from json.loads(path.read_text())["exit_code_by_key"].items()


def forget(folder: Path) -> None:
    """Let go of what was kept between two runs."""
    shutil.rmtree(folder, ignore_errors=True)
