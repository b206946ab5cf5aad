"""What a page's fenced blocks say, and running them: for the tests that keep the docs true."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PLACES = ("*.md", "pytest-kproxy/*.md", "docs/**/*.md", "controlplane/*.md")
PAGES = sorted(page for place in PLACES for page in ROOT.glob(place))

RUNS = "runs"
"""What stands behind the language of a block that a test runs."""

_BLOCK = re.compile(r"^```(sh|console)([^\n]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks_in(page: Path) -> Iterator[tuple[str, str]]:
    """Each fenced block of commands: what stands behind its language, and its text."""
    for _, told, block in _BLOCK.findall(page.read_text()):
        yield told.strip(), block


def lines_in(page: Path) -> Iterator[str]:
    """Each command line of a page's fenced blocks, its continuations joined."""
    for _, block in blocks_in(page):
        yield from block.replace("\\\n", " ").splitlines()


def pages_that_run() -> list[Path]:
    """The pages with blocks that are marked to be run."""
    return [page for page in PAGES if any(mark == RUNS for mark, _ in blocks_in(page))]


def run_blocks(page: Path, folder: Path, programs: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a page's marked blocks in FOLDER, as one script, as somebody would type it: what fails ends it.

    `kproxy` is this environment's; kubectl is the one in `programs`, else PATH's.
    """
    places = [str(Path(sys.executable).parent), *([str(programs)] if programs else []), os.environ["PATH"]]
    shell = shutil.which("sh")
    assert shell is not None
    return subprocess.run(
        [shell, "-eux"],
        input="\n".join(block for mark, block in blocks_in(page) if mark == RUNS),
        cwd=folder,
        env={**os.environ, "PATH": os.pathsep.join(places), "XDG_STATE_HOME": str(folder / "state")},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
