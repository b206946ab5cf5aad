"""Which branches of a room its own tests take, measured by coverage.py."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.quality.rooms import ROOT, Room

GOAL = 0.95
UNIT = "not process and not long and not controlplane and not netns and not memory"
"""Which tests are unit tests: tests/conftest.py marks the others."""

PYTEST = ["-q", "-n0", "-m", UNIT, "-p", "no:randomly", "--timeout=600"]


@dataclass(frozen=True, slots=True)
class Covered:
    """Of one room: branches that there are and that were taken, and what was not, by module."""

    room: str
    branches: int
    taken: int
    missing: dict[str, list[str]]

    @property
    def share(self) -> float:
        """Taken branches, 1 where there are none."""
        return self.taken / self.branches if self.branches else 1.0


def covered(room: Room, folder: Path) -> Covered:
    """Run the room's unit tests under coverage.py, whose files go into the folder.

    RuntimeError: a test fails, or a module was written meanwhile (a rebase, an editor). Its report would count the
    lines that ran against those of another text, and call most of them missing.
    """
    before = _texts(room)
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / f"coverage.{room.folder.rpartition('/')[2]}"
    told = data.with_suffix(".json")
    tool = [sys.executable, "-m", "coverage"]
    source = f"--include={','.join(room.modules())}"
    run = [
        *tool,
        "run",
        "--branch",
        source,
        f"--data-file={data}",
        "-m",
        "pytest",
        *PYTEST,
        *room.tests,
    ]
    ended = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"the tests of {room.name} fail:\n{ended.stdout[-4000:]}{ended.stderr[-2000:]}")
    report = [*tool, "json", "-q", f"--data-file={data}", "-o", str(told)]
    subprocess.run(report, cwd=ROOT, check=True)
    refuse_changes(before, _texts(room))
    return read(room.name, json.loads(told.read_text()))


def _texts(room: Room) -> dict[str, bytes]:
    return {name: (ROOT / name).read_bytes() for name in room.modules()}


def refuse_changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """RuntimeError if the modules are not the ones of before."""
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if changed:
        raise RuntimeError(f"{changed[0]} was written while its tests ran: measure again")


def read(room: str, report: dict[str, object]) -> Covered:
    """Read coverage.py's JSON."""
    totals, files = report["totals"], report["files"]
    assert isinstance(totals, dict)
    assert isinstance(files, dict)
    missing = {
        name: [f"{start}->{end if end > 0 else 'exit'}" for start, end in file["missing_branches"]]
        for name, file in files.items()
        if file["missing_branches"]
    }
    return Covered(room, totals["num_branches"], totals["covered_branches"], missing)
